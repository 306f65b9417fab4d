import type { NodeAnswer, NodesPort, ToolContext } from "@saltgate/agent";
import { type NodeRow, type SystemRunPrepared, systemRunPreparedSchema } from "@saltgate/protocol";
import { RequestError } from "../dispatch/outcome.ts";
import type { NodeDesk } from "../nodes/node-desk.ts";
import { askerOf, askOwner, type RunAskerOptions } from "./run-asker.ts";

export interface NodesPortOptions extends RunAskerOptions {
  readonly nodes: () => Pick<NodeDesk, "invoke" | "rows">;
}

type Order = Parameters<NodesPort["invoke"]>[0];

/** What the way there and back may take besides the command, in milliseconds. */
const wayMs = 10_000;
const usualRunMs = 30_000;

/** The nodes, for agents: the same policy as for everybody, and the owner is asked where a node wants that. */
export function createNodesPort(options: NodesPortOptions): NodesPort {
  const { nodes } = options;
  return {
    list: async () => (await nodes().rows()).map(summaryOf),
    describe: async (word) => found(await nodes().rows(), word),
    async invoke(order, context) {
      try {
        const row = found(await nodes().rows(), order.node);
        if (row === undefined)
          return { ok: false, code: "UNKNOWN_NODE", message: `There is no node "${order.node}". List them.` };
        if (order.command.trim() !== "system.run" || row.commands?.includes("system.run.prepare") !== true)
          return await ask(row.nodeId, order, context, options);
        return await runOn(row.nodeId, order, context, options);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        const { reason } = (error.shape.details ?? {}) as { readonly reason?: unknown };
        const why = typeof reason === "string" ? `: ${reason}` : "";
        return { ok: false, code: error.detail, message: `${error.message}${why}` };
      }
    },
  };
}

async function ask(
  nodeId: string,
  { command, idempotencyKey, params, timeoutMs }: Omit<Order, "node">,
  context: ToolContext,
  { nodes }: NodesPortOptions,
): Promise<NodeAnswer> {
  const { payload } = await nodes().invoke({ nodeId, command, params, timeoutMs, idempotencyKey }, askerOf(context));
  return { ok: true, payload };
}

/** A program on a node: the node says what would run and whether it wants its owner asked; then exactly that runs. */
async function runOn(
  nodeId: string,
  order: Order,
  context: ToolContext,
  options: NodesPortOptions,
): Promise<NodeAnswer> {
  const { agentId, sessionKey } = context;
  const asked = { ...order.params, agentId, sessionKey };
  const prepared = await options
    .nodes()
    .invoke(
      { nodeId, command: "system.run.prepare", params: asked, idempotencyKey: `${order.idempotencyKey}:prepare` },
      askerOf(context),
    );
  const { plan, policy, reason, verdict } = readPrepared(prepared.payload);
  if (verdict === "denied")
    return { ok: false, code: "SYSTEM_RUN_DENIED", message: `The node doesn't run that: ${reason}.` };
  const told = order.params["timeoutMs"];
  const runMs = typeof told === "number" && told > 0 ? told : usualRunMs;
  const timeoutMs = order.timeoutMs ?? Math.min(600_000, runMs + wayMs);
  const params = { ...asked, cwd: plan.cwd };
  if (verdict === "allowed") return await ask(nodeId, { ...order, params, timeoutMs }, context, options);
  const about = { host: "node", nodeId, security: policy.security, ask: policy.ask };
  const { approvalId, decision } = await askOwner(plan, about, context, options);
  if (decision === "expired")
    return { ok: false, code: "APPROVAL_EXPIRED", message: "The owner was asked, and nobody answered in time." };
  if (decision === "deny") return { ok: false, code: "APPROVAL_DENIED", message: "The owner was asked, and said no." };
  const permitted = { ...params, runId: approvalId, approved: true };
  return await ask(nodeId, { ...order, params: permitted, timeoutMs }, context, options);
}

function readPrepared(payload: unknown): SystemRunPrepared {
  const read = systemRunPreparedSchema().safeParse(payload);
  if (read.success) return read.data;
  throw new RequestError("NODE_FAILED", "the node's answer to system.run.prepare can't be read: update the node");
}

function summaryOf({
  commands,
  connected,
  displayName,
  nodeId,
  platform,
}: NodeRow): Awaited<ReturnType<NodesPort["list"]>>[number] {
  return {
    id: nodeId,
    name: displayName ?? undefined,
    isConnected: connected,
    platform: platform ?? undefined,
    commands: [...commands],
  };
}

/** The one node that a word means: its id, the beginning of it (six or more), or its name. Pure. */
function found(rows: readonly NodeRow[], word: string): NodeRow | undefined {
  const wanted = word.trim().toLowerCase();
  const one = (candidates: readonly NodeRow[]): NodeRow | undefined =>
    candidates.length === 1 ? candidates[0] : undefined;
  return (
    rows.find(({ nodeId }) => nodeId.toLowerCase() === wanted) ??
    one(rows.filter(({ displayName }) => displayName?.trim().toLowerCase() === wanted)) ??
    (wanted.length < 6 ? undefined : one(rows.filter(({ nodeId }) => nodeId.toLowerCase().startsWith(wanted))))
  );
}
