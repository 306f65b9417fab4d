import { forbiddenOn } from "../authority.ts";
import { without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type {
  ForgetNodeEvent,
  NodePairingOutcomes,
  RemoveNodeEvent,
  RenameNodeEvent,
  TouchNodesEvent,
} from "./events.ts";
import { approvedNode, type NodePairingState, type PairedNode, type PendingNodes } from "./records.ts";

type Change<Type extends keyof NodePairingOutcomes> = Transition<NodePairingState, NodePairingOutcomes[Type]>;

/** Takes a node off the list. Its device may still connect, but is asked to do nothing until its owner approves anew. */
export function removeNode(state: NodePairingState, event: RemoveNodeEvent, nowMs: number): Change<"remove"> {
  const { nodeId, caller } = event;
  const forbidden = forbiddenOn(nodeId, caller);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const record = approvedNode(state.paired, nodeId);
  if (record === undefined) return { state, outcome: { type: "unknown-node" } };
  const removed: PairedNode = {
    nodeId,
    createdAtMs: record.createdAtMs,
    approvedAtMs: Math.max(nowMs, record.approvedAtMs),
    removedAtMs: nowMs,
    ...(record.approvedRequestId !== undefined && { approvedRequestId: record.approvedRequestId }),
  };
  return {
    state: { pending: withoutNode(state.pending, nodeId), paired: { ...state.paired, [nodeId]: removed } },
    outcome: { type: "removed", nodeId },
  };
}

export function forgetNode(state: NodePairingState, { nodeId }: ForgetNodeEvent): Change<"forget"> {
  const wasApproved = approvedNode(state.paired, nodeId) !== undefined;
  const pending = withoutNode(state.pending, nodeId);
  const paired = without(state.paired, [nodeId]);
  const isSame = pending === state.pending && paired === state.paired;
  return { state: isSame ? state : { pending, paired }, outcome: { type: "forgotten", nodeId, wasApproved } };
}

export function renameNode(state: NodePairingState, event: RenameNodeEvent): Change<"rename"> {
  const { nodeId, displayName, caller } = event;
  const forbidden = forbiddenOn(nodeId, caller);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const record = approvedNode(state.paired, nodeId);
  if (record === undefined) return { state, outcome: { type: "unknown-node" } };
  const outcome = { type: "renamed", nodeId, displayName } as const;
  if (record.displayName === displayName) return { state, outcome };
  return { state: { ...state, paired: { ...state.paired, [nodeId]: { ...record, displayName } } }, outcome };
}

export function touchNodes(state: NodePairingState, event: TouchNodesEvent): Change<"touch"> {
  const touched = event.uses.flatMap(({ nodeId, atMs }): [string, PairedNode][] => {
    const record = approvedNode(state.paired, nodeId);
    const isNews = record !== undefined && (record.lastConnectedAtMs ?? -1) < atMs;
    return isNews ? [[nodeId, { ...record, lastConnectedAtMs: atMs }]] : [];
  });
  const outcome = { type: "touched" } as const;
  if (touched.length === 0) return { state, outcome };
  return { state: { ...state, paired: { ...state.paired, ...Object.fromEntries(touched) } }, outcome };
}

function withoutNode(pending: PendingNodes, nodeId: string): PendingNodes {
  const rows = Object.values(pending).filter((row) => row.nodeId === nodeId);
  return without(
    pending,
    rows.map(({ requestId }) => requestId),
  );
}
