import { type AddressSet, guesserOf, isLoopbackIp, normalizeIp } from "./ip.ts";

/** What a request tells about where it comes from. The only reader of these headers in the gateway. */
export interface RequestOrigin {
  /** The address at the other end of the TCP connection. */
  readonly peerAddress: string | undefined;
  /** The address of this machine that was reached. */
  readonly localAddress: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What the gateway knows about its surroundings. */
export interface Surroundings {
  /** Proxies whose word about the client's address counts. */
  readonly trustedProxies: AddressSet;
  /** Whether an address is one of this host's own on its tailnet. */
  readonly isOwnTailnetAddress: (address: string) => boolean;
}

/** Who is asking, from where. */
export interface Attribution {
  /** The TCP peer, normalised. */
  readonly peerIp: string | undefined;
  /** The client's own address: the peer's, or what a trusted proxy says. `undefined` when nobody trusted knows. */
  readonly clientIp: string | undefined;
  /** Whether the request comes from this very machine, directly. */
  readonly local: boolean;
  /** Whether any forwarding header was present. */
  readonly proxied: boolean;
  /** Set when the request came through a trusted proxy that doesn't say for whom. Such a request is refused. */
  readonly unattributable: boolean;
  /** The address to show to an owner: only a remote client's own. */
  readonly reportedIp: string | undefined;
  /** Under what name rate limits and caps count it: the client's address (its /64 for IPv6), else the proxy's. */
  readonly bucket: string;
}

const FORWARDING_HEADERS = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "forwarded",
] as const;
const MAX_FORWARDED_HOPS = 32;

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.join(",");
}

/** The name in a Host header, without its port; `undefined` when the header is absent or malformed. */
export function hostName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]\\]+)(?::(\d{1,5}))?$/.exec(header);
  return match?.[1]?.toLowerCase();
}

/** Whether a host name means this machine's loopback. No DNS suffix ever does (rule R-02). */
export function isLoopbackHostName(name: string): boolean {
  if (name === "localhost") return true;
  const address = normalizeIp(name);
  return address !== undefined && isLoopbackIp(address);
}

/** One hop of a forwarding chain, with an optional port cut off. */
function hopAddress(hop: string): string | undefined {
  const text = hop.trim();
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}|\[[^\]]+\]):\d{1,5}$/.exec(text);
  return normalizeIp(withPort?.[1] ?? text);
}

/** Reads a chain right to left, past trusted hops: the first address that no trusted proxy owns is the client. */
function clientOfChain(chain: string, trusted: AddressSet): string | undefined {
  const hops = chain.split(",");
  if (hops.length > MAX_FORWARDED_HOPS) return undefined;
  for (const hop of hops.reverse()) {
    const address = hopAddress(hop);
    if (address === undefined) return undefined;
    if (!trusted.has(address)) return address;
  }
  return undefined;
}

/**
 * Decides who is asking and whether that is local. Pure, and the only place that does.
 *
 * Local means: the socket is loopback, or one of the host's own tailnet addresses was reached from that same
 * address; no forwarding header is present, whoever the peer is; and the Host header names a loopback name or
 * that address. Sources: docs/security.md, "What is local"; rules.
 */
export function attribute(request: RequestOrigin, surroundings: Surroundings): Attribution {
  const peerIp = request.peerAddress === undefined ? undefined : normalizeIp(request.peerAddress);
  const proxied = FORWARDING_HEADERS.some((name) => request.headers[name] !== undefined);
  const fromTrustedProxy = proxied && peerIp !== undefined && surroundings.trustedProxies.has(peerIp);
  if (proxied) {
    const chain = single(request.headers["x-forwarded-for"]) ?? single(request.headers["x-real-ip"]);
    const clientIp =
      fromTrustedProxy && chain !== undefined ? clientOfChain(chain, surroundings.trustedProxies) : undefined;
    return {
      peerIp,
      clientIp,
      local: false,
      proxied,
      unattributable: fromTrustedProxy && clientIp === undefined,
      reportedIp: clientIp,
      bucket: clientIp === undefined ? `via ${peerIp ?? "unknown"}` : guesserOf(clientIp),
    };
  }
  const local = peerIp !== undefined && isDirectlyLocal(peerIp, request, surroundings);
  return {
    peerIp,
    clientIp: peerIp,
    local,
    proxied,
    unattributable: false,
    reportedIp: local || peerIp === undefined || isLoopbackIp(peerIp) ? undefined : peerIp,
    bucket: peerIp === undefined ? "unknown" : guesserOf(peerIp),
  };
}

function isDirectlyLocal(peerIp: string, request: RequestOrigin, surroundings: Surroundings): boolean {
  const name = hostName(single(request.headers["host"]));
  if (name === undefined) return false;
  if (isLoopbackIp(peerIp)) return isLoopbackHostName(name);
  const reached = request.localAddress === undefined ? undefined : normalizeIp(request.localAddress);
  return peerIp === reached && surroundings.isOwnTailnetAddress(peerIp) && normalizeIp(name) === peerIp;
}
