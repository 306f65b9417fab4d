import { hostName, isLoopbackHostName } from "./attribution.ts";

/** What decides whether a web page may open a connection. */
export interface OriginQuestion {
  /** The Origin header; `undefined` when the client sent none, as programs do. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** Whether the TCP peer is on this machine and nothing was forwarded. */
  readonly local: boolean;
  /** Whether this listener speaks TLS. */
  readonly tls: boolean;
  /** Exact origins that the owner allows; `"*"` allows all. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Whether a request with this Origin may become a connection. A program without an Origin may; a web page only
 * when its origin is listed, or when it is this gateway's own page on loopback. Decided before the upgrade, so a
 * refused page never even sees a challenge (rule R-04).
 */
export function isOriginAllowed(question: OriginQuestion): boolean {
  const { origin, host, local, tls, allowedOrigins } = question;
  if (origin === undefined) return true;
  if (allowedOrigins.includes("*")) return true;
  const normal = normalizeOrigin(origin);
  if (normal === undefined) return false;
  if (allowedOrigins.some((allowed) => normalizeOrigin(allowed) === normal)) return true;
  if (!local || host === undefined) return false;
  const name = hostName(host);
  return (
    name !== undefined && isLoopbackHostName(name) && normal === normalizeOrigin(`${tls ? "https" : "http"}://${host}`)
  );
}

/** The serialised form of an origin that a browser would send; `undefined` for `null`, other schemes and nonsense. */
function normalizeOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\s\\]+$/i.test(text)) return undefined;
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
