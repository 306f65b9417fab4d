import { type DocumentShape, defaultMaxDocumentBytes } from "./document.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";

/** Why stored bytes are not a document. The message is safe to show: it never repeats what is stored. */
export interface Corruption {
  readonly reason: string;
  readonly cause?: unknown;
}

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: Corruption };

// A byte that isn't UTF-8 must not turn into a harmless question mark that is then written back.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

/** The value of a document that was never written. */
export function emptyValue<T>(shape: DocumentShape<T>): T {
  return deepFreeze(shape.empty());
}

/** Turns stored bytes into a checked, frozen value. */
export function decodeDocument<T>(bytes: Uint8Array, shape: DocumentShape<T>): Decoded<T> {
  const maxBytes = shape.maxBytes ?? defaultMaxDocumentBytes;
  if (bytes.byteLength > maxBytes) {
    return { ok: false, why: { reason: `it has ${bytes.byteLength} bytes, more than the ${maxBytes} allowed` } };
  }
  if (bytes.byteLength === 0) return { ok: false, why: { reason: "it is empty" } };
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(bytes));
  } catch {
    // V8's message quotes the text around the mistake, which may be a secret: it goes nowhere
    return { ok: false, why: { reason: "it isn't valid JSON in UTF-8" } };
  }
  try {
    return { ok: true, value: deepFreeze(shape.parse(json)) };
  } catch (cause) {
    return { ok: false, why: { reason: "its content isn't what belongs there", cause } };
  }
}

/**
 * The bytes of a value: pretty JSON with a final newline.
 * @throws {StoreError} `too-large`; `invalid` when the value isn't JSON.
 */
export function encodeDocument<T>(value: T, shape: DocumentShape<T>, name: string): Uint8Array {
  const text: string | undefined = JSON.stringify(value, null, 2);
  if (text === undefined) throw new StoreError(StoreErrorCode.Invalid, `The new value of "${name}" isn't JSON.`);
  const bytes = new TextEncoder().encode(`${text}\n`);
  const maxBytes = shape.maxBytes ?? defaultMaxDocumentBytes;
  if (bytes.byteLength <= maxBytes) return bytes;
  throw new StoreError(
    StoreErrorCode.TooLarge,
    `"${name}" would grow to ${bytes.byteLength} bytes, more than the ${maxBytes} allowed. Nothing was written.`,
  );
}
