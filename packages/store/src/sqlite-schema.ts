import type { DatabaseSync } from "node:sqlite";
import { StoreError, StoreErrorCode } from "./errors.ts";
import type { SchemaPart } from "./schema-part.ts";

/** "salt", so that `file` and we ourselves recognise a database of ours. */
const applicationId = 0x73616c74;

const schemaVersion = 1;

const schema = `
  CREATE TABLE documents (
    name TEXT PRIMARY KEY, revision INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE occupancy (
    kind TEXT NOT NULL, name TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE table_rows (
    name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, bytes INTEGER NOT NULL,
    seq INTEGER NOT NULL, expires_at_ms INTEGER, PRIMARY KEY (name, key)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX table_rows_by_age ON table_rows (name, seq);
  CREATE INDEX table_rows_by_expiry ON table_rows (name, expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE log_entries (
    name TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, value TEXT NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (name, seq)
  ) STRICT, WITHOUT ROWID;
`;

const numberOf = (database: DatabaseSync, pragma: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);

/**
 * Creates our tables in an empty database.
 * @throws {StoreError} `invalid` when the database is somebody else's, or of a version that is newer than this program.
 */
export function createSchema(database: DatabaseSync, file: string): void {
  if (isReady(database, file)) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    if (!isReady(database, file)) {
      database.exec(`${schema} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Brings the tables of packages to their newest version, each in a transaction of its own.
 * @throws {StoreError} `invalid` when one was written by a newer version of its package.
 */
export function createParts(database: DatabaseSync, file: string, parts: readonly SchemaPart[]): void {
  if (parts.length === 0) return;
  database.exec(
    "CREATE TABLE IF NOT EXISTS schema_parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  );
  for (const part of parts) {
    if (versionOf(database, part, file) === part.versions.length) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      const version = versionOf(database, part, file);
      for (const statements of part.versions.slice(version)) database.exec(statements);
      database.prepare("INSERT OR REPLACE INTO schema_parts VALUES (?, ?)").run(part.name, part.versions.length);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}

function versionOf(database: DatabaseSync, { name, versions }: SchemaPart, file: string): number {
  const row = database.prepare("SELECT version FROM schema_parts WHERE name = ?").get(name);
  const version = Number(row?.["version"] ?? 0);
  if (version <= versions.length) return version;
  throw new StoreError(
    StoreErrorCode.Invalid,
    `The part "${name}" of ${file} was written by a newer version (${version}). It was left as it is. Use the newer version again, or another state folder.`,
    { path: file },
  );
}

function isReady(database: DatabaseSync, file: string): boolean {
  const id = numberOf(database, "application_id");
  const version = numberOf(database, "user_version");
  const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"];
  if (id === 0 && version === 0 && tables === 0) return false;
  if (id === applicationId && version === schemaVersion) return true;
  const what = id === applicationId ? `was written by a newer version (${version})` : "belongs to another program";
  throw new StoreError(
    StoreErrorCode.Invalid,
    `The database ${file} ${what}. It was left as it is. Use the newer version again, or another state folder.`,
    { path: file },
  );
}
