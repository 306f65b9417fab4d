import { alwaysPattern, differenceOf, RUN_REFUSALS } from "@saltgate/exec-policy";
import type { SystemRunParams } from "@saltgate/protocol";
import type { PlannedRun } from "./planned-run.ts";

/** Whether a run may begin now. */
export type RunPermission =
  | {
      readonly ok: true;
      /** What is started, by real path; null when there is no such program. */
      readonly executable: string | null;
      readonly argv: readonly string[];
      /** The entry of the list that allowed it. */
      readonly entryId: string | undefined;
      /** What the owner put on the list by allowing it always. */
      readonly toAllow: { readonly agentId: string; readonly pattern: string } | undefined;
    }
  | {
      readonly ok: false;
      /** For the caller. */
      readonly message: string;
      /** For the event `exec.denied`. */
      readonly reason: string;
    };

/**
 * Decides a run. Pure. The node's own rules come first: what they deny, no approval allows. What they ask about needs
 * an approval of exactly the plan that the node has made just now (rule R-34). What says so of itself is believed,
 * because a gateway takes these words out of what its callers send (rule R-32).
 */
export function permitRun({ plan, run, verdict }: PlannedRun, params: SystemRunParams): RunPermission {
  if (verdict.verdict === "denied") return { ok: false, message: verdict.message, reason: verdict.code };
  const { approved, approvalDecision, systemRunPlan } = params;
  if (systemRunPlan) {
    const field = differenceOf(systemRunPlan, plan);
    if (field !== undefined) {
      const message = `SYSTEM_RUN_DENIED: the approval is for something else (${field})`;
      return { ok: false, message, reason: "approval-required" };
    }
  }
  if (verdict.verdict === "allowed") {
    const { executable, argv, entryId } = verdict;
    return { ok: true, executable, argv, entryId, toAllow: undefined };
  }
  const isAllowed = approved === true && (approvalDecision === "allow-once" || approvalDecision === "allow-always");
  if (!isAllowed || !systemRunPlan)
    return { ok: false, message: RUN_REFUSALS.approvalRequired, reason: "approval-required" };
  const pattern = approvalDecision === "allow-always" && verdict.canAllowAlways ? alwaysPattern(plan, run) : undefined;
  // A run of no agent would have to be put on the list of all agents: nobody has said yes to that.
  const toAllow = pattern === undefined || plan.agentId === null ? undefined : { agentId: plan.agentId, pattern };
  return { ok: true, executable: run.executable, argv: run.argv, entryId: undefined, toAllow };
}
