import { ApprovalsFileError, ApprovalsFileErrorCode, type ExecApprovalsFile } from "@saltgate/exec-policy";
import { type ApprovalsFile, execApprovalsSetParamsSchema } from "@saltgate/protocol";
import { defineCommand, type NodeCommand } from "../node-command.ts";
import { NodeCommandError } from "../node-command-error.ts";

/** `system.execApprovals.get`: what may run on this node. */
export function execApprovalsGet(approvals: ExecApprovalsFile): NodeCommand {
  return defineCommand({
    name: "system.execApprovals.get",
    cap: "system",
    describe: "Shows what may run here.",
    effect: "none",
    run: () => approvals.read(),
  });
}

/** `system.execApprovals.set`: changes it. The change names the content that it was made from. */
export function execApprovalsSet(
  approvals: ExecApprovalsFile,
): NodeCommand<{ file: ApprovalsFile; baseHash?: string | undefined }> {
  return defineCommand<{ file: ApprovalsFile; baseHash?: string | undefined }>({
    name: "system.execApprovals.set",
    cap: "system",
    describe: "Changes what may run here.",
    effect: "declared",
    params: execApprovalsSetParamsSchema,
    async run(change, context) {
      await context.begin();
      try {
        return await approvals.set(change);
      } catch (error) {
        throw asNodeError(error);
      }
    },
  });
}

function asNodeError(error: unknown): unknown {
  if (!(error instanceof ApprovalsFileError)) return error;
  const code = error.code === ApprovalsFileErrorCode.Damaged ? "UNAVAILABLE" : "INVALID_REQUEST";
  return new NodeCommandError(code, error.message, { cause: error });
}
