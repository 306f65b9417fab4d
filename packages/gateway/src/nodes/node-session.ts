import type { Peer } from "../connection/peer.ts";
import type { NodeDeclaration, NodeSurface } from "./node-declaration.ts";

/** The cap by which a node promises that it runs nothing twice that has the same idempotency key. */
const IDEMPOTENT_CAP = "invoke.idempotent";

/** Whether a node may be asked the same thing again with the same key: it then runs it no second time. */
export function isIdempotent({ surface }: Pick<NodeSession, "surface">): boolean {
  return surface.caps.includes(IDEMPOTENT_CAP);
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
