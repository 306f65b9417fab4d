import type { Attribution } from "../address/attribution.ts";
import { isLoopbackIp, normalizeIp } from "../address/ip.ts";

/** Asks Tailscale who has an address. Passed in; the service runs `tailscale whois`. */
export type TailscaleWhois = (address: string) => Promise<{ readonly login: string } | undefined>;

/** What the Tailscale headers of a request came to. */
export type TailscaleVerdict =
  | { readonly ok: true; readonly login: string }
  | {
      readonly ok: false;
      readonly reason: "identity_missing" | "proxy_missing" | "whois_failed" | "identity_mismatch";
    };

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

function only(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/**
 * Checks the identity that `tailscale serve` puts into a request: its proxy on loopback must have set every
 * forwarding header, and Tailscale itself must name the same person for the forwarded address. Any failure of the
 * question is a refusal. Only for connections, never for HTTP routes (rule R-24).
 */
export async function checkTailscale(
  headers: Headers,
  attribution: Attribution,
  whois: TailscaleWhois,
): Promise<TailscaleVerdict> {
  const claimed = only(headers, "tailscale-user-login");
  if (claimed === undefined) return { ok: false, reason: "identity_missing" };
  const forwardedFor = only(headers, "x-forwarded-for");
  const complete =
    forwardedFor !== undefined &&
    only(headers, "x-forwarded-proto") !== undefined &&
    only(headers, "x-forwarded-host") !== undefined;
  const address = forwardedFor === undefined ? undefined : normalizeIp(forwardedFor.split(",")[0] ?? "");
  if (!complete || address === undefined || attribution.peerIp === undefined || !isLoopbackIp(attribution.peerIp)) {
    return { ok: false, reason: "proxy_missing" };
  }
  let found: { readonly login: string } | undefined;
  try {
    found = await whois(address);
  } catch {
    // Whatever went wrong in asking, nobody has vouched for this person.
    found = undefined;
  }
  if (found === undefined) return { ok: false, reason: "whois_failed" };
  const login = found.login.trim().toLowerCase();
  return login === claimed.toLowerCase() ? { ok: true, login } : { ok: false, reason: "identity_mismatch" };
}
