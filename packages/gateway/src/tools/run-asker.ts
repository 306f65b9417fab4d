import type { ToolContext } from "@saltgate/agent";
import type { ApprovalDecision, ApprovalSubject, SystemRunPlan } from "@saltgate/protocol";
import type { ApprovalDesk } from "../approvals/approval-desk.ts";
import type { ApprovalCaller } from "../approvals/exec-approvals.ts";
import { subjectOfPlan } from "../approvals/plan-subject.ts";
import { RequestError } from "../dispatch/outcome.ts";

export interface RunAskerOptions {
  readonly approvals: ApprovalDesk;
  /** How long a question waits, in milliseconds. */
  readonly timeoutMs: () => number;
  readonly newId: () => string;
}

/** What came of a question: the answer, or that nobody gave one in time. */
export interface Answer {
  readonly approvalId: string;
  readonly decision: ApprovalDecision | "expired";
}

/**
 * A run as approvals know it. What the owner's own run wants is asked by the agent, so that he may answer from where he
 * talks with it. What anybody else's run wants is asked by his device, which then can't answer (rule R-40).
 */
export function askerOf({
  agentId,
  principal,
  runId,
}: Pick<ToolContext, "agentId" | "principal" | "runId">): ApprovalCaller {
  const run = `run:${runId}`;
  const deviceId = principal.isOwner ? run : (principal.deviceId ?? run);
  return { connId: run, deviceId, scopes: ["operator.write"], name: `agent ${agentId}` };
}

/** Asks the owner on behalf of a run, and waits. The end of the run ends the wait; the question expires by itself. */
export async function askOwner(
  plan: SystemRunPlan,
  about: Pick<ApprovalSubject, "ask" | "host" | "nodeId" | "security" | "warningText">,
  context: ToolContext,
  { approvals, newId, timeoutMs }: RunAskerOptions,
): Promise<Answer> {
  const outcome = await approvals.change({
    type: "ask",
    id: newId(),
    subject: { ...subjectOfPlan(plan), ...about },
    plan,
    timeoutMs: timeoutMs(),
    caller: askerOf(context),
  });
  if (outcome.type !== "asked")
    throw new RequestError("QUEUE_FULL", "too many questions wait for the owner's answer already");
  const { id } = outcome.approval;
  context.progress("Waits for the owner's approval: saltgate approvals list");
  const { decision } = await beforeAbort(approvals.decisionOf(id), context.signal);
  return { approvalId: id, decision: decision ?? "expired" };
}

async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    promise.catch(() => undefined);
  }
}
