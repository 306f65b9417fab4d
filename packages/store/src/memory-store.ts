import type { AppendLog, LogShape } from "./append-log.ts";
import type { DocumentShape, StateDocument } from "./document.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";
import type { KeyValueTable, TableShape } from "./key-value-table.ts";
import { MemoryDocument, type MemorySlot } from "./memory-document.ts";
import { MemoryLog, type MemoryLogSlot, MemoryTable, type MemoryTableSlot } from "./memory-records.ts";
import { requireName } from "./names.ts";
import { requireBounds } from "./row-codec.ts";
import type { StateStore } from "./stores.ts";

export interface MemoryStoreOptions {
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** Everything in memory, gone with the process: for tests, and for programs that want to forget. */
export class MemoryStore implements StateStore {
  readonly #documents = new Map<string, MemorySlot>();
  readonly #tables = new Map<string, MemoryTableSlot>();
  readonly #logs = new Map<string, MemoryLogSlot>();
  readonly #now: () => number;
  #closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.#now = options.now ?? Date.now;
  }

  document<T>(name: string, shape: DocumentShape<T>): StateDocument<T> {
    this.#requireOpen();
    const slot = slotOf(this.#documents, requireName(name), () => ({
      bytes: undefined,
      revision: 0,
      listeners: new Set<() => void>(),
    }));
    return new MemoryDocument(name, slot, shape, () => this.#requireOpen());
  }

  table<T>(name: string, shape: TableShape<T>): KeyValueTable<T> {
    this.#requireOpen();
    requireBounds(shape, name);
    const slot = slotOf(this.#tables, requireName(name), () => ({ rows: new Map(), bytes: 0 }));
    return new MemoryTable(name, slot, shape, { now: this.#now, requireOpen: () => this.#requireOpen() });
  }

  log<T>(name: string, shape: LogShape<T>): AppendLog<T> {
    this.#requireOpen();
    requireBounds(shape, name);
    const slot = slotOf(this.#logs, requireName(name), () => ({ entries: [], lastSeq: 0, bytes: 0 }));
    return new MemoryLog(name, slot, shape, { now: this.#now, requireOpen: () => this.#requireOpen() });
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const { listeners } of this.#documents.values()) listeners.clear();
    return Promise.resolve();
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreError(StoreErrorCode.Closed, "This store is closed.");
  }
}

function slotOf<V>(map: Map<string, V>, name: string, create: () => V): V {
  const known = map.get(name);
  if (known !== undefined) return known;
  const created = create();
  map.set(name, created);
  return created;
}
