import { LIMITS, type NodeRow, type ResultOf } from "@saltgate/protocol";
import type { ApprovalDesk } from "../approvals/approval-desk.ts";
import { permittedRun, withoutGatewayFields } from "../approvals/run-permit.ts";
import type { Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { type CommandRules, refuseCommand } from "../nodes/command-policy.ts";
import { resultOf } from "../nodes/invocation-answer.ts";
import { groundOf, type NodeDirectory } from "../nodes/node-directory.ts";
import type { InvocationOutput, NodeInvoker } from "../nodes/node-invoker.ts";
import { isIdempotent, type NodeSession } from "../nodes/node-session.ts";
import { approvalCallerOf } from "./approvals.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods by which operators reach nodes need. */
export interface NodeMethodsOptions {
  readonly directory: NodeDirectory;
  readonly invoker: NodeInvoker;
  readonly desk: ApprovalDesk;
  readonly rules: () => CommandRules;
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
  const { directory, invoker, rules } = options;

  const sessionOf = (nodeId: string): NodeSession => {
    const session = directory.current(nodeId);
    if (session === undefined) throw new RequestError("NOT_CONNECTED", "node not connected");
    return session;
  };
  const askApprovalsFile = async (nodeId: string, command: string, params: unknown): Promise<ApprovalsSnapshot> => {
    const session = sessionOf(nodeId);
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
      const [nodeId, command] = [params.nodeId.trim(), params.command.trim()];
      if (nodeId === "" || command === "") throw new RequestError("INVALID_PARAMS", "nodeId and command required");
      const session = sessionOf(nodeId);
      const refusal = refuseCommand(command, groundOf(session), rules());
      if (refusal !== undefined) throw notAllowed(command, refusal);
      const { idempotencyKey } = params;
      const answer = await invoker.ask(session, {
        command,
        params: await paramsFor(session, command, params, caller, options.desk),
        timeoutMs: params.timeoutMs ?? LIMITS.nodeInvokeTimeoutMs,
        idempotencyKey,
        onOutput: params.stream
          ? (output) => options.sendOutput(caller.connId, { ...output, nodeId, idempotencyKey })
          : undefined,
      });
      return resultOf(nodeId, command, answer);
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

/** What a node is sent as params: of what the caller says about approvals, only what the gateway knows to be so. */
async function paramsFor(
  session: NodeSession,
  command: string,
  { params, idempotencyKey: key }: { readonly params?: unknown; readonly idempotencyKey: string },
  caller: Peer,
  desk: ApprovalDesk,
): Promise<unknown> {
  if (!command.startsWith("system.")) return params;
  if (command !== "system.run") return withoutGatewayFields(params);
  const { nodeId, surface } = session;
  const isBindable = surface.commands.includes("system.run.prepare");
  const target = { nodeId, key, isBindable, isRepeatable: isIdempotent(session) };
  return permittedRun(params, target, approvalCallerOf(caller), desk);
}

function notAllowed(command: string, reason: string): RequestError {
  return new RequestError("COMMAND_NOT_ALLOWED", "node command not allowed", { details: { reason, command } });
}

function unknownNode(): RequestError {
  return new RequestError("UNKNOWN_NODE", "unknown nodeId (saltgate nodes list)");
}
