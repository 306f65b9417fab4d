/** What the rows of a table hold, and how many there may be. `T` is plain JSON. */
export interface TableShape<T> {
  /** Checks a parsed JSON value. Throws when it isn't a `T`. */
  readonly parse: (json: unknown) => T;
  /** Most rows. When one more comes, expired rows go first and then the oldest. */
  readonly maxRows: number;
  /** Most bytes of keys and encoded values together; the same rule. */
  readonly maxBytes: number;
}

/** How full a table or a log is. Rows that expired but were not swept yet count. */
export interface Occupancy {
  readonly rows: number;
  /** Bytes of keys and encoded values, without what the engine adds. */
  readonly bytes: number;
}

/** When a row stops existing, in milliseconds since the epoch; never, if absent. */
export interface RowLife {
  readonly expiresAtMs?: number;
}

/** Longest key, in UTF-8 bytes. */
export const maxKeyBytes: number = 1024;

/**
 * Values found by key, bounded by count and bytes, each with an optional expiry. Every change is durable when its
 * promise resolves.
 */
export interface KeyValueTable<T> {
  /** @throws {StoreError} `corrupt` when the row's value isn't valid. */
  get(key: string): Promise<T | undefined>;
  /** @throws {StoreError} `too-large` when the row alone would exceed the table's bytes; `invalid` for an empty or overlong key. */
  put(key: string, value: T, life?: RowLife): Promise<void>;
  /**
   * Adds a row only if there is none: of several callers exactly one gets `added: true`. `value` is what the row holds
   * afterwards. This is how an idempotency key is claimed.
   */
  add(key: string, value: T, life?: RowLife): Promise<{ readonly added: boolean; readonly value: T }>;
  /** @returns whether there was such a row. */
  delete(key: string): Promise<boolean>;
  occupancy(): Promise<Occupancy>;
}
