import type { ApprovalsFile, ApprovalsSnapshot } from "@saltgate/protocol";
import { CommandError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { openSession } from "./gateway-session.ts";
import { statePathsOf } from "./local-state.ts";
import { findNode, nodeName } from "./node-desk.ts";

/** Where an approvals file is read and replaced: on this machine, on the gateway's, or on a node. */
export interface ApprovalsDesk extends AsyncDisposable {
  /** Whose file it is, in words. */
  readonly owner: string;
  read(): Promise<ApprovalsSnapshot>;
  /** Replaces the file, if it is still the one of `baseHash`. */
  set(file: ApprovalsFile, baseHash: string | undefined): Promise<ApprovalsSnapshot>;
}

/** Opens the desk that `--node` or `--gateway` name; without either, this machine's own file. */
export async function openApprovalsDesk(invocation: Invocation): Promise<ApprovalsDesk> {
  const node = invocation.value("node");
  if (node === undefined && !invocation.has("gateway")) return ownFile(invocation);
  const session = await openSession(invocation);
  const close = { [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
  if (node === undefined) {
    return {
      owner: "the gateway's machine",
      read: () => session.request("exec.approvals.get", {}),
      set: (file, baseHash) =>
        session.request("exec.approvals.set", { file, ...(baseHash !== undefined && { baseHash }) }),
      ...close,
    };
  }
  try {
    const { nodes } = await session.request("node.list", {});
    const found = findNode(nodes, node);
    const { nodeId } = found;
    return {
      owner: nodeName(found),
      read: () => session.request("exec.approvals.node.get", { nodeId }),
      set: (file, baseHash) =>
        session.request("exec.approvals.node.set", { nodeId, file, ...(baseHash !== undefined && { baseHash }) }),
      ...close,
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

async function ownFile(invocation: Invocation): Promise<ApprovalsDesk> {
  const { ApprovalsFileError, ExecApprovalsFile } = await import("@saltgate/exec-policy");
  const file = new ExecApprovalsFile({ path: statePathsOf(invocation).execApprovalsFile });
  return {
    owner: "this machine",
    read: () => file.read(),
    set: async (next, baseHash) => {
      try {
        return await file.set({ file: next, baseHash });
      } catch (error) {
        if (!(error instanceof ApprovalsFileError)) throw error;
        throw new CommandError(`APPROVALS_${error.code.toUpperCase().replaceAll("-", "_")}`, error.message, {
          mend: "Nothing was changed. See: saltgate approvals get",
          cause: error,
        });
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
