import type { DevicePairing } from "@saltgate/pairing";

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
