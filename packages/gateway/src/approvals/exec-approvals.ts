import { type ApprovalDecision, type ApprovalSubject, type SystemRunPlan, scopeSatisfies } from "@saltgate/protocol";
import {
  type Approval,
  type ApprovalAsker,
  type Approvals,
  MAX_ROWS,
  MAX_WAITING,
  phaseOf,
  REMEMBER_MS,
} from "./approval-records.ts";
import { type PlannedRun, planDifference } from "./planned-run.ts";

/** Whoever asks, answers, or wants to use an answer. */
export interface ApprovalCaller extends ApprovalAsker {
  readonly scopes: readonly string[];
  /** How he is called in the answer. */
  readonly name: string;
}

/** Everything that can happen to approvals. */
export type ApprovalEvent =
  | {
      readonly type: "ask";
      readonly id: string;
      readonly subject: ApprovalSubject;
      readonly plan?: SystemRunPlan | undefined;
      readonly timeoutMs: number;
      readonly caller: ApprovalCaller;
    }
  | {
      readonly type: "answer";
      readonly id: string;
      readonly decision: ApprovalDecision;
      readonly caller: ApprovalCaller;
    }
  /** Something is about to run on the strength of an approval. */
  | {
      readonly type: "use";
      readonly id: string;
      readonly run: PlannedRun;
      readonly caller: ApprovalCaller;
      /** The idempotency key of the run. */
      readonly key: string;
      /** Whether whoever runs it runs nothing twice that has the same key. */
      readonly isRepeatable: boolean;
    }
  | { readonly type: "tidy" };

/** What an event came to. */
export type ApprovalOutcome =
  | { readonly type: "asked"; readonly approval: Approval }
  | { readonly type: "id-in-use" }
  | { readonly type: "full" }
  | { readonly type: "answered"; readonly approval: Approval & { readonly decision: ApprovalDecision } }
  | { readonly type: "unknown" }
  | { readonly type: "own-request" }
  | { readonly type: "missing-scope" }
  | {
      readonly type: "usable";
      readonly approval: Approval & { readonly decision: ApprovalDecision; readonly plan: SystemRunPlan };
    }
  | { readonly type: "not-usable"; readonly reason: "waiting" | "denied" | "expired" | "used" | "lapsed" }
  | { readonly type: "mismatch"; readonly field: string }
  | { readonly type: "tidied" };

/** The rows after an event, and what it came to. */
export interface ApprovalStep {
  readonly approvals: Approvals;
  readonly outcome: ApprovalOutcome;
}

/**
 * Approvals, whole. Pure: ids come with the event, time is an argument. The first answer counts; whoever asked can't
 * answer; no answer in time is a no; an allowed one holds for one run of exactly what was shown, by whoever asked
 * (rules ). The rows are the same object when nothing changed.
 */
export function execApprovals(approvals: Approvals, event: ApprovalEvent, nowMs: number): ApprovalStep {
  const current = withoutForgotten(approvals, nowMs);
  switch (event.type) {
    case "ask":
      return ask(current, event, nowMs);
    case "answer":
      return answer(current, event, nowMs);
    case "use":
      return use(current, event, nowMs);
    case "tidy":
      return { approvals: current, outcome: { type: "tidied" } };
  }
}

function ask(approvals: Approvals, event: Extract<ApprovalEvent, { type: "ask" }>, nowMs: number): ApprovalStep {
  if (Object.hasOwn(approvals, event.id)) return { approvals, outcome: { type: "id-in-use" } };
  const waiting = Object.values(approvals).filter((row) => phaseOf(row, nowMs) === "waiting");
  if (waiting.length >= MAX_WAITING) return { approvals, outcome: { type: "full" } };
  const { connId, deviceId } = event.caller;
  const approval: Approval = {
    id: event.id,
    subject: event.subject,
    ...(event.plan && { plan: event.plan }),
    askedBy: { connId, ...(deviceId !== undefined && { deviceId }) },
    createdAtMs: nowMs,
    expiresAtMs: nowMs + event.timeoutMs,
  };
  return { approvals: { ...approvals, [approval.id]: approval }, outcome: { type: "asked", approval } };
}

