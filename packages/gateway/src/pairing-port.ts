import type { DeviceInvites, DevicePairing, NodePairing } from "@saltgate/pairing";

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

/** What the gateway asks of setup codes. */
export type InvitesPort = Pick<DeviceInvites, "check" | "complete" | "create" | "redeem" | "status">;

/** Setup codes that can't be read: none can be made, and none lets anybody in. */
export function unavailableInvites(cause: Error): InvitesPort {
  const fail = (): Promise<never> => Promise.reject(cause);
  return { create: fail, check: fail, redeem: fail, complete: fail, status: fail };
}
