import type { DocumentShape, StateDocument } from "./document.ts";
import { decodeDocument, emptyValue, encodeDocument } from "./document-codec.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";

/** What a memory store keeps of one document: the same bytes that a file would have. */
export interface MemorySlot {
  bytes: Uint8Array | undefined;
  revision: number;
  readonly listeners: Set<() => void>;
}

/** A document that lives as long as the process. Values pass through the same bytes as in the other engines. */
export class MemoryDocument<T> implements StateDocument<T> {
  readonly #name: string;
  readonly #slot: MemorySlot;
  readonly #shape: DocumentShape<T>;
  readonly #requireOpen: () => void;

  constructor(name: string, slot: MemorySlot, shape: DocumentShape<T>, requireOpen: () => void) {
    this.#name = name;
    this.#slot = slot;
    this.#shape = shape;
    this.#requireOpen = requireOpen;
  }

  async read(): Promise<{ readonly value: T; readonly revision: string }> {
    this.#requireOpen();
    const revision = String(this.#slot.revision);
    if (this.#slot.bytes === undefined) return { value: emptyValue(this.#shape), revision };
    const decoded = decodeDocument(this.#slot.bytes, this.#shape);
    if (decoded.ok) return { value: decoded.value, revision };
    throw new StoreError(StoreErrorCode.Corrupt, `The document "${this.#name}" is damaged: ${decoded.why.reason}.`, {
      cause: decoded.why.cause,
    });
  }

  async replace(value: T, revision: string): Promise<boolean> {
    this.#requireOpen();
    const bytes = encodeDocument(value, this.#shape, this.#name);
    if (String(this.#slot.revision) !== revision) return false;
    this.#slot.bytes = bytes;
    this.#slot.revision += 1;
    for (const listener of this.#slot.listeners) queueMicrotask(listener);
    return true;
  }

  changed(listener: () => void): () => void {
    this.#requireOpen();
    const own = (): void => listener();
    this.#slot.listeners.add(own);
    return () => {
      this.#slot.listeners.delete(own);
    };
  }
}
