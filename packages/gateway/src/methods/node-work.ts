import { LIMITS, scopeSatisfies } from "@saltgate/protocol";
import { withoutGatewayFields } from "../approvals/run-permit.ts";
import type { Peer } from "../connection/peer.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { pendingWorkOf, queuedWorkOf, type WorkDesk } from "../nodes/work-desk.ts";
import type { Work } from "../nodes/work-queue.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about work for sleeping nodes need. */
export interface NodeWorkMethodsOptions {
  readonly work: WorkDesk;
  /** Whether a node is paired. */
  readonly isKnown: (nodeId: string) => Promise<boolean>;
  /** Gives a node that is here what waits for it. */
  readonly deliver: (nodeId: string) => void;
  readonly now: () => number;
  readonly newId: () => string;
}

type NodeWorkMethods = Pick<
  Handlers,
  "node.pending.enqueue" | "node.pending.list" | "node.pending.get" | "node.pending.cancel"
>;

/** Handlers of the methods by which operators leave work for nodes that sleep. */
export function nodeWorkMethods({ work, isKnown, deliver, now, newId }: NodeWorkMethodsOptions): NodeWorkMethods {
  const find = async (id: string, caller: Peer): Promise<Work> => {
    const rows = await work.rows();
    const row = Object.hasOwn(rows, id) ? rows[id] : undefined;
    if (row === undefined || !mayRead(row, caller)) throw unknownWork();
    return row;
  };
  return {
    async "node.pending.enqueue"(params, caller) {
      if (!(await isKnown(params.nodeId)))
        throw new RequestError("UNKNOWN_NODE", "unknown nodeId (saltgate nodes list)");
      const command = params.command?.trim() ?? params.type ?? "";
      // Nobody is there to be asked later, so what an approval would have to allow isn't left for later either.
      const given = command.startsWith("system.") ? withoutGatewayFields(params.params) : params.params;
      const outcome = await work.change({
        type: "enqueue",
        work: {
          id: newId(),
          nodeId: params.nodeId,
          command,
          paramsJSON: given === undefined ? null : JSON.stringify(given),
          idempotencyKey: params.idempotencyKey ?? newId(),
          sender: senderOf(caller),
          priority: params.priority ?? "normal",
          expiresAtMs: now() + (params.expiresInMs ?? LIMITS.pendingWorkTtlMs),
        },
      });
      if (outcome.type === "key-reused")
        throw new RequestError("IDEMPOTENCY_KEY_REUSED", "this idempotency key belongs to other work");
      if (outcome.type !== "enqueued")
        throw new RequestError("PENDING_WORK_FULL", "too much work waits for this node already", {
          retryAfterMs: 60_000,
        });
      deliver(params.nodeId);
      const { nodeId } = outcome.work;
      return { nodeId, revision: 0, queued: pendingWorkOf(outcome.work), wakeTriggered: false };
    },
    async "node.pending.list"({ nodeId }, caller) {
      const rows = Object.values(await work.rows());
      return {
        work: rows
          .filter((row) => mayRead(row, caller) && (nodeId === undefined || row.nodeId === nodeId))
          .sort((left, right) => right.createdAtMs - left.createdAtMs)
          .map((row) => queuedWorkOf(row, false)),
      };
    },
    "node.pending.get": async ({ id }, caller) => queuedWorkOf(await find(id, caller), true),
    async "node.pending.cancel"({ id }, caller) {
      await find(id, caller);
      const outcome = await work.change({ type: "cancel", id, sender: senderOf(caller), isAdmin: isAdmin(caller) });
      return { id, cancelled: outcome.type === "cancelled" };
    },
  };
}

function senderOf(caller: Peer): string {
  return caller.deviceId ?? "local owner";
}

function isAdmin(caller: Peer): boolean {
  return scopeSatisfies(caller.scopes, "operator.admin");
}

function mayRead(work: Work, caller: Peer): boolean {
  return work.sender === senderOf(caller) || isAdmin(caller);
}

function unknownWork(): RequestError {
  return new RequestError("UNKNOWN_WORK", "no such work: what is over is forgotten after a day");
}
