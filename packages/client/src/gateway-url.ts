import type { ClientErrorCode } from "./errors.ts";

/** How far a host name or address is, as far as its spelling tells. */
export type HostReach = "loopback" | "private" | "public";

/** Where a gateway is, checked. */
export interface GatewayAddress {
  /** What the WebSocket is opened with: `ws:` or `wss:`, nothing secret in it. */
  readonly url: string;
  /** `ws://host:port`, with the port spelled out: what a device token belongs to (rule R-01). */
  readonly origin: string;
  readonly isTls: boolean;
  readonly reach: HostReach;
  /** The pinned certificate's SHA-256 as 64 lower-case hex digits. */
  readonly tlsFingerprint: string | undefined;
}

/** Why an address can't be used. */
export interface BadAddress {
  readonly code: ClientErrorCode;
  readonly message: string;
}

/** What was asked for. */
export interface AddressQuestion {
  readonly url: string;
  readonly tlsFingerprint?: string | undefined;
  /** Plain text to public addresses too: the break-glass of rule R-09. */
  readonly allowInsecure?: boolean | undefined;
}

const PORTS: Readonly<Record<string, string>> = { "ws:": "80", "wss:": "443" };
const SCHEMES: Readonly<Record<string, string>> = { "ws:": "ws:", "wss:": "wss:", "http:": "ws:", "https:": "wss:" };

/**
 * Decides whether to connect to an address at all. Pure, and before any byte is sent: plain text goes to this machine
 * and to private networks only (rule R-09), and an address carries no secrets.
 */
export function checkGatewayUrl(
  question: AddressQuestion,
): { readonly ok: true; readonly address: GatewayAddress } | { readonly ok: false; readonly problem: BadAddress } {
  const refuse = (code: ClientErrorCode, message: string): { ok: false; problem: BadAddress } => ({
    ok: false,
    problem: { code, message },
  });
  if (!URL.canParse(question.url))
    return refuse("INVALID_URL", "the gateway's address is not a URL, like ws://127.0.0.1:18789");
  const parsed = new URL(question.url);
  const scheme = SCHEMES[parsed.protocol];
  if (scheme === undefined)
    return refuse("INVALID_URL", `a gateway is reached by ws:// or wss://, not by ${parsed.protocol}//`);
  if (parsed.username !== "" || parsed.password !== "")
    return refuse(
      "INVALID_URL",
      "the gateway's address carries a user or a password; pass the token or password as an option",
    );
  // Also an empty query or fragment: whoever wrote one meant something that would get lost.
  if (/[?#]/.test(question.url))
    return refuse(
      "INVALID_URL",
      "the gateway's address carries a query or a fragment; pass the token or password as an option",
    );
  const isTls = scheme === "wss:";
  const reach = reachOf(parsed.hostname);
  let tlsFingerprint: string | undefined;
  if (question.tlsFingerprint !== undefined) {
    tlsFingerprint = normalizeFingerprint(question.tlsFingerprint);
    if (tlsFingerprint === undefined)
      return refuse("INVALID_OPTION", "tlsFingerprint is no SHA-256 fingerprint: it has 64 hex digits, colons or not");
    if (!isTls)
      return refuse("TLS_PIN_NEEDS_WSS", "a pinned certificate needs a wss:// address, and this one has no TLS");
  }
  if (!isTls && reach === "public" && question.allowInsecure !== true)
    return refuse(
      "INSECURE_URL",
      `${parsed.host} is a public address, and ${parsed.protocol}// would send the credentials in plain text; use wss://, or a tunnel to a local port`,
    );
  const port = parsed.port === "" ? (PORTS[scheme] ?? "") : parsed.port;
  const origin = `${scheme}//${parsed.hostname}:${port}`;
  return { ok: true, address: { url: `${origin}${parsed.pathname}`, origin, isTls, reach, tlsFingerprint } };
}

/** A certificate fingerprint as 64 lower-case hex digits, from any of its usual spellings; `undefined` for anything else. */
export function normalizeFingerprint(text: string): string | undefined {
  const digits = text
    .trim()
    .replace(/^sha-?256:?/i, "")
    .replace(/[:\s]/g, "")
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
}

/**
 * How far a host is, from its spelling alone: nothing is looked up, because an answer could change before the
 * connection is made. `hostname` as the URL parser writes it: lower case, odd IPv4 spellings made plain.
 */
function reachOf(hostname: string): HostReach {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[")) return reachOfWords(wordsOf(host.slice(1, -1)));
  const bytes = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  if (bytes !== null) return reachOfIpv4(bytes.slice(1).map(Number));
  if (host === "localhost" || host.endsWith(".localhost")) return "loopback";
  return host.endsWith(".local") || host.endsWith(".ts.net") ? "private" : "public";
}

function reachOfIpv4(bytes: readonly number[]): HostReach {
  const [a = 0, b = 0] = bytes;
  if (a === 127) return "loopback";
  const isPrivate =
    a === 10 || // RFC 1918
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) || // link-local
    (a === 100 && b >= 64 && b <= 127); // RFC 6598, the range of tailnets
  return isPrivate ? "private" : "public";
}

function reachOfWords(words: readonly number[]): HostReach {
  const [first = 0] = words;
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  if (isMapped) return reachOfIpv4(words.slice(6).flatMap((word) => [word >> 8, word & 0xff]));
  if (words.slice(0, 7).every((word) => word === 0) && words[7] === 1) return "loopback";
  const isLinkLocal = (first & 0xffc0) === 0xfe80;
  const isUniqueLocal = (first & 0xfe00) === 0xfc00; // RFC 4193: what RFC 1918 is for IPv4
  return isLinkLocal || isUniqueLocal ? "private" : "public";
}

function wordsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const words = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  if (tail === undefined) return words(head);
  const [front, back] = [words(head), words(tail)];
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}
