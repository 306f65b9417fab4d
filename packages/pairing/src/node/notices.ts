import { isSameNode } from "../node-claims.ts";
import { own } from "../rows.ts";
import type { NodePairingOutcomes } from "./events.ts";
import { type PendingNodeSummary, pendingNodeSummary } from "./list.ts";
import { approvedNode, isWaiting, type NodePairingState } from "./records.ts";

/** What others have to hear about. Holds no secret. */
export type NodeNotice =
  | { readonly type: "node-requested"; readonly request: PendingNodeSummary }
  | {
      readonly type: "node-resolved";
      readonly requestId: string;
      readonly nodeId: string;
      readonly decision: "approved" | "rejected";
      readonly atMs: number;
    }
  /** What this node may be asked to do isn't what it was. If it is connected, have it declared again. */
  | { readonly type: "surface-changed"; readonly nodeId: string };

/** What an outcome has to tell others. */
export function nodeNoticesOf(outcome: NodePairingOutcomes[keyof NodePairingOutcomes], atMs: number): NodeNotice[] {
  switch (outcome.type) {
    case "declared": {
      const isNew = outcome.change === "created" || outcome.change === "superseded";
      return isNew && outcome.request !== undefined ? [requested(outcome.request)] : [];
    }
    case "requested":
      return outcome.created ? [requested(outcome.request)] : [];
    case "approved":
    case "rejected": {
      const { requestId, nodeId, type: decision } = outcome;
      const resolved: NodeNotice = { type: "node-resolved", requestId, nodeId, decision, atMs };
      return decision === "approved" ? [{ type: "surface-changed", nodeId }, resolved] : [resolved];
    }
    case "removed":
      return [{ type: "surface-changed", nodeId: outcome.nodeId }];
    case "forgotten":
      return outcome.wasApproved ? [{ type: "surface-changed", nodeId: outcome.nodeId }] : [];
    default:
      return [];
  }
}

/** What changed between two states that somebody else wrote, such as the command line on the same files. */
export function nodeNoticesBetween(before: NodePairingState, after: NodePairingState, atMs: number): NodeNotice[] {
  const notices: NodeNotice[] = [];
  for (const nodeId of new Set([...Object.keys(before.paired), ...Object.keys(after.paired)])) {
    const [old, now] = [approvedNode(before.paired, nodeId), approvedNode(after.paired, nodeId)];
    const isSame = old === undefined || now === undefined ? old === now : isSameNode(old, now);
    if (!isSame) notices.push({ type: "surface-changed", nodeId });
  }
  for (const { requestId, nodeId } of Object.values(before.pending).filter(isWaiting)) {
    const left = own(after.pending, requestId);
    const isApproved = left === undefined && own(after.paired, nodeId)?.approvedRequestId === requestId;
    const isRejected = left !== undefined && !isWaiting(left);
    if (!isApproved && !isRejected) continue;
    notices.push({ type: "node-resolved", requestId, nodeId, decision: isApproved ? "approved" : "rejected", atMs });
  }
  return notices;
}

function requested(request: Parameters<typeof pendingNodeSummary>[0]): NodeNotice {
  return { type: "node-requested", request: pendingNodeSummary(request) };
}
