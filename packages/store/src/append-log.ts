import type { Occupancy } from "./key-value-table.ts";

/** What the entries of a log hold, and how many are kept. `T` is plain JSON. */
export interface LogShape<T> {
  /** Checks a parsed JSON value. Throws when it isn't a `T`. */
  readonly parse: (json: unknown) => T;
  /** Most entries kept. The oldest go first. */
  readonly maxRows: number;
  /** Most bytes of encoded entries kept; the same rule. */
  readonly maxBytes: number;
}

/** An entry and its place in the log. */
export interface LogEntry<T> {
  /** 1 for the first entry ever, then one more each; never used twice, also not after old entries were dropped. */
  readonly seq: number;
  /** When it was appended, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly entry: T;
}

export interface LogRange {
  /** Only entries after this `seq`. @default 0 */
  readonly afterSeq?: number;
  /** Only entries before this `seq`. */
  readonly beforeSeq?: number;
  /** @default "oldest-first" */
  readonly order?: "oldest-first" | "newest-first";
  /** 1 to 1000. @default 100 */
  readonly limit?: number;
}

/** Entries in the order in which they were appended. There is no way to change one. */
export interface AppendLog<T> {
  /**
   * Appends entries, all or none, one after another. Durable when the promise resolves.
   * @returns the `seq` of the last one.
   * @throws {StoreError} `too-large` when an entry alone exceeds the log's bytes.
   */
  append(...entries: readonly [T, ...T[]]): Promise<number>;
  /** @throws {StoreError} `corrupt` when an entry in the range isn't valid. */
  read(range?: LogRange): Promise<readonly LogEntry<T>[]>;
  occupancy(): Promise<Occupancy>;
}
