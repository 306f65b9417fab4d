import { LIMITS, type ResultOf } from "@saltgate/protocol";
import type { ApprovalDesk } from "../approvals/approval-desk.ts";
import type { ApprovalCaller } from "../approvals/exec-approvals.ts";
import { permittedRun, withoutGatewayFields } from "../approvals/run-permit.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { type CommandRules, refuseCommand } from "./command-policy.ts";
import { resultOf } from "./invocation-answer.ts";
import { groundOf, type NodeDirectory } from "./node-directory.ts";
import type { Invocation, NodeInvoker } from "./node-invoker.ts";
import { isIdempotent, type NodeSession } from "./node-session.ts";

/** What somebody wants of a node. */
export interface NodeOrder {
  readonly nodeId: string;
  readonly command: string;
  readonly params?: unknown;
  /** @default 30_000 */
  readonly timeoutMs?: number | undefined;
  readonly idempotencyKey: string;
  readonly onOutput?: Invocation["onOutput"];
}

/**
 * Asks a node for something on somebody's behalf, if what it is asked for is declared, approved and allowed.
 * @throws {RequestError} when it isn't, or the node isn't here, doesn't answer, or says no
 */
export type NodeInvocation = (order: NodeOrder, caller: ApprovalCaller) => Promise<ResultOf<"node.invoke">>;

export interface NodeInvocationOptions {
  readonly directory: Pick<NodeDirectory, "current">;
  readonly invoker: NodeInvoker;
  readonly rules: () => CommandRules;
  readonly approvals: ApprovalDesk;
}

/** The one way by which nodes are asked, for operators and agents alike. */
export function createNodeInvocation({ approvals, directory, invoker, rules }: NodeInvocationOptions): NodeInvocation {
  return async (order, caller) => {
    const [nodeId, command] = [order.nodeId.trim(), order.command.trim()];
    if (nodeId === "" || command === "") throw new RequestError("INVALID_PARAMS", "nodeId and command required");
    const session = connectedNode(directory, nodeId);
    const refusal = refuseCommand(command, groundOf(session), rules());
    if (refusal !== undefined) throw notAllowed(command, refusal);
    const { idempotencyKey, onOutput, timeoutMs } = order;
    const answer = await invoker.ask(session, {
      command,
      params: await paramsFor(session, command, order, caller, approvals),
      timeoutMs: timeoutMs ?? LIMITS.nodeInvokeTimeoutMs,
      idempotencyKey,
      onOutput,
    });
    return resultOf(nodeId, command, answer);
  };
}

/** The connection of a node. @throws {RequestError} when it isn't here */
export function connectedNode(directory: Pick<NodeDirectory, "current">, nodeId: string): NodeSession {
  const session = directory.current(nodeId);
  if (session === undefined) throw new RequestError("NOT_CONNECTED", "node not connected");
  return session;
}

/** What a node is sent as params: of what the caller says about approvals, only what the gateway knows to be so. */
async function paramsFor(
  session: NodeSession,
  command: string,
  { params, idempotencyKey: key }: NodeOrder,
  caller: ApprovalCaller,
  approvals: ApprovalDesk,
): Promise<unknown> {
  if (!command.startsWith("system.")) return params;
  if (command !== "system.run") return withoutGatewayFields(params);
  const { nodeId, surface } = session;
  const isBindable = surface.commands.includes("system.run.prepare");
  const target = { nodeId, key, isBindable, isRepeatable: isIdempotent(session) };
  return permittedRun(params, target, caller, approvals);
}

/** The refusal of a command. */
export function notAllowed(command: string, reason: string): RequestError {
  return new RequestError("COMMAND_NOT_ALLOWED", "node command not allowed", { details: { reason, command } });
}
