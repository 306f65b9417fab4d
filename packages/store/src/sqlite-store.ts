import { basename, dirname, resolve } from "node:path";
import type { AppendLog, LogShape } from "./append-log.ts";
import { nodeWatchDirectory, type WatchDirectory } from "./directory-watch.ts";
import type { DocumentShape, StateDocument } from "./document.ts";
import { type FileSystemPort, nodeFileSystem } from "./file-system.ts";
import type { KeyValueTable, TableShape } from "./key-value-table.ts";
import { requireName } from "./names.ts";
import { requireBounds } from "./row-codec.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { SqliteDocument } from "./sqlite-document.ts";
import { SqliteLog, SqliteTable } from "./sqlite-records.ts";
import type { StateStore } from "./stores.ts";

export interface SqliteStoreOptions {
  /** The database file. Created, 0600 in a folder 0700, at the first use. */
  readonly file: string;
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
  /** Learns of what other processes write. @default fs.watch, or polling where the system has no watch left */
  readonly watchDirectory?: WatchDirectory;
}

/** Changes within this time are reported once. */
const changeDebounceMs = 40;

/**
 * Documents, tables and logs in one SQLite database, by Node's own `node:sqlite`, which is loaded at the first use. What
 * was acknowledged is on the disk. Several processes may use one file.
 */
export class SqliteStore implements StateStore {
  readonly file: string;
  readonly #connection: SqliteConnection;
  readonly #now: () => number;
  readonly #watchDirectory: WatchDirectory;
  readonly #listeners = new Map<string, Set<() => void>>();
  #stopWatching: (() => void) | undefined;
  #announcing: NodeJS.Timeout | undefined;

  constructor(options: SqliteStoreOptions) {
    this.file = resolve(options.file);
    this.#now = options.now ?? Date.now;
    this.#watchDirectory = options.watchDirectory ?? nodeWatchDirectory;
    this.#connection = new SqliteConnection({
      file: this.file,
      fileSystem: options.fileSystem ?? nodeFileSystem,
      waitMs: options.waitMs ?? 20_000,
      now: this.#now,
      pause: options.pause ?? ((ms) => new Promise((next) => setTimeout(next, ms))),
      random: options.random ?? Math.random,
    });
  }

  document<T>(name: string, shape: DocumentShape<T>): StateDocument<T> {
    this.#connection.requireOpen();
    return new SqliteDocument(requireName(name), shape, this.#connection, {
      listen: (document, listener) => this.#listen(document, listener),
      tell: (document) => this.#tell(document),
    });
  }

  table<T>(name: string, shape: TableShape<T>): KeyValueTable<T> {
    this.#connection.requireOpen();
    requireBounds(shape, name);
    return new SqliteTable(requireName(name), shape, this.#connection, this.#now);
  }

  log<T>(name: string, shape: LogShape<T>): AppendLog<T> {
    this.#connection.requireOpen();
    requireBounds(shape, name);
    return new SqliteLog(requireName(name), shape, this.#connection, this.#now);
  }

  async close(): Promise<void> {
    this.#stopWatching?.();
    clearTimeout(this.#announcing);
    this.#listeners.clear();
    await this.#connection.close();
  }

  #listen(name: string, listener: () => void): () => void {
    const own = (): void => listener();
    const members = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, members.add(own));
    this.#watch();
    return () => {
      members.delete(own);
    };
  }

  #tell(name: string): void {
    for (const listener of this.#listeners.get(name) ?? []) queueMicrotask(listener);
  }

  /** What another process writes shows in the database's files; which document it was, the listeners find out by reading. */
  #watch(): void {
    if (this.#stopWatching) return;
    const names = new Set([basename(this.file), `${basename(this.file)}-wal`]);
    this.#stopWatching = this.#watchDirectory(dirname(this.file), (name) => {
      if (name !== undefined && !names.has(name)) return;
      this.#announcing ??= setTimeout(() => {
        this.#announcing = undefined;
        for (const document of this.#listeners.keys()) this.#tell(document);
      }, changeDebounceMs).unref();
    });
  }
}
