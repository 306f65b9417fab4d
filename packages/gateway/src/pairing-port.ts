import type { Caller, DevicePairing, Forbidden, NodePairing } from "@saltgate/pairing";
import type { Role } from "@saltgate/protocol";
import type { SetupCodeVerdict } from "./connection/admission.ts";

/** What the gateway asks of device pairing. */
export type PairingPort = Pick<
  DevicePairing,
  "admit" | "approve" | "checkToken" | "flush" | "list" | "reject" | "remove" | "rename" | "revoke" | "rotate"
>;

/**
 * Pairing over state that can't be read: nobody gets in by a device, nobody is approved or forgotten, and every answer
 * says what is wrong. The gateway runs all the same, so that its owner can ask it (rule R-57).
 */
export function unavailablePairing(cause: Error): PairingPort {
  const fail = (): Promise<never> => Promise.reject(cause);
  return {
    admit: fail,
    approve: fail,
    checkToken: fail,
    flush: () => Promise.resolve(),
    list: fail,
    reject: fail,
    remove: fail,
    rename: fail,
    revoke: fail,
    rotate: fail,
  };
}

/** What the gateway asks of the approvals of nodes. */
export type NodePairingPort = Pick<
  NodePairing,
  "approve" | "declare" | "flush" | "forget" | "list" | "reject" | "remove" | "rename" | "request" | "touch" | "verify"
>;

/** Approvals of nodes that can't be read: no node may be asked for anything, and every answer says what is wrong. */
export function unavailableNodePairing(cause: Error): NodePairingPort {
  const fail = (): Promise<never> => Promise.reject(cause);
  return {
    approve: fail,
    declare: fail,
    flush: () => Promise.resolve(),
    forget: fail,
    list: fail,
    reject: fail,
    remove: fail,
    rename: fail,
    request: fail,
    touch: () => undefined,
    verify: fail,
  };
}

/** A setup code that was made, or why none was. */
export type InviteCreated =
  | { readonly type: "created"; readonly inviteId: string; readonly code: string; readonly expiresAtMs: number }
  | { readonly type: "full" }
  | Forbidden;

/** What the gateway asks of setup codes. */
export interface InvitesPort {
  /** Makes one. Its code is told here and nowhere else. */
  create(order: {
    readonly role: Role;
    readonly scopes: readonly string[];
    readonly caller: Caller;
  }): Promise<InviteCreated>;
  /** What a code is good for, for a device with this key. Changes nothing. */
  check(code: string, publicKey: string | undefined): Promise<SetupCodeVerdict>;
  /** Makes a code this key's alone. @returns whether it is, now */
  redeem(order: {
    readonly code: string;
    readonly deviceId: string;
    readonly publicKey: string;
    readonly role: Role;
    readonly requestedScopes: readonly string[];
  }): Promise<boolean>;
  /** Ends a code: its device is paired. */
  complete(code: string, deviceId: string, displayName: string | undefined): Promise<void>;
  /** Which device came with it; `undefined` while none has. */
  status(inviteId: string): Promise<InviteUsed | undefined>;
}

/** Which device came with a setup code. */
export interface InviteUsed {
  readonly deviceId: string;
  readonly displayName: string | undefined;
  readonly role: string;
  readonly atMs: number;
}

/** Setup codes that can't be read: none can be made, and none lets anybody in. */
export function unavailableInvites(cause: Error): InvitesPort {
  const fail = (): Promise<never> => Promise.reject(cause);
  return { create: fail, check: fail, redeem: fail, complete: fail, status: fail };
}
