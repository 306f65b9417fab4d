import { resolve } from "node:path";
import { type FileSystemPort, nodeFileSystem } from "./file-system.ts";
import { requireName } from "./names.ts";
import type { SchemaPart } from "./schema-part.ts";
import { inMemory, SqliteConnection, type Statements } from "./sqlite-connection.ts";

/**
 * Statements of one transaction. Only valid inside the function it was given to, which must not be asynchronous. Values
 * are bound, never put into the text of a statement; statements are prepared once and kept, so their text must not vary.
 */
export type SqlTransaction = Statements;

/**
 * Rows that are found by more than a key: queues, conversations, whatever has to change together. Packages share one
 * database, so that a change over several of them is one transaction: all of it is on the disk, or none.
 */
export interface SqlDatabase {
  /** The file it lies in. */
  readonly file: string;
  /** What has been committed, as of one moment. */
  read<R>(work: (sql: SqlTransaction) => R): Promise<R>;
  /**
   * Runs `work` in a transaction; what it changed is on the disk when the promise resolves, and undone when it rejects.
   * What is asked for within one turn of the event loop shares one flush, and each succeeds or fails for itself. What
   * `work` throws of its own comes out as it is.
   * @throws {StoreError} `busy`, `io` (disk full among others), `corrupt`, `closed`.
   */
  write<R>(work: (sql: SqlTransaction) => R, options?: WriteOptions): Promise<R>;
  close(): Promise<void>;
}

/** How a write is kept. */
export interface WriteOptions {
  /**
   * `later`: what is written outlives this process at once, and a loss of power only when a later write has been
   * flushed. For steps that nobody was promised and that are taken again when they are lost. @default "now"
   */
  readonly flush?: "now" | "later";
}

export interface SqliteDatabaseOptions {
  /**
   * The database file. Created, 0600 in a folder 0700, at the first use. May be that of a {@link SqliteStore}. `:memory:`
   * keeps nothing.
   */
  readonly file: string;
  /** The tables of each package. */
  readonly parts: readonly SchemaPart[];
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** How long to wait for another process that writes, in milliseconds. @default 20_000 */
  readonly waitMs?: number;
  /** @default setTimeout */
  readonly pause?: (ms: number) => Promise<void>;
  /** A number from 0 up to 1, for jitter. @default Math.random */
  readonly random?: () => number;
  /** For creating the file and its folder; SQLite itself uses the real file system. @default the real file system */
  readonly fileSystem?: FileSystemPort;
}

/** A {@link SqlDatabase} by Node's own `node:sqlite`, loaded at the first use. */
export class SqliteDatabase implements SqlDatabase {
  readonly file: string;
  readonly #connection: SqliteConnection;

  constructor(options: SqliteDatabaseOptions) {
    this.file = options.file === inMemory ? inMemory : resolve(options.file);
    for (const { name } of options.parts) requireName(name);
    this.#connection = new SqliteConnection({
      file: this.file,
      parts: options.parts,
      fileSystem: options.fileSystem ?? nodeFileSystem,
      waitMs: options.waitMs ?? 20_000,
      now: options.now ?? Date.now,
      pause: options.pause ?? ((ms) => new Promise((next) => setTimeout(next, ms))),
      random: options.random ?? Math.random,
    });
  }

  read<R>(work: (sql: SqlTransaction) => R): Promise<R> {
    return this.#connection.read(work);
  }

  write<R>(work: (sql: SqlTransaction) => R, options?: WriteOptions): Promise<R> {
    return this.#connection.write(work, options?.flush === "later");
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
