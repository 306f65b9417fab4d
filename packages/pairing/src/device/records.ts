import type { SecretDigest } from "@saltgate/identity";
import type { NodeApproval, NodeClaims } from "../node-claims.ts";
import { nodeFactsOf } from "../node-claims.ts";
import type { PairingState } from "../pairing-state.ts";
import { own } from "../rows.ts";

/**
 * What a device says about itself. Shown to the owner, never a reason to allow anything (rule R-07). The claims are those
 * of its node role, where it has or asks for one.
 */
export interface DeviceMetadata extends NodeClaims {
  readonly displayName?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly clientId?: string;
  readonly clientMode?: string;
  /** Address of a remote peer; absent for local ones and where a proxy hides it. */
  readonly remoteIp?: string;
}

/** A request that waits for the owner: one row of `devices/pending.json`, keyed by `requestId`. */
export interface PendingDevice extends DeviceMetadata {
  readonly requestId: string;
  readonly deviceId: string;
  /** Raw Ed25519 key, unpadded base64url. */
  readonly publicKey: string;
  /** First of `roles`; for readers that know one role only. */
  readonly role: string;
  /** Every role that the device asks for and isn't approved for, or asks more scopes in. */
  readonly roles: readonly string[];
  /** Every scope that it asks for and isn't approved for. Empty: it named none, and gets what the approver grants. */
  readonly scopes: readonly string[];
  /** Always false here: what may be approved silently never waits. Read from older files, never believed. */
  readonly silent: boolean;
  /** Whether the device id is paired already. */
  readonly isRepair: boolean;
  /** When it was asked for, in milliseconds since the epoch. */
  readonly ts: number;
  /**
   * Set from the moment in which the request is approved until its device stands in `paired.json`. This one write
   * decides between approve and reject; whoever finds the mark after a crash carries the approval out.
   */
  readonly approval?: { readonly scopes: readonly string[]; readonly atMs: number };
}

/** A token of one role of a device, as stored. */
export interface DeviceToken {
  /** `sha256:<hex>`; the secret itself is shown once and stored nowhere. */
  readonly token: SecretDigest;
  readonly role: string;
  /** What it is good for, always within the device's approved scopes. */
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly rotatedAtMs?: number;
  /** The role is closed from then on, until its owner approves or rotates (rule R-14). */
  readonly revokedAtMs?: number;
  readonly lastUsedAtMs?: number;
  readonly expiresAtMs?: number;
  /** The owner wants a new token; its device gets one when it next connects. */
  readonly rotationPending?: boolean;
  /** The new token, handed out but not yet used. Its first use ends the old one. */
  readonly next?: { readonly token: SecretDigest; readonly createdAtMs: number };
}

/** A device that its owner let in: one row of `devices/paired.json`, keyed by `deviceId`. */
export interface PairedDevice extends DeviceMetadata {
  readonly deviceId: string;
  readonly publicKey: string;
  /** First of `roles`; for readers that know one role only. */
  readonly role?: string;
  readonly roles: readonly string[];
  /** What the operator role of this device is approved for. The node role needs and gets no scopes. */
  readonly scopes: readonly string[];
  readonly tokens: Readonly<Record<string, DeviceToken>>;
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  /** When the claims were approved that stand here; absent where none were. */
  readonly nodeApprovedAtMs?: number;
  /** The request that was approved last, so that a crash between two files can't bring it back. */
  readonly approvedRequestId?: string;
}

/** Requests by `requestId`. */
export type PendingDevices = Readonly<Record<string, PendingDevice>>;
/** Devices by `deviceId`. */
export type PairedDevices = Readonly<Record<string, PairedDevice>>;

/** Everything that device pairing knows. */
export type DevicePairingState = PairingState<PendingDevice, PairedDevice>;

/** The roles in which a device may connect: approved, and not revoked. */
export function liveRoles(device: PairedDevice): string[] {
  return device.roles.filter((role) => own(device.tokens, role)?.revokedAtMs === undefined);
}

/** What this device may be asked to do as a node, by the approval that let it in as one; `undefined` without one. */
export function nodeApprovalOf(device: PairedDevice): NodeApproval | undefined {
  const { nodeApprovedAtMs } = device;
  if (nodeApprovedAtMs === undefined || !liveRoles(device).includes("node")) return undefined;
  return { claims: nodeFactsOf(device), atMs: nodeApprovedAtMs };
}
