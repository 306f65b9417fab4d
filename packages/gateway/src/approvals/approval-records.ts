import type { ApprovalDecision, ApprovalSubject, SystemRunPlan } from "@saltgate/protocol";

/** Who asked, as far as it decides who may answer and who may use the answer. */
export interface ApprovalAsker {
  /** The connection that asked. */
  readonly connId: string;
  /** Its device; absent for a local program that knows the shared secret. */
  readonly deviceId?: string;
}

/** One question whether a command may run: one row of `exec/approvals`. */
export interface Approval {
  readonly id: string;
  /** What the owner is shown. */
  readonly subject: ApprovalSubject;
  /** What exactly is allowed, when it is for a node (rule R-34). */
  readonly plan?: SystemRunPlan;
  readonly askedBy: ApprovalAsker;
  readonly createdAtMs: number;
  /** Without an answer by then it is denied. */
  readonly expiresAtMs: number;
  readonly decision?: ApprovalDecision;
  readonly decidedAtMs?: number;
  readonly decidedBy?: string;
  /** When it had its one run. */
  readonly usedAtMs?: number;
  /** The idempotency key of that run: the same run may be asked for again, where it isn't run twice. */
  readonly usedKey?: string;
}

/** Approvals by id. */
export type Approvals = Readonly<Record<string, Approval>>;

/** Where an approval is in its life. */
export type ApprovalPhase = "waiting" | "allowed" | "denied" | "expired" | "used" | "lapsed";

/** An allowed approval that nobody used within this time is no longer good, in milliseconds. */
const USE_WITHIN_MS = 600_000;
/** How long ended approvals are remembered, so that no id ever stands for two questions, in milliseconds. */
export const REMEMBER_MS = 86_400_000;
/** Questions that may wait at once. */
export const MAX_WAITING = 200;
/** Rows that are kept at most; the oldest ended ones go first. */
export const MAX_ROWS = 2_000;

/** Where an approval is in its life at a time. The clock decides what nobody answered: it is denied. */
export function phaseOf(approval: Approval, nowMs: number): ApprovalPhase {
  if (approval.decision === undefined) return nowMs >= approval.expiresAtMs ? "expired" : "waiting";
  if (approval.decision === "deny") return "denied";
  if (approval.usedAtMs !== undefined) return "used";
  return nowMs >= (approval.decidedAtMs ?? 0) + USE_WITHIN_MS ? "lapsed" : "allowed";
}
