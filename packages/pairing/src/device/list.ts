import { nodeFactsOf } from "../node-claims.ts";
import { given } from "../rows.ts";
import type { DevicePairingState, DeviceToken, PairedDevice, PendingDevice } from "./records.ts";

/** A token without its secret or digest. */
export interface DeviceTokenSummary {
  readonly role: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly rotatedAtMs?: number;
  readonly revokedAtMs?: number;
  readonly lastUsedAtMs?: number;
  readonly expiresAtMs?: number;
}

/** A paired device as others may see it. */
export type PairedDeviceSummary = Omit<PairedDevice, "tokens" | "approvedRequestId"> & {
  readonly tokens: readonly DeviceTokenSummary[];
};

/** Both lists, newest first. */
export interface DeviceList {
  readonly pending: readonly PendingDevice[];
  readonly paired: readonly PairedDeviceSummary[];
}

/** What `device.pair.list` shows. Only named fields, so that a key that we don't know can't carry a secret out. */
export function listDevices(state: DevicePairingState): DeviceList {
  return {
    pending: Object.values(state.pending)
      .map(pendingSummary)
      .sort((left, right) => right.ts - left.ts || left.requestId.localeCompare(right.requestId)),
    paired: Object.values(state.paired)
      .map(pairedSummary)
      .sort((left, right) => right.approvedAtMs - left.approvedAtMs || left.deviceId.localeCompare(right.deviceId)),
  };
}

/** A request as others may see it. */
export function pendingSummary(row: PendingDevice): PendingDevice {
  const { requestId, deviceId, publicKey, role, roles, scopes, silent, isRepair, ts } = row;
  return { requestId, deviceId, publicKey, ...metadataOf(row), role, roles, scopes, silent, isRepair, ts };
}

/** A device as others may see it. */
export function pairedSummary(row: PairedDevice): PairedDeviceSummary {
  const { deviceId, publicKey, roles, scopes, createdAtMs, approvedAtMs } = row;
  const tokens = Object.values(row.tokens)
    .map(tokenSummary)
    .sort((left, right) => left.role.localeCompare(right.role));
  const { role, nodeApprovedAtMs } = row;
  const times = { createdAtMs, approvedAtMs, ...given({ nodeApprovedAtMs }) };
  return { deviceId, publicKey, ...metadataOf(row), ...given({ role }), roles, scopes, tokens, ...times };
}

function tokenSummary(token: DeviceToken): DeviceTokenSummary {
  const { role, scopes, createdAtMs, rotatedAtMs, revokedAtMs, lastUsedAtMs, expiresAtMs } = token;
  const times = { rotatedAtMs, revokedAtMs, lastUsedAtMs, expiresAtMs };
  return { role, scopes, createdAtMs, ...given(times) };
}

function metadataOf(row: PendingDevice | PairedDevice) {
  const { displayName, clientId, clientMode, remoteIp } = row;
  return given({ displayName, ...nodeFactsOf(row), clientId, clientMode, remoteIp });
}
