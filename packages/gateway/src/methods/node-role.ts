import { type CheckedParamsOf, isTooDeep, nodeHostStatsSchema } from "@saltgate/protocol";
import type { Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { execEventLine } from "../nodes/exec-event-line.ts";
import { answerOf } from "../nodes/invocation-answer.ts";
import type { NodeDiary } from "../nodes/node-diary.ts";
import type { NodeInvoker } from "../nodes/node-invoker.ts";
import { pendingWorkOf, type WorkDesk } from "../nodes/work-desk.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods that nodes call need. */
export interface NodeRoleMethodsOptions {
  readonly invoker: NodeInvoker;
  readonly work: WorkDesk;
  readonly diary: NodeDiary;
  /** Takes a line for the session that an agent works in. */
  readonly queueSystemEvent: (text: string) => void;
  /** Names of programs that installed skills need. */
  readonly skillBins: () => readonly string[];
  /** Takes an event that belongs to a conversation. @returns true, or why it had no effect */
  readonly conversationEvent: (event: string, payload: unknown, caller: Peer) => Promise<true | string>;
}

type NodeRoleMethods = Pick<
  Handlers,
  "node.invoke.result" | "node.invoke.progress" | "node.event" | "node.pending.drain" | "skills.bins"
>;

const DRAIN_MAX = 10;
/** Kinds of events that belong to a conversation. */
const CONVERSATION_EVENTS: ReadonlySet<string> = new Set([
  "agent.request",
  "chat.subscribe",
  "chat.unsubscribe",
  "voice.transcript",
]);

/** Handlers of what nodes tell the gateway. A node only ever speaks for itself. */
export function nodeRoleMethods(options: NodeRoleMethodsOptions): NodeRoleMethods {
  const { invoker, work, diary } = options;
  return {
    async "node.invoke.result"(params, caller) {
      const nodeId = ownNodeId(params.nodeId, caller);
      const answer = answerOf(params);
      if (invoker.answer(nodeId, params.id, answer)) return { ok: true };
      // A late answer is ignored, unless it is to work that was left for this node.
      if (!Object.hasOwn(await work.rows(), params.id)) return { ok: true, ignored: true };
      const outcome = await work.change({
        type: "answer",
        id: params.id,
        nodeId,
        ok: answer.ok,
        ...(answer.ok && answer.payload !== undefined && { payloadJSON: JSON.stringify(answer.payload) }),
        ...(!answer.ok && answer.error && { error: answer.error }),
      });
      return outcome.type === "answered" ? { ok: true } : { ok: true, ignored: true };
    },
    "node.invoke.progress"({ invokeId, nodeId, seq, chunk, stream }, caller) {
      const isRead = invoker.output(ownNodeId(nodeId, caller), invokeId, { seq, chunk, stream });
      return isRead ? { ok: true } : { ok: true, ignored: true };
    },
    async "node.event"(params, caller) {
      const nodeId = ownNodeId(caller.deviceId ?? "", caller);
      const handled = CONVERSATION_EVENTS.has(params.event)
        ? await options.conversationEvent(params.event, payloadOf(params), caller)
        : takeEvent(params, nodeId, options);
      if (caller.version === 3) return { ok: true };
      return { ok: true, event: params.event, handled: handled === true, ...(handled !== true && { reason: handled }) };
    },
    async "node.pending.drain"({ maxItems }, caller) {
      const nodeId = ownNodeId(caller.deviceId ?? "", caller);
      const outcome = await work.change({
        type: "take",
        nodeId,
        max: maxItems ?? DRAIN_MAX,
        how: "drain",
        again: false,
      });
      diary.note(nodeId, "alive");
      if (outcome.type !== "taken") return { nodeId, revision: 0, items: [], hasMore: false };
      return {
        nodeId,
        revision: outcome.work.length,
        items: outcome.work.map(pendingWorkOf),
        hasMore: outcome.hasMore,
      };
    },
    "skills.bins": () => ({ bins: [...options.skillBins()].sort() }),
  };
}

/** @throws {RequestError} when a node speaks for another one */
function ownNodeId(nodeId: string, caller: Peer): string {
  if (caller.deviceId === undefined || caller.deviceId !== nodeId)
    throw new RequestError("NODE_ID_MISMATCH", "nodeId mismatch");
  return nodeId;
}

/** @returns true, or why the event had no effect */
function takeEvent(
  params: CheckedParamsOf<"node.event">,
  nodeId: string,
  { diary, queueSystemEvent }: NodeRoleMethodsOptions,
): true | string {
  const payload = payloadOf(params);
  switch (params.event) {
    case "node.presence.alive": {
      const stats = nodeHostStatsSchema().safeParse((payload as { host?: unknown } | undefined)?.host);
      diary.note(nodeId, "alive", stats.success ? stats.data : undefined);
      return true;
    }
    case "exec.started":
    case "exec.finished":
    case "exec.denied": {
      const line = execEventLine(params.event, nodeId, payload);
      if (line === undefined) return "the payload doesn't fit the event";
      queueSystemEvent(line);
      return true;
    }
    default:
      return "this gateway does nothing with this event";
  }
}

function payloadOf({ payload, payloadJSON }: CheckedParamsOf<"node.event">): unknown {
  if (typeof payloadJSON !== "string" || payloadJSON === "") return payload;
  try {
    const value: unknown = JSON.parse(payloadJSON);
    return isTooDeep(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
