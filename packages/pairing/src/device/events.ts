import type { SecretDigest } from "@saltgate/identity";
import type { Role } from "@saltgate/protocol";
import type { Caller, Forbidden } from "../authority.ts";
import type { NodeApproval } from "../node-claims.ts";
import type { DeviceMetadata, PairedDevice, PendingDevice } from "./records.ts";

/** A device that has proven its key asks to come in. */
export interface AdmitEvent {
  readonly type: "admit";
  readonly deviceId: string;
  readonly publicKey: string;
  readonly role: Role;
  /** `connect.scopes` as sent; `undefined` and empty both mean that it named none. */
  readonly requestedScopes?: readonly string[] | undefined;
  /** Whether something else than a device token proved that it may ask: shared token, password, Tailscale identity. */
  readonly isProven: boolean;
  /** Digests of every token it presented that may be a device token. */
  readonly presented: readonly SecretDigest[];
  /** Whether a first pairing needs no owner: local, the shared secret proven, and no browser origin (rules ). */
  readonly isSilentEligible: boolean;
  /** What a silent first pairing grants at most, and grants when it named no scopes. */
  readonly defaultScopes: readonly string[];
  readonly metadata: DeviceMetadata;
  /** A fresh id, used if a request is created. */
  readonly requestId: string;
  /** Digest of a fresh secret, used if a token is issued. */
  readonly freshToken: SecretDigest;
}

/** The owner lets a waiting device in. */
export interface ApproveEvent {
  readonly type: "approve";
  readonly requestId: string;
  readonly caller: Caller;
  /** Instead of what was asked for: fewer, or any that the caller holds when it named none. */
  readonly grantScopes?: readonly string[] | undefined;
}

export interface RejectEvent {
  readonly type: "reject";
  readonly requestId: string;
  readonly caller: Caller;
}

/** Drops requests that waited too long. Every other event ignores them anyway. */
export interface ExpireEvent {
  readonly type: "expire";
}

export interface RotateEvent {
  readonly type: "rotate";
  readonly deviceId: string;
  readonly role: string;
  readonly caller: Caller;
  /** Scopes of the token; within the device's approved ones and the caller's. `undefined`: as they are. */
  readonly scopes?: readonly string[] | undefined;
}

export interface RevokeEvent {
  readonly type: "revoke";
  readonly deviceId: string;
  readonly role: string;
  readonly caller: Caller;
}

export interface RemoveEvent {
  readonly type: "remove";
  readonly deviceId: string;
  readonly caller: Caller;
}

export interface RenameEvent {
  readonly type: "rename";
  readonly deviceId: string;
  readonly displayName: string;
  readonly caller: Caller;
}

/** Writes down when tokens were last used. */
export interface TouchEvent {
  readonly type: "touch";
  readonly uses: readonly { readonly deviceId: string; readonly role: string; readonly atMs: number }[];
}

export type DevicePairingEvent =
  | AdmitEvent
  | ApproveEvent
  | ExpireEvent
  | RejectEvent
  | RemoveEvent
  | RenameEvent
  | RevokeEvent
  | RotateEvent
  | TouchEvent;

/** Live connections that end before the answer is sent (rule R-16): of one role, or all of a device. */
export interface SocketTarget {
  readonly deviceId: string;
  readonly role?: string;
}

/** Why a device token doesn't count. */
export type TokenFault =
  | "device-not-paired"
  | "role-missing"
  | "token-missing"
  | "token-revoked"
  | "token-expired"
  | "token-mismatch";

export interface Admitted {
  readonly type: "admitted";
  readonly role: Role;
  /** What this connection may do. */
  readonly scopes: readonly string[];
  /** Whether this was a first pairing without an owner's click. */
  readonly isFirstPairing: boolean;
  /** Whether the event's fresh token is now the device's: hand its secret out, once. */
  readonly isTokenIssued: boolean;
  /** The role's token, for `hello-ok.auth`. */
  readonly token: { readonly scopes: readonly string[]; readonly issuedAtMs: number };
  /** Whether it came with its device token, so that the use is worth remembering. */
  readonly isTokenUsed: boolean;
  /** In the node role: what its owner approved that it can be asked to do. Absent where nobody was shown any of it. */
  readonly nodeApproval?: NodeApproval;
}

export interface PairingRequired {
  readonly type: "pairing-required";
  readonly reason: "not-paired" | "role-upgrade" | "scope-upgrade";
  readonly request: PendingDevice;
  /** `superseded`: another request of this device gave way to this one. `unchanged`: it waits already. */
  readonly change: "created" | "superseded" | "unchanged";
  readonly missing: { readonly roles: readonly string[]; readonly scopes: readonly string[] };
}

export interface Refused {
  readonly type: "refused";
  readonly reason: TokenFault | "token-scope-mismatch" | "pending-full" | "pending-full-for-address";
}

export interface UnknownRequest {
  readonly type: "unknown-request";
}

/** No such device, or not in that role. */
export interface UnknownDevice {
  readonly type: "unknown-device";
}

/** What a change did, with the connections that must end. */
interface Done<Type extends string> {
  readonly type: Type;
  readonly deviceId: string;
  readonly closeSockets: readonly SocketTarget[];
}

export interface Approved extends Done<"approved"> {
  readonly requestId: string;
  readonly device: PairedDevice;
  /** What this approval added, as its owner chose it. */
  readonly grantedScopes: readonly string[];
}
export interface Rejected extends Done<"rejected"> {
  readonly requestId: string;
}
export interface Rotated extends Done<"rotated"> {
  readonly role: string;
  readonly scopes: readonly string[];
  readonly rotatedAtMs: number;
}
export interface Revoked extends Done<"revoked"> {
  readonly role: string;
  readonly revokedAtMs: number;
}
export type Removed = Done<"removed">;
export interface Renamed extends Done<"renamed"> {
  readonly displayName: string;
}
export interface Expired {
  readonly type: "expired";
  readonly requestIds: readonly string[];
}
export interface Touched {
  readonly type: "touched";
}

/** What each event can come to. */
export interface DevicePairingOutcomes {
  readonly admit: Admitted | PairingRequired | Refused;
  readonly approve: Approved | Forbidden | UnknownRequest;
  readonly expire: Expired;
  readonly reject: Rejected | Forbidden | UnknownRequest;
  readonly remove: Removed | Forbidden | UnknownDevice;
  readonly rename: Renamed | Forbidden | UnknownDevice;
  readonly revoke: Revoked | Forbidden | UnknownDevice;
  readonly rotate: Rotated | Forbidden | UnknownDevice;
  readonly touch: Touched;
}
