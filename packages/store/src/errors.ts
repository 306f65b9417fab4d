/** What went wrong in a store. Codes are for programs, messages for people. */
export const StoreErrorCode = {
  /** What is stored can't be read or isn't valid. It was kept; reads fail until a person mends it (rule R-57). */
  Corrupt: "corrupt",
  /** Somebody else holds the lock for longer than this store is willing to wait. Trying again later makes sense. */
  Busy: "busy",
  /** The system refused an operation: disk full, no permission to write, a broken database. Nothing was acknowledged. */
  Io: "io",
  /** A name, key or bound that this port doesn't allow. A mistake in the calling program. */
  Invalid: "invalid",
  /** A document, value or entry is larger than its limit. Nothing was written. */
  TooLarge: "too-large",
  /** As much is kept as its owner allows. Nothing was written; it goes again when some of it is done with. */
  Full: "full",
  /** The store was closed before. */
  Closed: "closed",
} as const;
export type StoreErrorCode = (typeof StoreErrorCode)[keyof typeof StoreErrorCode];

/** A failure of a store. `message` says what happened, why, and what mends it; it never contains stored content. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** The file it happened to, where there is one. */
  readonly path: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: { readonly path?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options.path;
  }
}

/** The `code` of a system error such as `ENOENT`, or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Wraps a system error, unless it is a StoreError already. */
export function asStoreError(error: unknown, what: string, path?: string): StoreError {
  if (error instanceof StoreError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new StoreError(StoreErrorCode.Io, `${what} failed: ${why}`, { ...(path && { path }), cause: error });
}