function answer(approvals: Approvals, event: Extract<ApprovalEvent, { type: "answer" }>, nowMs: number): ApprovalStep {
  const { caller, decision, id } = event;
  if (!scopeSatisfies(caller.scopes, "operator.approvals")) return { approvals, outcome: { type: "missing-scope" } };
  const approval = Object.hasOwn(approvals, id) ? approvals[id] : undefined;
  if (approval === undefined || phaseOf(approval, nowMs) !== "waiting")
    return { approvals, outcome: { type: "unknown" } };
  if (isOwnRequest(approval.askedBy, caller)) return { approvals, outcome: { type: "own-request" } };
  const decided = { ...approval, decision, decidedAtMs: nowMs, decidedBy: caller.name };
  return { approvals: { ...approvals, [id]: decided }, outcome: { type: "answered", approval: decided } };
}

/**
 * Whoever asked can't answer: not over the connection that asked, and, unless it is an owner's (who could as well
 * change the rules), not with the same device over another one.
 */
function isOwnRequest(asker: ApprovalAsker, caller: ApprovalCaller): boolean {
  if (asker.connId === caller.connId) return true;
  const isSameDevice = asker.deviceId !== undefined && asker.deviceId === caller.deviceId;
  return isSameDevice && !scopeSatisfies(caller.scopes, "operator.admin");
}

function use(approvals: Approvals, event: Extract<ApprovalEvent, { type: "use" }>, nowMs: number): ApprovalStep {
  const approval = Object.hasOwn(approvals, event.id) ? approvals[event.id] : undefined;
  // Somebody else's approval is as good as none, and nobody learns that it is there.
  if (approval === undefined || approval.askedBy.deviceId !== event.caller.deviceId)
    return { approvals, outcome: { type: "unknown" } };
  const phase = phaseOf(approval, nowMs);
  const isSameRun = phase === "used" && event.isRepeatable && approval.usedKey === event.key;
  if (phase !== "allowed" && !isSameRun) return { approvals, outcome: { type: "not-usable", reason: phase } };
  const { decision, plan } = approval;
  if (decision === undefined || plan === undefined)
    return { approvals, outcome: { type: "mismatch", field: "nodeId" } };
  const field = approval.subject.nodeId === event.run.nodeId ? planDifference(plan, event.run) : "nodeId";
  if (field !== undefined) return { approvals, outcome: { type: "mismatch", field } };
  if (isSameRun) return { approvals, outcome: { type: "usable", approval: { ...approval, decision, plan } } };
  const used = { ...approval, decision, plan, usedAtMs: nowMs, usedKey: event.key };
  return { approvals: { ...approvals, [approval.id]: used }, outcome: { type: "usable", approval: used } };
}

function endOf(approval: Approval): number {
  return approval.usedAtMs ?? approval.decidedAtMs ?? approval.expiresAtMs;
}

function withoutForgotten(approvals: Approvals, nowMs: number): Approvals {
  const rows = Object.values(approvals);
  const old = rows.filter((row) => nowMs >= Math.max(endOf(row), row.expiresAtMs) + REMEMBER_MS);
  const over = rows.length - old.length - MAX_ROWS + 1;
  const crowd =
    over <= 0
      ? []
      : rows
          .filter((row) => phaseOf(row, nowMs) !== "waiting" && phaseOf(row, nowMs) !== "allowed")
          .sort((left, right) => endOf(left) - endOf(right))
          .slice(0, over);
  if (old.length === 0 && crowd.length === 0) return approvals;
  const gone = new Set([...old, ...crowd].map(({ id }) => id));
  return Object.fromEntries(Object.entries(approvals).filter(([id]) => !gone.has(id)));
}
