import { LIMITS, type NodeRow, type ResultOf } from "@saltgate/protocol";
import type { Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { resultOf } from "../nodes/invocation-answer.ts";
import { groundOf, type NodeDirectory } from "../nodes/node-directory.ts";
import { connectedNode, type NodeInvocation, notAllowed } from "../nodes/node-invocation.ts";
import type { InvocationOutput, NodeInvoker } from "../nodes/node-invoker.ts";
import { approvalCallerOf } from "./approvals.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods by which operators reach nodes need. */
export interface NodeMethodsOptions {
  readonly directory: NodeDirectory;
  readonly invoker: NodeInvoker;
  readonly invoke: NodeInvocation;
  readonly now: () => number;
  readonly newId: () => string;
  /** Gives a node the name that its owner chose; `false` when there is no such node. */
  readonly rename: (nodeId: string, displayName: string, caller: Peer) => Promise<boolean>;
  /** Hands a piece of output to whoever asked for it. */
  readonly sendOutput: (connId: string, output: InvocationOutput & { nodeId: string; idempotencyKey: string }) => void;
}

type NodeMethods = Pick<
  Handlers,
  "node.list" | "node.describe" | "node.invoke" | "node.rename" | "exec.approvals.node.get" | "exec.approvals.node.set"
>;

/** Handlers of the methods by which operators see nodes, and ask them for something. */
export function nodeMethods(options: NodeMethodsOptions): NodeMethods {
  const { directory, invoker } = options;

  const askApprovalsFile = async (nodeId: string, command: string, params: unknown): Promise<ApprovalsSnapshot> => {
    const session = connectedNode(directory, nodeId);
    const { declared, approved } = groundOf(session);
    if (!declared.includes(command)) throw notAllowed(command, "command not declared by node");
    if (!approved.includes(command)) throw notAllowed(command, "command not approved by owner");
    const answer = await invoker.ask(session, {
      command,
      params,
      timeoutMs: LIMITS.nodeInvokeTimeoutMs,
      idempotencyKey: options.newId(),
    });
    return resultOf(nodeId, command, answer).payload as ApprovalsSnapshot;
  };

  return {
    "node.list": async () => ({ ts: options.now(), nodes: await directory.rows() }),
    async "node.describe"({ nodeId }) {
      const row = (await directory.rows()).find((candidate) => candidate.nodeId === nodeId);
      if (row === undefined) throw unknownNode();
      return { ts: options.now(), ...row } satisfies NodeRow & { ts: number };
    },
    async "node.invoke"(params, caller) {
      const { command, idempotencyKey, nodeId, stream, timeoutMs } = params;
      return options.invoke(
        {
          nodeId,
          command,
          params: params.params,
          timeoutMs,
          idempotencyKey,
          onOutput: stream
            ? (output) => options.sendOutput(caller.connId, { ...output, nodeId: nodeId.trim(), idempotencyKey })
            : undefined,
        },
        approvalCallerOf(caller),
      );
    },
    async "node.rename"({ nodeId, displayName }, caller) {
      if (!(await options.rename(nodeId, displayName, caller))) throw unknownNode();
      return { nodeId, displayName };
    },
    "exec.approvals.node.get": ({ nodeId }) => askApprovalsFile(nodeId, "system.execApprovals.get", {}),
    "exec.approvals.node.set": ({ nodeId, file, baseHash }) =>
      askApprovalsFile(nodeId, "system.execApprovals.set", { file, ...(baseHash !== undefined && { baseHash }) }),
  };
}

type ApprovalsSnapshot = ResultOf<"exec.approvals.node.get">;

function unknownNode(): RequestError {
  return new RequestError("UNKNOWN_NODE", "unknown nodeId (saltgate nodes list)");
}
