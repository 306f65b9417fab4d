import type { AppendLog, LogShape } from "./append-log.ts";
import type { DocumentShape, StateDocument } from "./document.ts";
import type { KeyValueTable, TableShape } from "./key-value-table.ts";

/** An engine that keeps documents: a few values that people may read and that are replaced as a whole. */
export interface DocumentStore {
  /**
   * The document of this name, e.g. `devices/paired`. Nothing is read or written yet.
   * @throws {StoreError} `invalid` when the name isn't allowed.
   */
  document<T>(name: string, shape: DocumentShape<T>): StateDocument<T>;
  /** Finishes what was begun and lets go of files, watches and connections. Everything after it fails with `closed`. */
  close(): Promise<void>;
}

/** An engine that keeps rows: many small values, found by key or in order. */
export interface RecordStore {
  /** @throws {StoreError} `invalid` when the name or a bound isn't allowed. */
  table<T>(name: string, shape: TableShape<T>): KeyValueTable<T>;
  /** @throws {StoreError} `invalid` when the name or a bound isn't allowed. */
  log<T>(name: string, shape: LogShape<T>): AppendLog<T>;
  close(): Promise<void>;
}

/** An engine that keeps everything. This is the port that a distributed engine plugs into. */
export interface StateStore extends DocumentStore, RecordStore {}
