import type { AppendLog, LogEntry, LogRange, LogShape } from "./append-log.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";
import type { KeyValueTable, Occupancy, RowLife, TableShape } from "./key-value-table.ts";
import { decodeRow, type EncodedRow, encodeRow, expiryOf, rangeOf, requireKey } from "./row-codec.ts";
import type { SqliteConnection, Statements } from "./sqlite-connection.ts";

type Kind = "table" | "log";

interface Filling {
  readonly rows: number;
  readonly bytes: number;
  readonly last_seq: number;
}

function fillingOf(statements: Statements, kind: Kind, name: string): Filling {
  const sql = "SELECT rows, bytes, last_seq FROM occupancy WHERE kind = ? AND name = ?";
  return statements.get<Filling>(sql, kind, name) ?? { rows: 0, bytes: 0, last_seq: 0 };
}

function setFilling(statements: Statements, kind: Kind, name: string, filling: Filling): void {
  statements.run(
    "INSERT OR REPLACE INTO occupancy VALUES (?, ?, ?, ?, ?)",
    kind,
    name,
    filling.rows,
    filling.bytes,
    filling.last_seq,
  );
}

/** Expired rows that every write clears away, so that a table shrinks also when it is never full. */
const sweptPerWrite = 4;

/** A table in a database. */
export class SqliteTable<T> implements KeyValueTable<T> {
  readonly #name: string;
  readonly #shape: TableShape<T>;
  readonly #connection: SqliteConnection;
  readonly #now: () => number;

  constructor(name: string, shape: TableShape<T>, connection: SqliteConnection, now: () => number) {
    this.#name = name;
    this.#shape = shape;
    this.#connection = connection;
    this.#now = now;
  }

  async get(key: string): Promise<T | undefined> {
    requireKey(key);
    const text = await this.#connection.read((statements) => this.#textOf(statements, key));
    return text === undefined ? undefined : decodeRow(text, this.#shape.parse, this.#name);
  }

  async put(key: string, value: T, life: RowLife = {}): Promise<void> {
    const row = encodeRow(value, requireKey(key), this.#shape.maxBytes, this.#name);
    const expiresAtMs = expiryOf(life);
    await this.#connection.write((statements) => this.#put(statements, key, row, expiresAtMs));
  }

  async add(key: string, value: T, life: RowLife = {}): Promise<{ readonly added: boolean; readonly value: T }> {
    const row = encodeRow(value, requireKey(key), this.#shape.maxBytes, this.#name);
    const expiresAtMs = expiryOf(life);
    const existing = await this.#connection.write((statements) => {
      const text = this.#textOf(statements, key);
      if (text === undefined) this.#put(statements, key, row, expiresAtMs);
      return text;
    });
    if (existing === undefined) return { added: true, value };
    return { added: false, value: decodeRow(existing, this.#shape.parse, this.#name) };
  }

  async delete(key: string): Promise<boolean> {
    requireKey(key);
    return await this.#connection.write((statements) => {
      const existed = this.#textOf(statements, key) !== undefined;
      this.#remove(statements, "key = ?", key);
      return existed;
    });
  }

  async occupancy(): Promise<Occupancy> {
    return await this.#connection.read((statements) => {
      const { rows, bytes } = fillingOf(statements, "table", this.#name);
      return { rows, bytes };
    });
  }

  #textOf(statements: Statements, key: string): string | undefined {
    const sql =
      "SELECT value FROM table_rows WHERE name = ? AND key = ? AND (expires_at_ms IS NULL OR expires_at_ms > ?)";
    return statements.get<{ value: string }>(sql, this.#name, key, Math.trunc(this.#now()))?.value;
  }

