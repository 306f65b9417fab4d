import { LIMITS } from "@saltgate/protocol";

/** The bounds of node pairing. What nodes declare has none: there is one request per paired device. */
export interface NodePairingLimits {
  /** Life of a request that somebody made for a node, in milliseconds. @default 300_000 */
  readonly pendingTtlMs: number;
  /** Such requests that may wait in all (rule R-50). @default 100 */
  readonly maxPending: number;
  /** Such requests that may wait from one remote address; those without a known address share one bucket. @default 10 */
  readonly maxPendingPerAddress: number;
  /** How long a rejected declaration asks for nothing, in milliseconds. @default 86_400_000 */
  readonly rejectionTtlMs: number;
  /** Rejected declarations remembered of one node; the oldest go first. @default 8 */
  readonly maxRejectionsPerNode: number;
}

export const defaultNodePairingLimits: NodePairingLimits = {
  pendingTtlMs: LIMITS.pairingTtlMs,
  maxPending: 100,
  maxPendingPerAddress: 10,
  rejectionTtlMs: 86_400_000,
  maxRejectionsPerNode: 8,
};
