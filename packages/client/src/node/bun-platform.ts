import { openLater } from "../open-later.ts";
import type { Platform } from "../platform.ts";
import { platform as web } from "../web/platform.ts";

/** Bun: its own WebSocket (in Bun, `ws` is that too), with its own way to trust one certificate only. */
export const platform: Platform = {
  ...web,
  openSocket: (target, events) =>
    target.tlsFingerprint === undefined
      ? web.openSocket(target, events)
      : openLater(async (signal) => (await import("./bun-socket.ts")).pinnedBunSocket(target, signal), target, events),
};
