import type { SecretDigest } from "@saltgate/identity";
import type { Rows } from "../rows.ts";

/** A setup code for one new device: one row of `devices/invites.json`, keyed by `inviteId`. */
export interface DeviceInvite {
  readonly inviteId: string;
  /** `sha256:<hex>`; the code itself is shown once and stored nowhere. */
  readonly code: SecretDigest;
  /** The only role that it lets in. */
  readonly role: string;
  /** The most that it lets in with; empty for a node. */
  readonly scopes: readonly string[];
  /** What its owner calls it. */
  readonly label?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The first key that used it. It is good for no other. */
  readonly boundTo?: { readonly deviceId: string; readonly publicKey: string; readonly atMs: number };
  /** The device that came in with it. The code is over. */
  readonly completed?: { readonly deviceId: string; readonly displayName?: string; readonly atMs: number };
}

/** Invites by `inviteId`. */
export type DeviceInvitesState = Rows<DeviceInvite>;

/** How far an invite is, as others may see it: without the digest of its code. */
export type InviteSummary = Omit<DeviceInvite, "code" | "boundTo"> & {
  readonly status: "open" | "used" | "completed" | "expired";
  /** The device that used it first. */
  readonly deviceId?: string;
};

/** How far an invite is. `used`: a device came with it, and isn't paired yet. */
export function inviteStatus(invite: DeviceInvite, nowMs: number): InviteSummary["status"] {
  if (invite.completed !== undefined) return "completed";
  if (nowMs >= invite.expiresAtMs) return "expired";
  return invite.boundTo === undefined ? "open" : "used";
}

/** An invite as others may see it. Only named fields. */
export function inviteSummary(invite: DeviceInvite, nowMs: number): InviteSummary {
  const { inviteId, role, scopes, label, createdAtMs, expiresAtMs, boundTo, completed } = invite;
  return {
    inviteId,
    role,
    scopes,
    ...(label !== undefined && { label }),
    createdAtMs,
    expiresAtMs,
    status: inviteStatus(invite, nowMs),
    ...(boundTo && { deviceId: boundTo.deviceId }),
    ...(completed && { completed }),
  };
}
