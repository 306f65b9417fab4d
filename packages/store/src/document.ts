import { StoreError, StoreErrorCode } from "./errors.ts";

/** One JSON document that is replaced as a whole. */
export interface StateDocument<T> {
  /**
   * The current value and its revision. A document that was never written has its shape's empty value.
   * Values are deeply frozen: build the next one, don't change this one.
   * @throws {StoreError} `corrupt` when what is stored is unreadable or invalid. That stays so until a person mends it.
   */
  read(): Promise<{ readonly value: T; readonly revision: string }>;
  /**
   * Replaces the document, if it still has the given revision.
   * @returns true: `value` is durable. false: somebody else wrote first, nothing was changed; read again.
   * @throws {StoreError} `busy`, `io`, `too-large`: not acknowledged. After `io` the old or the new value is there, never a mixture.
   */
  replace(value: T, revision: string): Promise<boolean>;
  /**
   * Calls `listener` some time after the document was changed, by this process or (where the engine can see it) by
   * another one. Several changes may arrive as one call, and a call may be spurious: read to learn what is there.
   * @returns stops listening.
   */
  changed?(listener: () => void): () => void;
}

/** What a document holds. `T` is plain JSON: what `JSON.parse(JSON.stringify(value))` gives back unchanged. */
export interface DocumentShape<T> {
  /** Checks a parsed JSON value. Throws when it isn't a `T`; the message must not repeat secrets. */
  readonly parse: (json: unknown) => T;
  /** The value of a document that was never written. */
  readonly empty: () => T;
  /** Largest encoded size, in bytes. @default 16_777_216 */
  readonly maxBytes?: number;
}

export const defaultMaxDocumentBytes: number = 16 * 1024 * 1024;

/** How often {@link updateDocument} decides again because another process wrote first, before it gives up as `busy`. */
export const maxUpdateAttempts: number = 200;

// Updates through one handle wait for each other instead of racing: a burst of them costs one read and one write each.
const queues = new WeakMap<object, Promise<unknown>>();

/**
 * Reads, decides, and writes what was decided; again from the start when somebody else wrote in between. `decide` is
 * pure: it may be called several times, and only the answer of its last call counts. `next: undefined` writes nothing.
 * @returns the `result` that belongs to what was written; it is durable by then.
 * @throws {StoreError} what `read` and `replace` throw, and whatever `decide` throws. Nothing is written then.
 */
export function updateDocument<T, R>(
  document: StateDocument<T>,
  decide: (value: T) => { next: T | undefined; result: R },
): Promise<R> {
  const before = queues.get(document) ?? Promise.resolve();
  const turn = before.then(() => attemptUpdate(document, decide));
  const settled = turn.then(
    () => undefined,
    () => undefined, // the caller gets the failure through `turn`; those who wait behind it only need their turn
  );
  queues.set(document, settled);
  return turn;
}

async function attemptUpdate<T, R>(
  document: StateDocument<T>,
  decide: (value: T) => { next: T | undefined; result: R },
): Promise<R> {
  for (let attempt = 0; attempt < maxUpdateAttempts; attempt++) {
    const { value, revision } = await document.read();
    const { next, result } = decide(value);
    if (next === undefined || (await document.replace(next, revision))) return result;
  }
  throw new StoreError(
    StoreErrorCode.Busy,
    `Other processes changed the document ${maxUpdateAttempts} times while this update was being made. Try again.`,
  );
}
