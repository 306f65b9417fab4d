import type { SecretDigest } from "@saltgate/identity";
import type { Caller, Forbidden } from "../authority.ts";
import type { NodeApproval, NodeClaims, NodePlatform } from "../node-claims.ts";
import type { NodeMetadata, PairedNode, PendingNode } from "./records.ts";

/** A paired device has connected in the node role, and says what it can do. */
export interface DeclareNodeEvent {
  readonly type: "declare";
  readonly nodeId: string;
  readonly claims: NodeClaims;
  readonly metadata: NodeMetadata;
  /** What its device was let in with (`Admitted.nodeApproval`). The newer of this and the node's own approval counts. */
  readonly approvedByDevice?: NodeApproval | undefined;
  /** A fresh id, used if a request is created. */
  readonly requestId: string;
}

/** Somebody asks for a node, the older way. */
export interface RequestNodeEvent extends NodeClaims {
  readonly type: "request";
  readonly nodeId: string;
  readonly metadata: NodeMetadata;
  readonly silent?: boolean | undefined;
  /** A fresh id, used if a request is created. */
  readonly requestId: string;
}

export interface ApproveNodeEvent {
  readonly type: "approve";
  readonly requestId: string;
  readonly caller: Caller;
  /** Digest of a fresh secret, used if a token is issued. */
  readonly freshToken: SecretDigest;
}

export interface RejectNodeEvent {
  readonly type: "reject";
  readonly requestId: string;
  readonly caller: Caller;
}

export interface RemoveNodeEvent {
  readonly type: "remove";
  readonly nodeId: string;
  readonly caller: Caller;
}

export interface RenameNodeEvent {
  readonly type: "rename";
  readonly nodeId: string;
  readonly displayName: string;
  readonly caller: Caller;
}

/** Its device was removed: nothing of the node stays. */
export interface ForgetNodeEvent {
  readonly type: "forget";
  readonly nodeId: string;
}

/** Writes down when nodes were last connected. */
export interface TouchNodesEvent {
  readonly type: "touch";
  readonly uses: readonly { readonly nodeId: string; readonly atMs: number }[];
}

/** Drops what is too old. Every other event ignores it anyway. */
export interface ExpireNodesEvent {
  readonly type: "expire";
}

export type NodePairingEvent =
  | ApproveNodeEvent
  | DeclareNodeEvent
  | ExpireNodesEvent
  | ForgetNodeEvent
  | RejectNodeEvent
  | RemoveNodeEvent
  | RenameNodeEvent
  | RequestNodeEvent
  | TouchNodesEvent;

/** What a node may be asked to do now: what it declares, within what is approved, in the order of its declaration. */
export interface NodeSurface {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  /** True where it says so and its owner was shown that. */
  readonly permissions: Readonly<Record<string, boolean>>;
}

export interface DeclaredNode {
  readonly type: "declared";
  readonly nodeId: string;
  readonly surface: NodeSurface;
  /** What waits for the owner, because it declares more than is approved. */
  readonly request?: PendingNode;
  /**
   * What became of its request. `none`: there was none and needs to be none. `withdrawn`: there needs to be none any
   * more. `rejected`: the owner said no to exactly this, not long ago.
   */
  readonly change: "none" | "created" | "superseded" | "unchanged" | "withdrawn" | "rejected";
  /** The approved platform, where it declares another one. Nothing is usable then. */
  readonly pinned?: NodePlatform;
}

export interface RequestedNode {
  readonly type: "requested";
  readonly request: PendingNode;
  readonly created: boolean;
}

/** Too much waits already. Nothing was changed. */
export interface NodeRefused {
  readonly type: "refused";
  readonly reason: "pending-full" | "pending-full-for-address";
}

export interface ApprovedNode {
  readonly type: "approved";
  readonly requestId: string;
  readonly nodeId: string;
  readonly node: PairedNode;
  /** Whether the event's fresh token is now the node's: hand its secret to the approver, once. */
  readonly isTokenIssued: boolean;
}
export interface RejectedNode {
  readonly type: "rejected";
  readonly requestId: string;
  readonly nodeId: string;
}
export interface RemovedNode {
  readonly type: "removed";
  readonly nodeId: string;
}
export interface RenamedNode {
  readonly type: "renamed";
  readonly nodeId: string;
  readonly displayName: string;
}
export interface ForgottenNode {
  readonly type: "forgotten";
  readonly nodeId: string;
  /** Whether it had an approval that ended with it. */
  readonly wasApproved: boolean;
}
export interface ExpiredNodes {
  readonly type: "expired";
  readonly requestIds: readonly string[];
}
export interface UnknownNodeRequest {
  readonly type: "unknown-request";
}
export interface UnknownNode {
  readonly type: "unknown-node";
}

/** What each event can come to. */
export interface NodePairingOutcomes {
  readonly approve: ApprovedNode | Forbidden | UnknownNodeRequest;
  readonly declare: DeclaredNode;
  readonly expire: ExpiredNodes;
  readonly forget: ForgottenNode;
  readonly reject: RejectedNode | Forbidden | UnknownNodeRequest;
  readonly remove: RemovedNode | Forbidden | UnknownNode;
  readonly rename: RenamedNode | Forbidden | UnknownNode;
  readonly request: RequestedNode | NodeRefused;
  readonly touch: { readonly type: "touched" };
}
