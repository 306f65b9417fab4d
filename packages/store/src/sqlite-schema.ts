import type { DatabaseSync } from "node:sqlite";
import { StoreError, StoreErrorCode } from "./errors.ts";

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
