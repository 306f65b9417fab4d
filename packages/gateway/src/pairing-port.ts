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

/** What the gateway asks of setup codes. */
export interface InvitesPort {
  /** What a code is good for, for a device with this key. Changes nothing. */
  check(code: string, publicKey: string | undefined): Promise<SetupCodeVerdict>;
  /** Makes a code this key's alone. @returns whether it is, now */
  redeem(order: {
    readonly code: string;
    readonly deviceId: string;
    readonly publicKey: string;
    readonly role: string;
    readonly requestedScopes: readonly string[];
  }): Promise<boolean>;
  /** Ends a code: its device is paired. */
  complete(code: string, deviceId: string, displayName: string | undefined): Promise<void>;
}
