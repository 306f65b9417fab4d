import type { SecretDigest } from "@saltgate/identity";
import type { NodeClaims, NodePlatform } from "../node-claims.ts";
import type { PairingState } from "../pairing-state.ts";
import { own, type Rows } from "../rows.ts";

/** What a node says about itself, beside what it can do. */
export interface NodeMetadata extends NodePlatform {
  readonly displayName?: string;
  readonly version?: string;
  readonly coreVersion?: string;
  readonly uiVersion?: string;
  readonly modelIdentifier?: string;
  /** Address of a remote peer; absent for local ones and where a proxy hides it. */
  readonly remoteIp?: string;
}

/** What goes beyond what a node is approved for. */
export interface NodeExtension {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
}

/** A request that waits for the owner: one row of `nodes/pending.json`, keyed by `requestId`. */
export interface PendingNode extends NodeMetadata, NodeClaims {
  readonly requestId: string;
  readonly nodeId: string;
  /** A hint of the asker for a user interface. Stored, shown, never believed. */
  readonly silent: boolean;
  /** Whether the node has an approval already. */
  readonly isRepair: boolean;
  /** When it was asked for, in milliseconds since the epoch. */
  readonly ts: number;
  /** Whether the node itself declared this when it connected. Such a request doesn't expire, and mints no token. */
  readonly declared?: boolean;
  /** What of it is new. */
  readonly added?: NodeExtension;
  /** The approved platform, where the node says that it has another one. */
  readonly pinned?: NodePlatform;
  /** The owner said no. The row only remembers what to, so that it isn't asked for again at every connect. */
  readonly rejectedAtMs?: number;
  /** Set from the moment in which the request is approved until its node stands in `paired.json`. */
  readonly approval?: { readonly atMs: number; readonly token?: SecretDigest };
}

/** What a node is approved for: one row of `nodes/paired.json`, keyed by `nodeId`. */
export interface PairedNode extends NodeMetadata, NodeClaims {
  readonly nodeId: string;
  /** Of the older way of pairing: `sha256:<hex>`; the secret itself is shown once and stored nowhere. */
  readonly token?: SecretDigest;
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  readonly lastConnectedAtMs?: number;
  /** The request that was approved last, so that a crash between two files can't bring it back. */
  readonly approvedRequestId?: string;
  /** It was taken off the list. The row stays, so that an older approval of its device doesn't bring it back. */
  readonly removedAtMs?: number;
}

/** Requests by `requestId`. */
export type PendingNodes = Rows<PendingNode>;
/** Nodes by `nodeId`. */
export type PairedNodes = Rows<PairedNode>;

/** Everything that node pairing knows. */
export type NodePairingState = PairingState<PendingNode, PairedNode>;

/** A node's approval, unless it has none or was taken off the list. */
export function approvedNode(paired: PairedNodes, nodeId: string): PairedNode | undefined {
  const record = own(paired, nodeId);
  return record?.removedAtMs === undefined ? record : undefined;
}

/** Whether a request still waits for its owner. */
export function isWaiting(request: PendingNode): boolean {
  return request.rejectedAtMs === undefined;
}
