import { nodeFactsOf } from "../node-claims.ts";
import { given } from "../rows.ts";
import { isWaiting, type NodePairingState, type PairedNode, type PendingNode } from "./records.ts";

/** A request as others may see it. */
export type PendingNodeSummary = Omit<PendingNode, "approval" | "rejectedAtMs">;
/** A node as others may see it: without its token. */
export type PairedNodeSummary = Omit<PairedNode, "token" | "approvedRequestId" | "removedAtMs">;

/** Both lists, newest first. */
export interface NodeList {
  readonly pending: readonly PendingNodeSummary[];
  readonly paired: readonly PairedNodeSummary[];
}

/** What `node.pair.list` shows. Only named fields, so that a key that we don't know can't carry a secret out. */
export function listNodes(state: NodePairingState): NodeList {
  return {
    pending: Object.values(state.pending)
      .filter(isWaiting)
      .map(pendingNodeSummary)
      .sort((left, right) => right.ts - left.ts || left.requestId.localeCompare(right.requestId)),
    paired: Object.values(state.paired)
      .filter(({ removedAtMs }) => removedAtMs === undefined)
      .map(pairedNodeSummary)
      .sort((left, right) => right.approvedAtMs - left.approvedAtMs || left.nodeId.localeCompare(right.nodeId)),
  };
}

/** A request as others may see it. */
export function pendingNodeSummary(row: PendingNode): PendingNodeSummary {
  const { requestId, nodeId, silent, isRepair, ts, declared, added, pinned } = row;
  return { requestId, nodeId, ...aboutOf(row), silent, isRepair, ts, ...given({ declared, added, pinned }) };
}

/** A node as others may see it. */
export function pairedNodeSummary(row: PairedNode): PairedNodeSummary {
  const { nodeId, createdAtMs, approvedAtMs, lastConnectedAtMs } = row;
  return { nodeId, ...aboutOf(row), createdAtMs, approvedAtMs, ...given({ lastConnectedAtMs }) };
}

function aboutOf(row: PendingNode | PairedNode) {
  const { displayName, version, coreVersion, uiVersion, modelIdentifier, remoteIp } = row;
  return { ...given({ displayName, version, coreVersion, uiVersion, modelIdentifier, remoteIp }), ...nodeFactsOf(row) };
}
