import { digestSecret, isSecretDigest, type SecretDigest, type Sha256 } from "@saltgate/identity";
import type { Rows } from "./rows.ts";

/** A JSON object of a file. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows that stand under their own id. @throws {TypeError} when one doesn't, or isn't what `read` reads */
export function rowsOf<T>(json: unknown, key: string, read: (row: Row) => T): Rows<T> {
  const rows = Object.entries(objectOf(json, "the file")).map(([id, value]): [string, T] => {
    const row = objectOf(value, `a row`);
    if (row[key] !== id) throw new TypeError(`A row's ${key} isn't the key that it stands under.`);
    return [id, read(row)];
  });
  return Object.fromEntries(rows);
}

export function objectOf(value: unknown, what: string): Row {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  throw new TypeError(`Expected ${what} to be a JSON object.`);
}

export function textOf(row: Row, key: string): string {
  const value = row[key];
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`Expected "${key}" to be a text.`);
}

export function textsOf(row: Row, key: string): string[] {
  const value = row[key] ?? [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new TypeError(`Expected "${key}" to be a list of texts.`);
}

export function timeOf(row: Row, key: string): number {
  const value = row[key];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`Expected "${key}" to be a time in milliseconds.`);
}

/** Older gateways store tokens in clear. A text that only looks like a digest is hashed again, and matches nothing. */
export function digestOf(token: string, sha256: Sha256): SecretDigest {
  return isSecretDigest(token) ? token : digestSecret(sha256, token);
}
