import { ApprovalsFileError, type ExecApprovalsFile } from "@saltgate/exec-policy";
import { RequestError } from "../dispatch/outcome.ts";
import type { Handlers } from "./handlers.ts";

const FILE_ERRORS = {
  "base-hash-required": [
    "APPROVALS_FILE_CHANGED",
    "exec approvals base hash required; re-run exec.approvals.get and retry",
  ],
  changed: ["APPROVALS_FILE_CHANGED", "exec approvals changed since last load; re-run exec.approvals.get and retry"],
  damaged: [
    "STORE_UNAVAILABLE",
    "the approvals file can't be read, so nothing may run on this host, and it isn't overwritten; mend or move it away",
  ],
  invalid: ["INVALID_PARAMS", "the approvals file would not be valid"],
} as const;

/** Handlers of the methods about the approvals file of the gateway's own host. */
export function approvalsFileMethods(
  file: ExecApprovalsFile,
): Pick<Handlers, "exec.approvals.get" | "exec.approvals.set"> {
  return {
    "exec.approvals.get": () => file.read(),
    async "exec.approvals.set"(change) {
      try {
        return await file.set({
          file: change.file,
          ...(change.baseHash !== undefined && { baseHash: change.baseHash }),
        });
      } catch (error) {
        if (!(error instanceof ApprovalsFileError)) throw error;
        const [code, message] = FILE_ERRORS[error.code];
        throw new RequestError(code, message);
      }
    },
  };
}
