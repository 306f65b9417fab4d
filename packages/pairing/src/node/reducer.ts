import { without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import { approveNode, rejectNode } from "./approval.ts";
import { forgetNode, removeNode, renameNode, touchNodes } from "./changes.ts";
import { declareNode } from "./declaration.ts";
import type { NodePairingEvent, NodePairingOutcomes } from "./events.ts";
import { defaultNodePairingLimits, type NodePairingLimits } from "./limits.ts";
import type { NodePairingState, PendingNode } from "./records.ts";
import { requestNode } from "./requests.ts";

/** Nothing waits, nothing is approved. */
export const emptyNodePairing: NodePairingState = { pending: {}, paired: {} };

/**
 * Node pairing, whole: what nodes may be asked to do, what waits, and what changes that. Who may connect is decided by
 * device pairing. Pure, like that one; the state that comes back is the same object when nothing changed. Rules R-29 to
 *
 */
export function nodePairing<Event extends NodePairingEvent>(
  state: NodePairingState,
  event: Event,
  nowMs: number,
  limits: NodePairingLimits = defaultNodePairingLimits,
): Transition<NodePairingState, NodePairingOutcomes[Event["type"]]> {
  const over = Object.values(state.pending).filter((row) => isOver(row, nowMs, limits));
  const ids = over.map(({ requestId }) => requestId);
  const current = ids.length === 0 ? state : { ...state, pending: without(state.pending, ids) };
  const expired = over.filter(({ rejectedAtMs }) => rejectedAtMs === undefined).map(({ requestId }) => requestId);
  const transition = step(current, event, nowMs, limits, expired);
  return transition as Transition<NodePairingState, NodePairingOutcomes[Event["type"]]>;
}

function isOver(row: PendingNode, nowMs: number, limits: NodePairingLimits): boolean {
  if (row.approval !== undefined) return false;
  if (row.rejectedAtMs !== undefined) return nowMs - row.rejectedAtMs > limits.rejectionTtlMs;
  return row.declared !== true && nowMs - row.ts > limits.pendingTtlMs;
}

function step(
  state: NodePairingState,
  event: NodePairingEvent,
  nowMs: number,
  limits: NodePairingLimits,
  expired: readonly string[],
): Transition<NodePairingState, NodePairingOutcomes[keyof NodePairingOutcomes]> {
  switch (event.type) {
    case "declare":
      return declareNode(state, event, nowMs);
    case "request":
      return requestNode(state, event, nowMs, limits);
    case "approve":
      return approveNode(state, event, nowMs);
    case "reject":
      return rejectNode(state, event, nowMs, limits);
    case "remove":
      return removeNode(state, event, nowMs);
    case "rename":
      return renameNode(state, event);
    case "forget":
      return forgetNode(state, event);
    case "touch":
      return touchNodes(state, event);
    case "expire":
      return { state, outcome: { type: "expired", requestIds: expired } };
    default:
      return event satisfies never;
  }
}
