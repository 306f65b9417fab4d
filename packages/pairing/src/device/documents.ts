import type { Sha256 } from "@saltgate/identity";
import type { DocumentShape } from "@saltgate/store";
import { claimsIn } from "../node-claims.ts";
import { digestOf, objectOf, type Row, rowsOf, textOf, textsOf, timeOf } from "../row-reading.ts";
import type { DeviceToken, PairedDevice, PairedDevices, PendingDevice, PendingDevices } from "./records.ts";

/** The shapes of `devices/pending` and `devices/paired`, to open the two documents of a store with. */
export interface DeviceDocumentShapes {
  readonly pending: DocumentShape<PendingDevices>;
  readonly paired: DocumentShape<PairedDevices>;
}

/**
 * Reads both files as this and older gateways write them: a row with only `role` gets `roles`, a plain token becomes
 * its digest (never the reverse), keys that we don't know are kept. Anything else is refused as a whole (rule R-57).
 */
export function deviceDocumentShapes(sha256: Sha256): DeviceDocumentShapes {
  return {
    pending: { parse: (json) => rowsOf(json, "requestId", pendingRow), empty: () => ({}) },
    paired: { parse: (json) => rowsOf(json, "deviceId", (row) => pairedRow(row, sha256)), empty: () => ({}) },
  };
}

function pendingRow(row: Row): PendingDevice {
  const roles = rolesOf(row);
  return {
    ...row,
    ...claimsIn(row),
    requestId: textOf(row, "requestId"),
    deviceId: textOf(row, "deviceId"),
    publicKey: textOf(row, "publicKey"),
    role: typeof row["role"] === "string" ? row["role"] : (roles[0] ?? "operator"),
    roles: roles.length === 0 ? ["operator"] : roles,
    scopes: textsOf(row, "scopes"),
    silent: false,
    isRepair: row["isRepair"] === true,
    ts: timeOf(row, "ts"),
  };
}

function pairedRow(row: Row, sha256: Sha256): PairedDevice {
  const tokens = Object.entries(objectOf(row["tokens"] ?? {}, "tokens"));
  return {
    ...row,
    ...claimsIn(row),
    ...(row["nodeApprovedAtMs"] !== undefined && { nodeApprovedAtMs: timeOf(row, "nodeApprovedAtMs") }),
    deviceId: textOf(row, "deviceId"),
    publicKey: textOf(row, "publicKey"),
    roles: rolesOf(row),
    scopes: textsOf(row, "scopes"),
    tokens: Object.fromEntries(
      tokens.map(([role, token]): [string, DeviceToken] => [role, tokenRow(role, objectOf(token, "a token"), sha256)]),
    ),
    createdAtMs: timeOf(row, "createdAtMs"),
    approvedAtMs: timeOf(row, "approvedAtMs"),
  };
}

function tokenRow(role: string, row: Row, sha256: Sha256): DeviceToken {
  const next = row["next"] === undefined ? undefined : objectOf(row["next"], "next");
  const times = ["rotatedAtMs", "revokedAtMs", "lastUsedAtMs", "expiresAtMs"].filter((key) => row[key] !== undefined);
  return {
    ...row,
    ...Object.fromEntries(times.map((key) => [key, timeOf(row, key)])),
    token: digestOf(textOf(row, "token"), sha256),
    role,
    scopes: textsOf(row, "scopes"),
    createdAtMs: timeOf(row, "createdAtMs"),
    ...(next && {
      next: { ...next, token: digestOf(textOf(next, "token"), sha256), createdAtMs: timeOf(next, "createdAtMs") },
    }),
  };
}

function rolesOf(row: Row): string[] {
  if (row["roles"] !== undefined) return textsOf(row, "roles");
  return row["role"] === undefined ? [] : [textOf(row, "role")];
}
