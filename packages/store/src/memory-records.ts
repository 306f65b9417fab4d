import type { AppendLog, LogEntry, LogRange, LogShape } from "./append-log.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";
import type { KeyValueTable, Occupancy, RowLife, TableShape } from "./key-value-table.ts";
import { decodeRow, encodeRow, expiryOf, hasExpired, rangeOf, requireKey } from "./row-codec.ts";

export interface MemoryRow {
  readonly text: string;
  readonly bytes: number;
  readonly expiresAtMs: number | undefined;
}

/** What a memory store keeps of one table: rows from the oldest write to the newest. */
export interface MemoryTableSlot {
  readonly rows: Map<string, MemoryRow>;
  bytes: number;
}

/** What a memory store keeps of one log. */
export interface MemoryLogSlot {
  readonly entries: { readonly seq: number; readonly atMs: number; readonly text: string; readonly bytes: number }[];
  lastSeq: number;
  bytes: number;
}

export interface MemoryRecordContext {
  readonly now: () => number;
  readonly requireOpen: () => void;
}

/** A table that lives as long as the process. */
export class MemoryTable<T> implements KeyValueTable<T> {
  readonly #name: string;
  readonly #slot: MemoryTableSlot;
  readonly #shape: TableShape<T>;
  readonly #context: MemoryRecordContext;

  constructor(name: string, slot: MemoryTableSlot, shape: TableShape<T>, context: MemoryRecordContext) {
    this.#name = name;
    this.#slot = slot;
    this.#shape = shape;
    this.#context = context;
  }

  async get(key: string): Promise<T | undefined> {
    const row = this.#live(requireKey(key));
    return row && decodeRow(row.text, this.#shape.parse, this.#name);
  }

  async put(key: string, value: T, life: RowLife = {}): Promise<void> {
    this.#context.requireOpen();
    const { text, bytes } = encodeRow(value, requireKey(key), this.#shape.maxBytes, this.#name);
    const expiresAtMs = expiryOf(life);
    this.#drop(key);
    this.#slot.rows.set(key, { text, bytes, expiresAtMs });
    this.#slot.bytes += bytes;
    this.#shrink();
  }

  async add(key: string, value: T, life: RowLife = {}): Promise<{ readonly added: boolean; readonly value: T }> {
    const row = this.#live(requireKey(key));
    if (row) return { added: false, value: decodeRow(row.text, this.#shape.parse, this.#name) };
    await this.put(key, value, life);
    return { added: true, value };
  }

  async delete(key: string): Promise<boolean> {
    const existed = this.#live(requireKey(key)) !== undefined;
    this.#drop(key);
    return existed;
  }

  async occupancy(): Promise<Occupancy> {
    this.#context.requireOpen();
    return { rows: this.#slot.rows.size, bytes: this.#slot.bytes };
  }

  #live(key: string): MemoryRow | undefined {
    this.#context.requireOpen();
    const row = this.#slot.rows.get(key);
    return row && !hasExpired(row.expiresAtMs, this.#context.now()) ? row : undefined;
  }

  #drop(key: string): void {
    const row = this.#slot.rows.get(key);
    if (row && this.#slot.rows.delete(key)) this.#slot.bytes -= row.bytes;
  }

  #shrink(): void {
    const { rows } = this.#slot;
    const isOver = (): boolean => rows.size > this.#shape.maxRows || this.#slot.bytes > this.#shape.maxBytes;
    if (!isOver()) return;
    for (const [key, row] of rows) if (hasExpired(row.expiresAtMs, this.#context.now())) this.#drop(key);
    for (const key of rows.keys()) {
      if (!isOver()) return;
      this.#drop(key);
    }
  }
}

/** A log that lives as long as the process. */
export class MemoryLog<T> implements AppendLog<T> {
  readonly #name: string;
  readonly #slot: MemoryLogSlot;
  readonly #shape: LogShape<T>;
  readonly #context: MemoryRecordContext;

  constructor(name: string, slot: MemoryLogSlot, shape: LogShape<T>, context: MemoryRecordContext) {
    this.#name = name;
    this.#slot = slot;
    this.#shape = shape;
    this.#context = context;
  }

  async append(...entries: readonly [T, ...T[]]): Promise<number> {
    this.#context.requireOpen();
    if (entries.length === 0) throw new StoreError(StoreErrorCode.Invalid, "There is nothing to append.");
    const slot = this.#slot;
    const encoded = entries.map((entry) => encodeRow(entry, "", this.#shape.maxBytes, this.#name));
    for (const { text, bytes } of encoded) {
      slot.lastSeq += 1;
      slot.bytes += bytes;
      slot.entries.push({ seq: slot.lastSeq, atMs: Math.trunc(this.#context.now()), text, bytes });
    }
    let tooMany = 0;
    while (slot.entries.length - tooMany > this.#shape.maxRows || slot.bytes > this.#shape.maxBytes) {
      slot.bytes -= slot.entries[tooMany]?.bytes ?? 0;
      tooMany += 1;
    }
    slot.entries.splice(0, tooMany);
    return slot.lastSeq;
  }

  async read(range: LogRange = {}): Promise<readonly LogEntry<T>[]> {
    this.#context.requireOpen();
    const { afterSeq, beforeSeq, newestFirst, limit } = rangeOf(range);
    const inside = this.#slot.entries.filter(({ seq }) => seq > afterSeq && seq < beforeSeq);
    const wanted = newestFirst ? inside.reverse().slice(0, limit) : inside.slice(0, limit);
    return wanted.map(({ seq, atMs, text }) => ({ seq, atMs, entry: decodeRow(text, this.#shape.parse, this.#name) }));
  }

  async occupancy(): Promise<Occupancy> {
    this.#context.requireOpen();
    return { rows: this.#slot.entries.length, bytes: this.#slot.bytes };
  }
}
