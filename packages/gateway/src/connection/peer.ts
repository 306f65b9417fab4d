import type { ProtocolVersion, Role } from "@saltgate/protocol";
import type { NodeDeclaration, NodeSurface } from "../nodes/node-declaration.ts";

/** Who is at the other end of a connection that is ready, and what he may do. Fixed for the life of the connection. */
export interface Peer {
  readonly connId: string;
  readonly version: ProtocolVersion;
  readonly role: Role;
  /** What it may do: requested ∩ approved. */
  readonly scopes: readonly string[];
  /** The proven device; `undefined` for a local program that knows the shared secret. */
  readonly deviceId: string | undefined;
  readonly client: {
    readonly id: string;
    readonly mode: string;
    readonly displayName: string | undefined;
    readonly version: string;
    readonly platform: string;
    readonly deviceFamily: string | undefined;
    readonly modelIdentifier: string | undefined;
    readonly instanceId: string | undefined;
  };
  /** What it proved besides its device key. */
  readonly authMethod: AuthMethod;
  /** Whether it is on this machine, directly. */
  readonly local: boolean;
  /** The address to show to owners; only of remote peers. */
  readonly remoteIp: string | undefined;
  /** Of a client: what it asked for, of all that changes what it is sent. */
  readonly asksFor: readonly ClientCapability[];
  /** Of a node: what it said that it can do, and what of that counts. */
  readonly node?: { readonly declaration: NodeDeclaration; readonly surface: NodeSurface } | undefined;
}

/** The capabilities that clients of revision 4 declare to be sent more: `tool-events`, what tools are called with and what they answer. */
export type ClientCapability = "tool-events";

/** What a peer proved besides its device key. */
export type AuthMethod = "token" | "password" | "device-token" | "setup-code" | "tailscale";

/** How a peer is called in logs and in the record of privileged acts. */
export function nameOf(peer: Peer): string {
  if (peer.deviceId === undefined) return "the local owner";
  return peer.client.displayName ?? peer.client.id;
}
