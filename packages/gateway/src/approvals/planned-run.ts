import type { SystemRunPlan } from "@saltgate/protocol";

/** What is about to run, as its caller says it, in the words of a plan. */
export interface PlannedRun {
  readonly nodeId: string;
  readonly argv: readonly string[];
  /** Null: the plan's. */
  readonly cwd: string | null;
  readonly envDigest: string;
  readonly agentId: string | null;
  readonly sessionKey: string | null;
}

/**
 * What differs between an approved plan and what is about to run; `undefined`: nothing. What only the node can know
 * (the real program, the script's content) the node compares itself (rule R-34).
 */
export function planDifference(plan: SystemRunPlan, run: PlannedRun): string | undefined {
  if (plan.argv.length !== run.argv.length || plan.argv.some((word, at) => word !== run.argv[at])) return "argv";
  if (run.cwd !== null && run.cwd !== plan.cwd) return "cwd";
  if (run.envDigest !== plan.envDigest) return "env";
  if (run.agentId !== plan.agentId) return "agentId";
  if (run.sessionKey !== plan.sessionKey) return "sessionKey";
  return undefined;
}
