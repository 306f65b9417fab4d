import { openLater } from "../open-later.ts";
import type { Platform } from "../platform.ts";
import { platform as web } from "../web/platform.ts";

/**
 * Deno: its own WebSocket, which needs no permission but the network's. It shows no certificates; Node's TLS does, so
 * a connection with a pin is made as in Node. That code is loaded only then.
 */
export const platform: Platform = {
  ...web,
  openSocket: (target, events) =>
    target.tlsFingerprint === undefined
      ? web.openSocket(target, events)
      : openLater(async () => (await import("./node-socket.ts")).openNodeSocket, target, events),
};
