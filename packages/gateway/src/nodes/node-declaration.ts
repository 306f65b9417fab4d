import type { NodeApproval } from "@saltgate/pairing";
import type { Platform } from "./platform.ts";

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
