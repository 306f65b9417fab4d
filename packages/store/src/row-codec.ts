import type { LogRange } from "./append-log.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";
import { maxKeyBytes, type RowLife } from "./key-value-table.ts";

/** @throws {StoreError} `invalid` unless the key has 1 to {@link maxKeyBytes} bytes. */
export function requireKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes > 0 && bytes <= maxKeyBytes) return key;
  throw new StoreError(StoreErrorCode.Invalid, `A key needs 1 to ${maxKeyBytes} bytes; this one has ${bytes}.`);
}

/** @throws {StoreError} `invalid` unless both bounds are positive whole numbers. */
export function requireBounds(shape: { readonly maxRows: number; readonly maxBytes: number }, name: string): void {
  for (const bound of ["maxRows", "maxBytes"] as const) {
    if (Number.isSafeInteger(shape[bound]) && shape[bound] > 0) continue;
    throw new StoreError(StoreErrorCode.Invalid, `${bound} of "${name}" must be a positive whole number.`);
  }
}

export interface EncodedRow {
  readonly text: string;
  /** Bytes of key and text together. */
  readonly bytes: number;
}

/** @throws {StoreError} `too-large` when the row alone exceeds `maxBytes`; `invalid` when the value isn't JSON. */
export function encodeRow(value: unknown, key: string, maxBytes: number, name: string): EncodedRow {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new StoreError(StoreErrorCode.Invalid, `A value for "${name}" isn't JSON.`);
  const bytes = Buffer.byteLength(text) + Buffer.byteLength(key);
  if (bytes <= maxBytes) return { text, bytes };
  throw new StoreError(
    StoreErrorCode.TooLarge,
    `A row of ${bytes} bytes doesn't fit in "${name}", which holds ${maxBytes} altogether. Nothing was written.`,
  );
}

/** @throws {StoreError} `corrupt` when the text isn't a valid value. */
export function decodeRow<T>(text: string, parse: (json: unknown) => T, name: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new StoreError(StoreErrorCode.Corrupt, `A row of "${name}" is damaged: it isn't valid JSON.`);
  }
  try {
    return parse(json);
  } catch (cause) {
    throw new StoreError(StoreErrorCode.Corrupt, `A row of "${name}" is damaged: it isn't what belongs there.`, {
      cause,
    });
  }
}

/**
 * When a row expires, as a whole number; `undefined` for never.
 * @throws {StoreError} `invalid` when it isn't a number.
 */
export function expiryOf({ expiresAtMs }: RowLife): number | undefined {
  if (expiresAtMs === undefined || expiresAtMs === Number.POSITIVE_INFINITY) return undefined;
  const whole = Math.trunc(expiresAtMs);
  if (Number.isSafeInteger(whole)) return whole;
  throw new StoreError(StoreErrorCode.Invalid, "expiresAtMs must be a time in milliseconds since the epoch.");
}

/** A row exists up to and without its expiry. */
export function hasExpired(expiresAtMs: number | undefined, nowMs: number): boolean {
  return expiresAtMs !== undefined && nowMs >= expiresAtMs;
}

const maxLimit = 1_000;

/** A range with everything filled in. */
export function rangeOf(range: LogRange): {
  readonly afterSeq: number;
  readonly beforeSeq: number;
  readonly newestFirst: boolean;
  readonly limit: number;
} {
  return {
    afterSeq: range.afterSeq ?? 0,
    beforeSeq: range.beforeSeq ?? Number.MAX_SAFE_INTEGER,
    newestFirst: range.order === "newest-first",
    limit: Math.min(Math.max(Math.trunc(range.limit ?? 100), 1), maxLimit),
  };
}
