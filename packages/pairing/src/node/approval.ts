import { forbiddenWithout } from "../authority.ts";
import { withoutNodeFacts } from "../node-claims.ts";
import type { ApprovalRules } from "../pairing-state.ts";
import { given, own, without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type { ApproveNodeEvent, NodePairingOutcomes, RejectNodeEvent } from "./events.ts";
import { needsAdmin } from "./exec-commands.ts";
import type { NodePairingLimits } from "./limits.ts";
import { approvedNode, isWaiting, type NodePairingState, type PairedNode, type PendingNode } from "./records.ts";

/**
 * Gives a node what its request lists. The one approval of every surface: what runs programs, or tells which may run, is
 * an admin's to give (rule R-29).
 */
export function approveNode(
  state: NodePairingState,
  event: ApproveNodeEvent,
  nowMs: number,
): Transition<NodePairingState, NodePairingOutcomes["approve"]> {
  const request = own(state.pending, event.requestId);
  if (request === undefined || !isWaiting(request)) return { state, outcome: { type: "unknown-request" } };
  const needed = needsAdmin(request.commands ?? []) ? ["operator.admin"] : [];
  const forbidden = forbiddenWithout(event.caller, ["operator.pairing", ...needed]);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  // A node that connects proves itself by its device's key. Only who comes the older way needs a token.
  const isTokenIssued = request.declared !== true;
  const approval = { atMs: nowMs, ...(isTokenIssued && { token: event.freshToken }) };
  const node = nodeAfterApproval(state, request, approval);
  return {
    state: {
      pending: without(state.pending, [request.requestId]),
      paired: { ...state.paired, [node.nodeId]: node },
    },
    outcome: { type: "approved", requestId: request.requestId, nodeId: node.nodeId, node, isTokenIssued },
  };
}

/** Says no. To what a node declared of itself for a while, so that it doesn't ask again at every connect. */
export function rejectNode(
  state: NodePairingState,
  event: RejectNodeEvent,
  nowMs: number,
  limits: NodePairingLimits,
): Transition<NodePairingState, NodePairingOutcomes["reject"]> {
  const forbidden = forbiddenWithout(event.caller, ["operator.pairing"]);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const request = own(state.pending, event.requestId);
  if (request === undefined || !isWaiting(request)) return { state, outcome: { type: "unknown-request" } };
  const { requestId, nodeId } = request;
  const outcome = { type: "rejected", requestId, nodeId } as const;
  if (request.declared !== true) return { state: { ...state, pending: without(state.pending, [requestId]) }, outcome };
  const forgotten = Object.values(state.pending)
    .filter((row) => row.nodeId === nodeId && !isWaiting(row))
    .sort((left, right) => (right.rejectedAtMs ?? 0) - (left.rejectedAtMs ?? 0))
    .slice(Math.max(0, limits.maxRejectionsPerNode - 1))
    .map((row) => row.requestId);
  const rest = without(state.pending, forgotten);
  return { state: { ...state, pending: { ...rest, [requestId]: { ...request, rejectedAtMs: nowMs } } }, outcome };
}

/** A node's row once a request of it is approved: exactly what the request lists, with what the owner made of the row. */
function nodeAfterApproval(
  { paired }: Pick<NodePairingState, "paired">,
  request: PendingNode,
  { atMs, token }: Exclude<PendingNode["approval"], undefined>,
): PairedNode {
  const known = own(paired, request.nodeId);
  const existing = approvedNode(paired, request.nodeId);
  const { requestId, approval: _, silent: __, isRepair: ___, ts: ____, ...rest } = request;
  const { declared: _____, added: ______, pinned: _______, rejectedAtMs: ________, ...described } = rest;
  return {
    ...(existing === undefined ? {} : withoutNodeFacts(existing)),
    ...described,
    ...given({ displayName: existing?.displayName ?? described.displayName, token: token ?? existing?.token }),
    createdAtMs: existing?.createdAtMs ?? atMs,
    // Never before an older approval or removal, whatever the clock says: the newest one is the one that counts.
    approvedAtMs: Math.max(atMs, known?.approvedAtMs ?? atMs),
    approvedRequestId: requestId,
  };
}

/** What approving a node's request means for the two files. */
export const nodeApprovals: ApprovalRules<PendingNode, PairedNode, NodePairingOutcomes[keyof NodePairingOutcomes]> = {
  carryOut(paired, request) {
    const { approval, nodeId, requestId } = request;
    if (approval === undefined || own(paired, nodeId)?.approvedRequestId === requestId) return paired;
    return { ...paired, [nodeId]: nodeAfterApproval({ paired }, request, approval) };
  },
  markOf(outcome) {
    if (outcome.type !== "approved") return undefined;
    const { node, requestId, isTokenIssued } = outcome;
    return { requestId, approval: { atMs: node.approvedAtMs, ...(isTokenIssued && given({ token: node.token })) } };
  },
};
