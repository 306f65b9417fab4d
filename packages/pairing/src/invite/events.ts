import type { SecretDigest } from "@saltgate/identity";
import type { Role } from "@saltgate/protocol";
import type { Caller, Forbidden } from "../authority.ts";
import type { DeviceInvite } from "./records.ts";

/** An owner makes a code for one new device. */
export interface CreateInviteEvent {
  readonly type: "create";
  readonly role: Role;
  /** The most that its device gets. A node gets none. */
  readonly scopes: readonly string[];
  readonly label?: string | undefined;
  readonly caller: Caller;
  /** A fresh id. */
  readonly inviteId: string;
  /** Digest of the fresh code. */
  readonly code: SecretDigest;
}

/** A device that has proven its key presents a code. */
export interface RedeemInviteEvent {
  readonly type: "redeem";
  readonly code: SecretDigest;
  readonly deviceId: string;
  readonly publicKey: string;
  readonly role: string;
  /** `connect.scopes` as sent; `undefined` and empty both mean that it named none, and gets the invite's. */
  readonly requestedScopes?: readonly string[] | undefined;
}

/** The device of an invite is paired. */
export interface CompleteInviteEvent {
  readonly type: "complete";
  readonly inviteId: string;
  readonly deviceId: string;
  readonly displayName?: string | undefined;
}

export interface RevokeInviteEvent {
  readonly type: "revoke";
  readonly inviteId: string;
  readonly caller: Caller;
}

export type DeviceInviteEvent = CompleteInviteEvent | CreateInviteEvent | RedeemInviteEvent | RevokeInviteEvent;

export interface CreatedInvite {
  readonly type: "created";
  readonly invite: DeviceInvite;
}

/** The device may be let in with these scopes, once it is checked that it is unknown. */
export interface RedeemedInvite {
  readonly type: "redeemed";
  readonly inviteId: string;
  readonly role: string;
  /** What it asked for, within the invite; the invite's when it named none. */
  readonly scopes: readonly string[];
  /** Whether this was the first use, which bound the code to the key. */
  readonly isFirst: boolean;
}

/** Nothing was changed. */
export interface InviteRefused {
  readonly type: "refused";
  readonly reason: "unknown" | "expired" | "completed" | "used" | "role" | "scopes" | "too-many" | "unknown-scope";
}

export interface CompletedInvite {
  readonly type: "completed";
  readonly inviteId: string;
}

export interface RevokedInvite {
  readonly type: "revoked";
  readonly inviteId: string;
}

/** What each event can come to. */
export interface DeviceInviteOutcomes {
  readonly complete: CompletedInvite | InviteRefused;
  readonly create: CreatedInvite | InviteRefused | Forbidden;
  readonly redeem: RedeemedInvite | InviteRefused;
  readonly revoke: RevokedInvite | InviteRefused | Forbidden;
}
