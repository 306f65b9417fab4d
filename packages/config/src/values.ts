import { isIP } from "node:net";
import { z } from "zod";

/** A whole number in a range, both ends included. */
export const wholeNumber = (min: number, max: number) => z.int().min(min).max(max);

export const nonEmpty = z.string().trim().min(1).max(4096);

/** What stands in the place of a secret when a configuration is shown. */
export const redactedSentinel = "__SALTGATE_REDACTED__";

/** Other programs' word for the same, understood when a shown configuration comes back. */
const acceptedSentinels: ReadonlySet<unknown> = new Set([redactedSentinel, "__OPENCLAW_REDACTED__"]);

export function isRedacted(value: unknown): boolean {
  return acceptedSentinels.has(value);
}

/** A secret. The placeholder of a shown configuration isn't one: taken for a secret, everybody would know it. */
export const secret = nonEmpty.refine((text) => !isRedacted(text));

/** An IPv4 or IPv6 address without brackets, port or zone. */
export const ipAddress = z.string().refine((text) => isIP(text) !== 0);

/** An address, or a network in CIDR notation. */
export const ipOrNetwork = z.string().refine((text) => {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
});

/** An exact web origin such as `https://panel.example`, or `*`. A path or a final slash would never match one. */
export const originOrAny = z.string().refine((text) => {
  if (text === "*") return true;
  if (!URL.canParse(text)) return false;
  const { origin, protocol } = new URL(text);
  return origin === text && (protocol === "https:" || protocol === "http:");
});

/** Why a text is no address of a gateway, in words that complete "must be ..."; `undefined` when it is one. */
export function gatewayUrlMistake(text: string): string | undefined {
  if (!URL.canParse(text)) return "a URL such as wss://host:18789";
  const url = new URL(text);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return "a URL that begins with ws:// or wss://";
  if (url.username !== "" || url.password !== "") return "a URL without a user name or password: URLs end up in logs";
  if (url.search !== "" || url.hash !== "") return "a URL without ? and #: a token has its own key";
  return undefined;
}

export const gatewayUrl = z.string().refine((text) => gatewayUrlMistake(text) === undefined);

/** An address of an HTTP API. A user name, a query or a fragment would end up in messages and logs. */
export const httpAddress = z
  .string()
  .max(2_048)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, username, password, search, hash } = new URL(text);
    return (protocol === "http:" || protocol === "https:") && `${username}${password}${search}${hash}` === "";
  });

/** A regular expression that compiles. */
export const pattern = z
  .string()
  .min(1)
  .max(1_000)
  .refine((text) => {
    try {
      new RegExp(text, "g");
      return true;
    } catch {
      return false;
    }
  });
