import { digestSecret, isSecretDigest, type Sha256 } from "@saltgate/identity";
import type { DocumentShape } from "@saltgate/store";
import type { DeviceToken, PairedDevice, PairedDevices, PendingDevice, PendingDevices } from "./device-records.ts";

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

type Row = Readonly<Record<string, unknown>>;

function rowsOf<T>(json: unknown, key: string, read: (row: Row) => T): Readonly<Record<string, T>> {
  const rows = Object.entries(objectOf(json, "the file")).map(([id, value]): [string, T] => {
    const row = objectOf(value, `a row`);
    if (row[key] !== id) throw new TypeError(`A row's ${key} isn't the key that it stands under.`);
    return [id, read(row)];
  });
  return Object.fromEntries(rows);
}

function pendingRow(row: Row): PendingDevice {
  const roles = rolesOf(row);
  return {
    ...row,
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

/** Older gateways store tokens in clear. A text that only looks like a digest is hashed again, and matches nothing. */
function digestOf(token: string, sha256: Sha256): DeviceToken["token"] {
  return isSecretDigest(token) ? token : digestSecret(sha256, token);
}

function rolesOf(row: Row): string[] {
  if (row["roles"] !== undefined) return textsOf(row, "roles");
  return row["role"] === undefined ? [] : [textOf(row, "role")];
}

function objectOf(value: unknown, what: string): Row {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  throw new TypeError(`Expected ${what} to be a JSON object.`);
}

function textOf(row: Row, key: string): string {
  const value = row[key];
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`Expected "${key}" to be a text.`);
}

function textsOf(row: Row, key: string): string[] {
  const value = row[key] ?? [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new TypeError(`Expected "${key}" to be a list of texts.`);
}

function timeOf(row: Row, key: string): number {
  const value = row[key];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`Expected "${key}" to be a time in milliseconds.`);
}
