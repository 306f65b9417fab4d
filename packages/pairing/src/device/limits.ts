import { LIMITS } from "@saltgate/protocol";

/** The bounds of device pairing. */
export interface DevicePairingLimits {
  /** Life of a request that waits, in milliseconds. @default 300_000 */
  readonly pendingTtlMs: number;
  /** Requests that may wait in all (rule R-50). @default 100 */
  readonly maxPending: number;
  /** Requests that may wait from one remote address; those without a known address share one bucket. @default 10 */
  readonly maxPendingPerAddress: number;
  /** Life of a token from its issue, in milliseconds; `undefined`: until rotated or revoked. @default undefined */
  readonly tokenTtlMs: number | undefined;
}

export const defaultDevicePairingLimits: DevicePairingLimits = {
  pendingTtlMs: LIMITS.pairingTtlMs,
  maxPending: 100,
  maxPendingPerAddress: 10,
  tokenTtlMs: undefined,
};
