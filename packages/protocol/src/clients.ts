/** Brands that the same protocol has carried. Clients of all of them are welcome under their own names. */
export const CLIENT_BRANDS = ["saltgate", "openclaw", "moltbot", "clawdbot"] as const;

const BRANDED = [
  "control-ui",
  "macos",
  "ios",
  "android",
  "probe",
  "browser-copilot",
  "tui",
  "linux",
  "watchos",
  "worker",
] as const;
const PLAIN = ["webchat-ui", "webchat", "cli", "gateway-client", "node-host", "test", "fingerprint"] as const;

/** Modes that clients declare. An unknown mode is taken as it is: a mode never raises a privilege (rule R-07). */
export const CLIENT_MODES = ["webchat", "cli", "ui", "backend", "node", "probe", "test", "worker", "operator"] as const;

/** The kind behind a client id, without its brand: `openclaw-control-ui` and `moltbot-control-ui` are both `control-ui`. */
export type ClientKind = (typeof BRANDED)[number] | (typeof PLAIN)[number] | "other";

/**
 * The kind of a client, from the id it declares. For hints and display only: an id is a label that anybody
 * can give himself, so nothing is ever permitted because of it (rule R-07). Signatures cover the literal id.
 */
export function clientKind(clientId: string): ClientKind {
  for (const plain of PLAIN) if (clientId === plain) return plain;
  for (const brand of CLIENT_BRANDS) {
    for (const branded of BRANDED) if (clientId === `${brand}-${branded}`) return branded;
  }
  return "other";
}

/** Which words a hint should use: those of a command line, of a web page, or neither. */
export function hintAudience(clientId: string, clientMode: string): "cli" | "page" | "other" {
  const kind = clientKind(clientId);
  if (clientMode === "cli") return "cli";
  if (kind === "control-ui" || kind === "webchat-ui" || clientMode === "webchat") return "page";
  return "other";
}
