import { renderArgv } from "@saltgate/exec-policy";
import { type ApprovalSubject, type CheckedParamsOf, LIMITS, scopeSatisfies } from "@saltgate/protocol";
import { type ApprovalDesk, pendingApprovalOf, unknownApproval } from "../approvals/approval-desk.ts";
import type { ApprovalCaller } from "../approvals/exec-approvals.ts";
import { subjectOfPlan } from "../approvals/plan-subject.ts";
import { nameOf, type Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { loggable } from "../logging/logger.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about approvals need. */
export interface ApprovalMethodsOptions {
  readonly desk: ApprovalDesk;
  readonly newId: () => string;
  /** How long a question waits when whoever asks names no time, in milliseconds. */
  readonly defaultTimeoutMs: () => number;
  /** Connections that would be shown a question of this one. */
  readonly approvers: (asker: Peer) => number;
}

type ApprovalMethods = Pick<
  Handlers,
  | "exec.approval.request"
  | "exec.approval.resolve"
  | "exec.approval.get"
  | "exec.approval.list"
  | "exec.approval.waitDecision"
>;

/** Handlers of the methods by which owners are asked, and answer. */
export function approvalMethods({ desk, newId, defaultTimeoutMs, approvers }: ApprovalMethodsOptions): ApprovalMethods {
  return {
    async "exec.approval.request"(params, caller) {
      const outcome = await desk.change({
        type: "ask",
        id: params.id ?? newId(),
        subject: subjectOf(params),
        plan: params.systemRunPlan ?? undefined,
        timeoutMs: Math.min(params.timeoutMs ?? defaultTimeoutMs(), LIMITS.maxApprovalTimeoutMs),
        caller: approvalCallerOf(caller),
      });
      if (outcome.type === "id-in-use") throw new RequestError("APPROVAL_ID_IN_USE", "approval id already pending");
      if (outcome.type === "full")
        throw new RequestError("QUEUE_FULL", "too many questions wait for an answer", { retryAfterMs: 5_000 });
      if (outcome.type !== "asked") throw unknownApproval();
      const { id, createdAtMs, expiresAtMs } = outcome.approval;
      if (params.twoPhase === true)
        return { id, status: "accepted", createdAtMs, expiresAtMs, approvers: approvers(caller) };
      return desk.decisionOf(id);
    },
    async "exec.approval.resolve"({ id, decision }, caller) {
      const outcome = await desk.change({ type: "answer", id, decision, caller: approvalCallerOf(caller) });
      if (outcome.type === "own-request")
        throw new RequestError("APPROVAL_OWN_REQUEST", "whoever asks can't answer: answer from another device");
      if (outcome.type === "missing-scope")
        throw new RequestError("MISSING_SCOPE", "missing scope: operator.approvals");
      if (outcome.type !== "answered") throw unknownApproval();
      return { ok: true };
    },
    "exec.approval.get"({ id }) {
      const approval = desk.waiting().find((row) => row.id === id);
      if (approval === undefined) throw unknownApproval();
      return { ...pendingApprovalOf(approval), allowedDecisions: ["allow-once", "allow-always", "deny"] };
    },
    "exec.approval.list": () => desk.waiting().map(pendingApprovalOf),
    "exec.approval.waitDecision": ({ id }) => desk.decisionOf(id),
  };
}

/** A caller as approvals know him. */
export function approvalCallerOf(peer: Peer): ApprovalCaller {
  const { connId, deviceId, scopes } = peer;
  return { connId, ...(deviceId !== undefined && { deviceId }), scopes, name: loggable(nameOf(peer)) ?? "" };
}

/** Whether a peer is shown questions. */
export function mayApprove(peer: Peer): boolean {
  return peer.role === "operator" && scopeSatisfies(peer.scopes, "operator.approvals");
}

/**
 * What the owner is shown. For a node, the text is made from the exact arguments of the plan, and whoever asks can't
 * show another one (rule R-34). @throws {RequestError} when text and arguments say different things
 */
function subjectOf(params: CheckedParamsOf<"exec.approval.request">): ApprovalSubject {
  const plan = params.systemRunPlan ?? undefined;
  const argv = plan?.argv ?? params.commandArgv;
  const exact = argv === undefined ? undefined : renderArgv(argv);
  if (params.nodeId != null && plan === undefined) {
    throw new RequestError(
      "INVALID_PARAMS",
      "systemRunPlan is required with nodeId: ask the node for it with system.run.prepare",
    );
  }
  const differing = [
    exact !== undefined && params.command !== undefined && params.command !== exact && "command",
    plan !== undefined && plan.commandText !== exact && "systemRunPlan.commandText",
    plan !== undefined && params.commandArgv !== undefined && !sameList(params.commandArgv, plan.argv) && "commandArgv",
    plan !== undefined && params.cwd != null && params.cwd !== plan.cwd && "cwd",
    plan !== undefined && params.agentId != null && params.agentId !== plan.agentId && "agentId",
    plan !== undefined && params.sessionKey != null && params.sessionKey !== plan.sessionKey && "sessionKey",
  ].find((field) => field !== false);
  if (differing !== undefined) {
    throw new RequestError("APPROVAL_MISMATCH", `${differing} says something else than what would run`, {
      details: { field: differing },
    });
  }
  const { ask = null, security = null } = params;
  const warning = params.warningText == null ? {} : { warningText: params.warningText };
  const host = params.host ?? (params.nodeId == null ? null : "node");
  const node = params.nodeId == null ? {} : { nodeId: params.nodeId };
  if (plan !== undefined) return { ...subjectOfPlan(plan), host, ...node, security, ask, ...warning };
  return {
    command: exact ?? params.command ?? "",
    ...(argv && { commandArgv: [...argv] }),
    cwd: params.cwd ?? null,
    host,
    ...node,
    security,
    ask,
    ...warning,
    agentId: params.agentId ?? null,
    resolvedPath: params.resolvedPath ?? null,
    sessionKey: params.sessionKey ?? null,
  };
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((word, at) => word === right[at]);
}
