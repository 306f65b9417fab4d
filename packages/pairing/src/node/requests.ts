import { isSameNode } from "../node-claims.ts";
import { without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type { NodePairingOutcomes, RequestNodeEvent } from "./events.ts";
import type { NodePairingLimits } from "./limits.ts";
import { approvedNode, isWaiting, type NodePairingState, type PendingNode } from "./records.ts";
import { beyond, tidyClaims } from "./surface.ts";

/** Somebody asks for a node, the older way. One request per node; asking for something else makes another one. */
export function requestNode(
  state: NodePairingState,
  event: RequestNodeEvent,
  nowMs: number,
  limits: NodePairingLimits,
): Transition<NodePairingState, NodePairingOutcomes["request"]> {
  const { nodeId, metadata, requestId } = event;
  const waiting = Object.values(state.pending).find((row) => row.nodeId === nodeId && isWaiting(row));
  // What a node declares of itself isn't pushed aside by what somebody else says about it.
  if (waiting?.declared === true) return { state, outcome: { type: "requested", request: waiting, created: false } };
  const record = approvedNode(state.paired, nodeId);
  const claims = tidyClaims(event);
  const request: PendingNode = {
    ...metadata,
    ...claims,
    requestId,
    nodeId,
    silent: event.silent === true,
    isRepair: record !== undefined,
    ts: nowMs,
    added: beyond(record, claims),
  };
  if (waiting !== undefined && isSameNode(waiting, request) && waiting.silent === request.silent) {
    return { state, outcome: { type: "requested", request: waiting, created: waiting.requestId === requestId } };
  }
  if (waiting === undefined) {
    const rows = Object.values(state.pending).filter((row) => isWaiting(row) && row.declared !== true);
    if (rows.length >= limits.maxPending) return { state, outcome: { type: "refused", reason: "pending-full" } };
    const fromThere = rows.filter(({ remoteIp }) => remoteIp === metadata.remoteIp);
    if (fromThere.length >= limits.maxPendingPerAddress) {
      return { state, outcome: { type: "refused", reason: "pending-full-for-address" } };
    }
  }
  const rest = without(state.pending, waiting === undefined ? [] : [waiting.requestId]);
  return {
    state: { ...state, pending: { ...rest, [requestId]: request } },
    outcome: { type: "requested", request, created: true },
  };
}
