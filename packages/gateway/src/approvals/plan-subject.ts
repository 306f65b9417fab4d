import { renderArgv } from "@saltgate/exec-policy";
import type { ApprovalSubject, SystemRunPlan } from "@saltgate/protocol";

/** What an owner is shown of a plan: the text is made from its exact arguments, whatever else it says (rule R-34). Pure. */
export function subjectOfPlan(
  plan: SystemRunPlan,
): Omit<ApprovalSubject, "ask" | "host" | "nodeId" | "security" | "warningText"> {
  return {
    command: renderArgv(plan.argv),
    commandArgv: [...plan.argv],
    cwd: plan.cwd,
    agentId: plan.agentId,
    resolvedPath: plan.executable,
    sessionKey: plan.sessionKey,
    ...(plan.envNames.length > 0 && { envNames: [...plan.envNames] }),
    ...(plan.mutableFileOperand && { scriptPath: plan.mutableFileOperand.path }),
  };
}
