import { nativeEngine } from "@saltgate/identity/node";
import type { Platform } from "../platform.ts";
import { openNodeSocket } from "./node-socket.ts";

/** Node: sockets whose certificate can be pinned, and native crypto. */
export const platform: Platform = {
  openSocket: openNodeSocket,
  engine: nativeEngine,
  name: process.platform,
};
