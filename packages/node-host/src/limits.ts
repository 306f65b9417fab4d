import { LIMITS } from "@saltgate/protocol";
import type { LaneLimits } from "./lanes.ts";
import { SHELF_LIMITS, type ShelfLimits } from "./result-shelf.ts";

/** Bounds of what a node does at once. */
export interface InvokeLimits extends LaneLimits {
  /** How long a command may take when neither the gateway nor the command names a time, in milliseconds. @default 30_000 */
  readonly timeoutMs: number;
  /** What is kept for a connection that comes back. */
  readonly shelf: ShelfLimits;
  /** Whether running commands are told to stop when the connection is lost. @default false */
  readonly abortOnDisconnect: boolean;
}

export const INVOKE_LIMITS: InvokeLimits = {
  maxRunning: 8,
  maxWaiting: 32,
  timeoutMs: LIMITS.nodeInvokeTimeoutMs,
  shelf: SHELF_LIMITS,
  abortOnDisconnect: false,
};
