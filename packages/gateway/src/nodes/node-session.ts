import type { NodeApproval } from "@saltgate/pairing";
import type { Peer } from "../connection/peer.ts";
import type { Platform } from "./platform.ts";

/** The cap by which a node promises that it runs nothing twice that has the same idempotency key. */
const IDEMPOTENT_CAP = "invoke.idempotent";

/** Whether a node may be asked the same thing again with the same key: it then runs it no second time. */
export function isIdempotent({ surface }: Pick<NodeSession, "surface">): boolean {
  return surface.caps.includes(IDEMPOTENT_CAP);
}

/** What a node said about itself when it connected. All of it are claims. */
export interface NodeClaims {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  readonly permissions: Readonly<Record<string, boolean>>;
  readonly pathEnv: string | undefined;
}

/** Everything that a node says when it connects, with what its device was let in for. */
export interface NodeDeclaration {
  readonly nodeId: string;
  readonly claims: NodeClaims;
  readonly platform: string | undefined;
  readonly deviceFamily: string | undefined;
  readonly displayName: string | undefined;
  readonly version: string | undefined;
  readonly modelIdentifier: string | undefined;
  readonly remoteIp: string | undefined;
  readonly approvedByDevice: NodeApproval | undefined;
}

/** What of these claims counts, because the node's owner approved it. */
export interface NodeSurface {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  /** The platform that was approved; another one than the node now names leaves it without commands (rule R-30). */
  readonly platform: Platform;
}

/** The connection of a node, as far as nodes are concerned. */
export interface NodeChannel {
  readonly id: string;
  /** Whether it can still be written to. */
  readonly isReady: boolean;
  sendTargeted(event: string, payloadJson: string): void;
}

/** One live connection of a node. */
export interface NodeSession {
  readonly nodeId: string;
  readonly channel: NodeChannel;
  readonly peer: Peer;
  readonly declaration: NodeDeclaration;
  readonly connectedAtMs: number;
  /** Changes when its owner approves more, without a new connection. */
  surface: NodeSurface;
}
