import {
  type ExecApprovalsFile,
  type ExecPolicy,
  type HostView,
  judgeRun,
  planRun,
  type RunDetails,
  type Verdict,
} from "@saltgate/exec-policy";
import type { SystemRunParams, SystemRunPlan } from "@saltgate/protocol";
import { NodeCommandError } from "../node-command-error.ts";

/** What decides on this node what may run. */
export interface RunDesk {
  readonly approvals: ExecApprovalsFile;
  readonly view: HostView;
  /** Names of the programs of skills; asked for only where the owner lets them run. */
  readonly skillBins: () => Promise<readonly string[]>;
}

/** What would run, made now, and what the node's own rules say of it. */
export interface PlannedRun {
  readonly plan: SystemRunPlan;
  readonly run: RunDetails;
  readonly policy: ExecPolicy;
  readonly verdict: Verdict;
}

/** Plans a run and judges it by the rules of its agent. Runs nothing. @throws {NodeCommandError} for what can't be planned */
export async function planAndJudge(params: SystemRunParams, desk: RunDesk): Promise<PlannedRun> {
  const outcome = await planRun(params, desk.view);
  if (!outcome.ok) throw new NodeCommandError(outcome.code, outcome.message);
  const { plan, run } = outcome;
  const policy = await desk.approvals.policyFor(plan.agentId);
  const { homedir, platform } = desk.view;
  const skillBins = policy.security === "allowlist" && policy.autoAllowSkills ? await desk.skillBins() : [];
  const verdict = judgeRun({ plan, run, policy, facts: { homedir, platform, skillBins } });
  return { plan, run, policy, verdict };
}
