import { ExitCode, NodeServiceError } from "./exit-codes.ts";
import type { NodeFlags } from "./node-flags.ts";
import type { KnownGateway } from "./node-service-host.ts";
import type { NodeGateway } from "./node-settings.ts";

/** Which gateway a node connects to, and what to remember of that. */
export interface GatewayChoice extends KnownGateway {
  /** `undefined`: nothing new was said. */
  readonly toSave: NodeGateway | undefined;
}

/**
 * Decides which gateway: what the command line says, else what the node remembers, else the machine's own. Pure. A pin
 * that was remembered holds for the place that it was remembered for, and for no other (rule R-51).
 */
export function chooseGateway(
  flags: Pick<NodeFlags, "url" | "host" | "port" | "tls" | "tlsFingerprint">,
  saved: NodeGateway | undefined,
  own: KnownGateway,
): GatewayChoice {
  const { url, tlsFingerprint } = flags;
  if (url !== undefined) {
    const toSave = { ...gatewayOfUrl(url, "--url"), ...(tlsFingerprint !== undefined && { tlsFingerprint }) };
    return { url: urlOf(toSave), tlsFingerprint, source: "flag --url", toSave };
  }
  if (flags.host !== undefined || flags.port !== undefined || flags.tls || tlsFingerprint !== undefined) {
    const base = saved ?? gatewayOfUrl(own.url, own.source);
    const host = flags.host ?? base.host;
    const port = flags.port ?? base.port;
    const isSamePlace = host === base.host && port === base.port;
    const pin = tlsFingerprint ?? (isSamePlace ? base.tlsFingerprint : undefined);
    const toSave: NodeGateway = {
      host,
      port,
      tls: flags.tls || pin !== undefined || (isSamePlace && base.tls),
      ...(isSamePlace && base.path !== undefined && { path: base.path }),
      ...(pin !== undefined && { tlsFingerprint: pin }),
    };
    return { url: urlOf(toSave), tlsFingerprint: pin, source: "flags", toSave };
  }
  if (saved === undefined) return { ...own, toSave: undefined };
  return { url: urlOf(saved), tlsFingerprint: saved.tlsFingerprint, source: "node.json", toSave: undefined };
}

/** A gateway's address in parts. @throws {NodeServiceError} for what is none; it isn't repeated, as it may hold a secret. */
export function gatewayOfUrl(url: string, source: string): NodeGateway {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain =
    parsed !== undefined &&
    ["ws:", "wss:", "http:", "https:"].includes(parsed.protocol) &&
    parsed.hostname !== "" &&
    parsed.username + parsed.password + parsed.search + parsed.hash === "";
  if (!isPlain)
    throw new NodeServiceError("USAGE", `${source} must be like ws://host:port or wss://host:port, and nothing more`, {
      exitCode: ExitCode.Usage,
    });
  const tls = parsed.protocol === "wss:" || parsed.protocol === "https:";
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? (tls ? 443 : 80) : Number(parsed.port),
    tls,
    ...(parsed.pathname !== "/" && parsed.pathname !== "" && { path: parsed.pathname }),
  };
}

function urlOf({ host, port, tls, path = "" }: NodeGateway): string {
  return `${tls ? "wss" : "ws"}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
}
