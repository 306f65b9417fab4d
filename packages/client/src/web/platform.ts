import { portableEngine } from "@saltgate/identity";
import type { Platform } from "../platform.ts";
import { openWebSocket } from "./web-socket.ts";

/** Browsers, Deno, Bun: the WebSocket and the crypto that they bring. */
export const platform: Platform = {
  openSocket: openWebSocket,
  engine: portableEngine,
  // Deno and Bun have Node's `process`; a browser has none, and is called `web` in the protocol.
  name: (globalThis as { process?: { platform?: string } }).process?.platform ?? "web",
};
