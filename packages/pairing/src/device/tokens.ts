import { digestsEqual, type SecretDigest } from "@saltgate/identity";
import { intersectScopes } from "@saltgate/protocol";
import { own } from "../rows.ts";
import type { TokenFault } from "./events.ts";
import type { DevicePairingLimits } from "./limits.ts";
import type { DeviceToken, PairedDevice } from "./records.ts";

/** Whether a presented token counts, and whether it is the current one or the one that replaces it. */
export type TokenCheck =
  | { readonly ok: true; readonly used: "current" | "next"; readonly scopes: readonly string[] }
  | { readonly ok: false; readonly reason: TokenFault };

/**
 * Checks presented tokens against a device's role. Pure, and it compares in constant time. `scopes` is what the token is
 * good for at this moment: its own, within what the device is approved for now (rule R-14).
 */
export function checkDeviceToken(
  device: PairedDevice | undefined,
  role: string,
  presented: readonly SecretDigest[],
  nowMs: number,
): TokenCheck {
  if (device === undefined) return { ok: false, reason: "device-not-paired" };
  if (!device.roles.includes(role)) return { ok: false, reason: "role-missing" };
  const token = own(device.tokens, role);
  if (token === undefined || presented.length === 0) return { ok: false, reason: "token-missing" };
  if (token.revokedAtMs !== undefined) return { ok: false, reason: "token-revoked" };
  const isCurrent = presented.some((digest) => digestsEqual(token.token, digest));
  const isNext = presented.some((digest) => token.next !== undefined && digestsEqual(token.next.token, digest));
  if (!isCurrent && !isNext) return { ok: false, reason: "token-mismatch" };
  if (isExpired(token, nowMs)) return { ok: false, reason: "token-expired" };
  return { ok: true, used: isNext ? "next" : "current", scopes: usableScopes(device, token) };
}

/** A token's scopes at this moment. */
export function usableScopes(device: PairedDevice, token: DeviceToken): string[] {
  return token.role === "operator" ? intersectScopes(token.scopes, device.scopes) : [];
}

/**
 * A role's token after its device was let in: issued where there is none that lives, handed over to the new one that was
 * used first, or joined by a new one while the owner wants it replaced. The same object when nothing changed.
 */
export function tokenAfterAdmission(
  device: PairedDevice,
  role: string,
  used: "current" | "next" | undefined,
  fresh: SecretDigest,
  nowMs: number,
  limits: DevicePairingLimits,
): { readonly token: DeviceToken; readonly isIssued: boolean } {
  const known = own(device.tokens, role);
  const expiry = limits.tokenTtlMs === undefined ? {} : { expiresAtMs: nowMs + limits.tokenTtlMs };
  if (known === undefined) {
    const scopes = role === "operator" ? device.scopes : [];
    return { token: { token: fresh, role, scopes, createdAtMs: nowMs, ...expiry }, isIssued: true };
  }
  if (used === "next" && known.next !== undefined) {
    const { next, rotationPending: _, expiresAtMs: __, ...rest } = known;
    return { token: { ...rest, token: next.token, rotatedAtMs: nowMs, ...expiry }, isIssued: false };
  }
  if (isExpired(known, nowMs)) {
    const { next: _, rotationPending: __, expiresAtMs: ___, ...rest } = known;
    return { token: { ...rest, token: fresh, rotatedAtMs: nowMs, ...expiry }, isIssued: true };
  }
  // Whoever comes by the gateway's secret alone, and never used its token, may never have heard of it: the answer that
  // carried it can be lost. It is told another one; what it was told before stays good until that one is used.
  const isUnheard = used === undefined && known.lastUsedAtMs === undefined;
  if (known.rotationPending === true || isUnheard) {
    return { token: { ...known, next: { token: fresh, createdAtMs: nowMs } }, isIssued: true };
  }
  if (used === "current" && known.next !== undefined) {
    const { next: _, ...heard } = known;
    return { token: heard, isIssued: false };
  }
  return { token: known, isIssued: false };
}

function isExpired(token: DeviceToken, nowMs: number): boolean {
  return token.expiresAtMs !== undefined && nowMs >= token.expiresAtMs;
}
