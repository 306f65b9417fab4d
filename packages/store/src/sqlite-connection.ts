import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { asStoreError, StoreError, StoreErrorCode, systemCode } from "./errors.ts";
import type { FileSystemPort } from "./file-system.ts";
import type { SchemaPart } from "./schema-part.ts";
import { createParts, createSchema } from "./sqlite-schema.ts";

export interface SqliteConnectionOptions {
  readonly file: string;
  /** Tables of packages, besides our own. */
  readonly parts?: readonly SchemaPart[];
  readonly fileSystem: FileSystemPort;
  /** How long to wait for another process that writes, in milliseconds. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** Runs prepared statements. Only valid inside the function it was given to. */
export interface Statements {
  get<Row>(sql: string, ...values: readonly SQLInputValue[]): Row | undefined;
  all<Row>(sql: string, ...values: readonly SQLInputValue[]): readonly Row[];
  /** @returns how many rows were changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number;
}

interface Job {
  readonly mayFlushLater: boolean;
  readonly work: (statements: Statements) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** The name of a database that is forgotten when it is closed. */
export const inMemory = ":memory:";
/** How often it is looked whether the file is still the one that was opened, in milliseconds. */
const lookEveryMs = 250;
/** Most writes in one transaction. */
const maxBatch = 256;

// Result codes of SQLite, https://sqlite.org/rescode.html
const busyCodes: ReadonlySet<number> = new Set([5, 6]);
/** Too big, a constraint, a wrong type: the fault of one statement. */
const statementCodes: ReadonlySet<number> = new Set([18, 19, 20]);
const corruptCodes: ReadonlySet<number> = new Set([11, 26]);

function sqliteCode(error: unknown): number | undefined {
  if (systemCode(error) !== "ERR_SQLITE_ERROR") return undefined;
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

/** What the system or SQLite refused is the store's failure; what the work itself decided to throw stays as it is. */
function failureOf(error: unknown, what: string, file: string): unknown {
  return /^E[A-Z_]/.test(systemCode(error) ?? "") ? asStoreError(error, what, file) : error;
}

/**
 * One database file. Opened at its first use. Writes that are asked for within one turn of the event loop share a
 * transaction, and so one flush of the disk; each of them still succeeds or fails for itself.
 */
export class SqliteConnection {
  readonly #options: SqliteConnectionOptions;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #statements: Statements;
  #opening: Promise<DatabaseSync> | undefined;
  #database: DatabaseSync | undefined;
  #jobs: Job[] = [];
  #flushing: Promise<void> | undefined;
  /** Which file was opened; another one may have its name since. */
  #identity: string | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: SqliteConnectionOptions) {
    this.#options = options;
    this.#statements = {
      get: <Row>(sql: string, ...values: readonly SQLInputValue[]) =>
        this.#prepare(sql).get(...values) as Row | undefined,
      all: <Row>(sql: string, ...values: readonly SQLInputValue[]) => this.#prepare(sql).all(...values) as Row[],
      run: (sql, ...values) => Number(this.#prepare(sql).run(...values).changes),
    };
  }

  requireOpen(): void {
    if (this.#closed) throw new StoreError(StoreErrorCode.Closed, `The store in ${this.#options.file} is closed.`);
  }

  /** What has been committed, as of one moment. */
  async read<R>(work: (statements: Statements) => R): Promise<R> {
    this.requireOpen();
    await this.#open();
    return await this.#patiently(() => {
      this.requireOpen();
      return work(this.#statements);
    });
  }

  /**
   * Runs `work` in a transaction; what it changed is on the disk when the promise resolves.
   * @param mayFlushLater whether it is enough that this process may end then
   */
  write<R>(work: (statements: Statements) => R, mayFlushLater = false): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.requireOpen();
      this.#jobs.push({ mayFlushLater, work, resolve: resolve as (result: unknown) => void, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#opening?.catch(() => undefined);
    this.#prepared.clear();
    this.#database?.close();
    this.#database = undefined;
  }

  async #flush(): Promise<void> {
    // One turn of the event loop, so that whatever else is asked for now comes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#jobs.length > 0) {
      const batch = this.#jobs.splice(0, maxBatch);
      try {
        const database = await this.#open();
        await this.#requireSameFile();
        const isFlushed = batch.some(({ mayFlushLater }) => !mayFlushLater);
        const settled = await this.#patiently(() =>
          isFlushed ? this.#transact(database, batch) : withoutFlush(database, () => this.#transact(database, batch)),
        );
        for (const settle of settled) settle();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#flushing = undefined;
  }