  #put(statements: Statements, key: string, row: EncodedRow, expiresAtMs: number | undefined): void {
    this.#remove(statements, "key = ?", key);
    const before = fillingOf(statements, "table", this.#name);
    const seq = before.last_seq + 1;
    const sql = "INSERT INTO table_rows VALUES (?, ?, ?, ?, ?, ?)";
    statements.run(sql, this.#name, key, row.text, row.bytes, seq, expiresAtMs ?? null);
    setFilling(statements, "table", this.#name, {
      rows: before.rows + 1,
      bytes: before.bytes + row.bytes,
      last_seq: seq,
    });
    const isOver = (): boolean => {
      const { rows, bytes } = fillingOf(statements, "table", this.#name);
      return rows > this.#shape.maxRows || bytes > this.#shape.maxBytes;
    };
    const expired = `key IN (SELECT key FROM table_rows WHERE name = ? AND expires_at_ms <= ? LIMIT ${isOver() ? -1 : sweptPerWrite})`;
    this.#remove(statements, expired, this.#name, Math.trunc(this.#now()));
    while (isOver()) {
      this.#remove(statements, "seq = (SELECT min(seq) FROM table_rows WHERE name = ?)", this.#name);
    }
  }

  #remove(statements: Statements, where: string, ...values: readonly (string | number)[]): void {
    const sql = `DELETE FROM table_rows WHERE name = ? AND ${where} RETURNING bytes`;
    const removed = statements.all<{ bytes: number }>(sql, this.#name, ...values);
    if (removed.length === 0) return;
    const before = fillingOf(statements, "table", this.#name);
    setFilling(statements, "table", this.#name, {
      rows: before.rows - removed.length,
      bytes: before.bytes - removed.reduce((sum, { bytes }) => sum + bytes, 0),
      last_seq: before.last_seq,
    });
  }
}

/** A log in a database. */
export class SqliteLog<T> implements AppendLog<T> {
  readonly #name: string;
  readonly #shape: LogShape<T>;
  readonly #connection: SqliteConnection;
  readonly #now: () => number;

  constructor(name: string, shape: LogShape<T>, connection: SqliteConnection, now: () => number) {
    this.#name = name;
    this.#shape = shape;
    this.#connection = connection;
    this.#now = now;
  }

  async append(...entries: readonly [T, ...T[]]): Promise<number> {
    this.#connection.requireOpen();
    if (entries.length === 0) throw new StoreError(StoreErrorCode.Invalid, "There is nothing to append.");
    const encoded = entries.map((entry) => encodeRow(entry, "", this.#shape.maxBytes, this.#name));
    const atMs = Math.trunc(this.#now());
    return await this.#connection.write((statements) => {
      let { rows, bytes, last_seq: seq } = fillingOf(statements, "log", this.#name);
      for (const { bytes: size, text } of encoded) {
        seq += 1;
        statements.run("INSERT INTO log_entries VALUES (?, ?, ?, ?, ?)", this.#name, seq, atMs, text, size);
        rows += 1;
        bytes += size;
      }
      while (rows > this.#shape.maxRows || bytes > this.#shape.maxBytes) {
        const oldest = "seq = (SELECT min(seq) FROM log_entries WHERE name = ?)";
        const sql = `DELETE FROM log_entries WHERE name = ? AND ${oldest} RETURNING bytes`;
        const [removed] = statements.all<{ bytes: number }>(sql, this.#name, this.#name);
        if (removed === undefined) break;
        rows -= 1;
        bytes -= removed.bytes;
      }
      setFilling(statements, "log", this.#name, { rows, bytes, last_seq: seq });
      return seq;
    });
  }

  async read(range: LogRange = {}): Promise<readonly LogEntry<T>[]> {
    const { afterSeq, beforeSeq, limit, newestFirst } = rangeOf(range);
    const order = newestFirst ? "DESC" : "ASC";
    const sql = `SELECT seq, at_ms, value FROM log_entries WHERE name = ? AND seq > ? AND seq < ? ORDER BY seq ${order} LIMIT ?`;
    const found = await this.#connection.read((statements) =>
      statements.all<{ seq: number; at_ms: number; value: string }>(sql, this.#name, afterSeq, beforeSeq, limit),
    );
    return found.map(({ at_ms, seq, value }) => ({
      seq,
      atMs: at_ms,
      entry: decodeRow(value, this.#shape.parse, this.#name),
    }));
  }

  async occupancy(): Promise<Occupancy> {
    return await this.#connection.read((statements) => {
      const { rows, bytes } = fillingOf(statements, "log", this.#name);
      return { rows, bytes };
    });
  }
}
