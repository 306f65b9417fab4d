import {
  isSameNode,
  isSamePlatform,
  isSameSet,
  type NodeFacts,
  nodeFactsOf,
  withoutNodeFacts,
} from "../node-claims.ts";
import { given, own, without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type { DeclaredNode, DeclareNodeEvent } from "./events.ts";
import {
  approvedNode,
  isWaiting,
  type NodePairingState,
  type PairedNode,
  type PairedNodes,
  type PendingNode,
} from "./records.ts";
import { beyond, surfaceOf, tidyClaims } from "./surface.ts";

/**
 * What a node that has just connected may be asked to do. Whatever it declares beyond its approval makes one request and
 * stays unusable until that is approved (rule R-30).
 */
export function declareNode(
  before: NodePairingState,
  event: DeclareNodeEvent,
  nowMs: number,
): Transition<NodePairingState, DeclaredNode> {
  const { nodeId, metadata } = event;
  const paired = seeded(before.paired, event);
  const state = paired === before.paired ? before : { ...before, paired };
  const record = approvedNode(paired, nodeId);
  const declared: NodeFacts = { ...nodeFactsOf(metadata), ...tidyClaims(event.claims) };
  const added = beyond(record, declared);
  const isElsewhere = record !== undefined && !isSamePlatform(record, declared);
  const pinned = isElsewhere ? { pinned: given({ platform: record.platform, deviceFamily: record.deviceFamily }) } : {};
  const answer = (next: NodePairingState, change: DeclaredNode["change"], request?: PendingNode) => {
    const outcome: DeclaredNode = { type: "declared", nodeId, surface: surfaceOf(record, declared), change, ...pinned };
    return { state: next, outcome: request === undefined ? outcome : { ...outcome, request } };
  };

  const rows = Object.values(state.pending).filter((row) => row.nodeId === nodeId);
  const waiting = rows.find(isWaiting);
  const asks = record === undefined || isElsewhere || added.caps.length > 0 || added.commands.length > 0;
  const isRejected = rows.some((row) => !isWaiting(row) && isSameNode(row, declared));
  if (!asks || isRejected) {
    // What somebody else asked for in its name is that one's, and expires.
    const gone = waiting?.declared === true ? [waiting.requestId] : [];
    const rest = without(state.pending, gone);
    const next = rest === state.pending ? state : { ...state, pending: rest };
    return answer(next, asks ? "rejected" : gone.length > 0 ? "withdrawn" : "none");
  }
  const request: PendingNode = {
    ...metadata,
    ...declared,
    requestId: event.requestId,
    nodeId,
    silent: false,
    isRepair: record !== undefined,
    ts: nowMs,
    declared: true,
    added,
    ...pinned,
  };
  if (waiting !== undefined && isSameDeclaration(waiting, request)) {
    // An update that was decided again, because somebody else wrote in between, finds its own request.
    return answer(state, waiting.requestId === event.requestId ? "created" : "unchanged", waiting);
  }
  const rest = without(state.pending, waiting === undefined ? [] : [waiting.requestId]);
  const pending = { ...rest, [request.requestId]: request };
  return answer({ ...state, pending }, waiting === undefined ? "created" : "superseded", request);
}

/** The newest approval wins: what a device was let in with later than its node was approved takes that one's place. */
function seeded(paired: PairedNodes, { nodeId, metadata, approvedByDevice }: DeclareNodeEvent): PairedNodes {
  const known = own(paired, nodeId);
  if (approvedByDevice === undefined || (known !== undefined && approvedByDevice.atMs <= known.approvedAtMs)) {
    return paired;
  }
  const { claims, atMs } = approvedByDevice;
  const existing = approvedNode(paired, nodeId);
  const record: PairedNode = {
    ...(existing === undefined ? withoutNodeFacts(metadata) : withoutNodeFacts(existing)),
    ...nodeFactsOf(claims),
    ...tidyClaims(claims),
    nodeId,
    createdAtMs: existing?.createdAtMs ?? atMs,
    approvedAtMs: atMs,
  };
  return { ...paired, [nodeId]: record };
}

function isSameDeclaration(row: PendingNode, request: PendingNode): boolean {
  return (
    row.declared === true &&
    isSameNode(row, request) &&
    isSameSet(row.added?.caps ?? [], request.added?.caps ?? []) &&
    isSameSet(row.added?.commands ?? [], request.added?.commands ?? []) &&
    isSamePlatform(row.pinned ?? {}, request.pinned ?? {}) &&
    (row.pinned === undefined) === (request.pinned === undefined)
  );
}