  /** All jobs in one transaction, each in a savepoint of its own. Answers how to tell each of them, once it is committed. */
  #transact(database: DatabaseSync, batch: readonly Job[]): readonly (() => void)[] {
    database.exec("BEGIN IMMEDIATE");
    try {
      const settled = batch.map(({ reject, resolve, work }) => {
        database.exec("SAVEPOINT job");
        try {
          const result = work(this.#statements);
          database.exec("RELEASE job");
          return () => resolve(result);
        } catch (error) {
          const code = sqliteCode(error);
          if (code !== undefined && !statementCodes.has(code)) throw error; // the database: the whole transaction fails
          database.exec("ROLLBACK TO job; RELEASE job");
          return () => reject(failureOf(error, "Writing", this.#options.file));
        }
      });
      database.exec("COMMIT");
      return settled;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Waits, without blocking the event loop, while another process writes. */
  async #patiently<R>(work: () => R): Promise<R> {
    const { file, now, pause, random, waitMs } = this.#options;
    const deadline = now() + waitMs;
    for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.6, 100)) {
      try {
        return work();
      } catch (error) {
        const code = sqliteCode(error);
        if (code !== undefined && corruptCodes.has(code)) throw this.#corrupt(error);
        if (code === undefined || !busyCodes.has(code)) throw failureOf(error, `Using ${file}`, file);
        if (now() >= deadline) {
          const message = `Another process has been writing to ${file} for longer than ${waitMs} ms. Try again.`;
          throw new StoreError(StoreErrorCode.Busy, message, { path: file, cause: error });
        }
      }
      await pause(pauseMs * (0.5 + random()));
    }
  }

  #open(): Promise<DatabaseSync> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<DatabaseSync> {
    const { file, fileSystem, parts = [] } = this.#options;
    try {
      if (file !== inMemory) await this.#prepareFile(fileSystem, file);
      const sqlite = await import("node:sqlite");
      const database = new sqlite.DatabaseSync(file, { timeout: 0 });
      try {
        await this.#patiently(() => {
          // WAL: readers never wait for the writer. FULL: a commit is on the disk before it is acknowledged.
          database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF");
          createSchema(database, file);
          createParts(database, file, parts);
        });
        this.#identity = await this.#identityNow();
        this.#lookedAtMs = this.#options.now();
      } catch (error) {
        database.close();
        throw error;
      }
      this.#database = database;
      return database;
    } catch (error) {
      throw asStoreError(error, `Opening ${file}`, file);
    }
  }

  async #identityNow(): Promise<string | undefined> {
    const { file, fileSystem } = this.#options;
    return file === inMemory ? undefined : (await fileSystem.status(file))?.identity;
  }

  /**
   * SQLite goes on writing to a file that was deleted; what it acknowledges is gone with the process, so nothing is. Looked at
   * before a write, though not before each of many in a row: every look is a wait.
   */
  async #requireSameFile(): Promise<void> {
    const { file, now } = this.#options;
    const sinceMs = now() - this.#lookedAtMs;
    if (sinceMs >= 0 && sinceMs < lookEveryMs) return;
    const identity = await this.#identityNow();
    if (identity === this.#identity) {
      this.#lookedAtMs = now();
      return;
    }
    const what = identity === undefined ? "was deleted or moved" : "was replaced by another file";
    throw new StoreError(
      StoreErrorCode.Io,
      `The database ${file} ${what} while it is in use. Nothing more is written to it. Put the file back, or restart to go on with what is there now.`,
      { path: file },
    );
  }

  /** SQLite would create the file as open as the umask allows; its helper files take over the mode of the file. */
  async #prepareFile(fileSystem: FileSystemPort, file: string): Promise<void> {
    const status = await fileSystem.status(file);
    if (status !== undefined) {
      if ((status.mode & 0o077) !== 0) await fileSystem.setMode(file, 0o600).catch(() => undefined); // mounts without modes
      return;
    }
    await fileSystem.makeDirectory(dirname(file), 0o700);
    try {
      await (await fileSystem.create(file, 0o600)).close();
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error; // another process was faster
    }
    await fileSystem.syncDirectory(dirname(file));
  }

  #corrupt(cause: unknown): StoreError {
    const { file } = this.#options;
    return new StoreError(
      StoreErrorCode.Corrupt,
      `The database ${file} is damaged. It was left as it is, and nothing that depends on it is allowed. ` +
        `Restore a backup, or try: sqlite3 ${file} .recover; moving it away starts afresh without what it held.`,
      { path: file, cause },
    );
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known) return known;
    if (!this.#database) throw new StoreError(StoreErrorCode.Closed, `The store in ${this.#options.file} is closed.`);
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** A commit that goes to the write-ahead log alone: the system has it, and the disk with the next commit that is flushed. */
function withoutFlush<T>(database: DatabaseSync, work: () => T): T {
  database.exec("PRAGMA synchronous = NORMAL");
  try {
    return work();
  } finally {
    database.exec("PRAGMA synchronous = FULL");
  }
}
