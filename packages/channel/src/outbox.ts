import { randomUUID } from "node:crypto";
import { type SchemaPart, type SqlDatabase, type SqlTransaction, StoreError, StoreErrorCode } from "@saltgate/store";
import { conversationKey } from "./conversation-key.ts";
import type { AccountRef } from "./inbox.ts";
import type { OutboundContent, OutboundTarget, Receipt } from "./outbound.ts";

/**
 * How far a delivery is. `live`: its beginning is shown and it grows. `unsure`: nobody heard whether it was sent, and it
 * is being found out. `failed` and `unknown` are for their owner: nothing happens to them by itself.
 */
export type DeliveryState = "waiting" | "sending" | "unsure" | "live" | "sent" | "failed" | "unknown" | "expired";

/** Content as it is kept: a file by the name under which the media shelf has it. */
export type StoredContent =
  | Exclude<OutboundContent, { kind: "media" }>
  | (Omit<Extract<OutboundContent, { kind: "media" }>, "file"> & {
      readonly file: {
        readonly mediaId: string;
        readonly kind: Extract<OutboundContent, { kind: "media" }>["file"]["kind"];
        readonly fileName: string;
        readonly mimeType: string;
      };
    });

/** Something to be sent. */
export interface NewDelivery extends AccountRef {
  /** Of the logical reply and its part. A second delivery with the same key is the first one. */
  readonly key: string;
  readonly target: OutboundTarget;
  readonly content: StoredContent;
  /** Whether it grows until {@link Outbox.finish} says what it is. Texts alone. */
  readonly live?: boolean;
  /** The run that it belongs to. */
  readonly runId?: string;
  /** How long it makes sense to send it, in milliseconds. @default {@link OutboxLimits.ttlMs} */
  readonly ttlMs?: number;
}

/** A delivery as it stands. */
export interface OutboxRow extends AccountRef {
  readonly seq: number;
  /** Its handle on the platform: the same on every attempt. */
  readonly id: string;
  readonly key: string;
  readonly conversation: string;
  readonly target: OutboundTarget;
  readonly content: StoredContent;
  readonly state: DeliveryState;
  readonly live: boolean;
  readonly attempts: number;
  readonly nextAtMs: number;
  /** What the adapter asked to be kept before the attempt. */
  readonly handle: unknown;
  readonly receipt: Receipt | undefined;
  /** The text that the platform shows, or would after the last attempt; it may differ from the one that it shall show. */
  readonly shown: string | undefined;
  readonly error: string | undefined;
  readonly errorKind: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number;
  readonly runId: string | undefined;
}

/** Bounds of an outbox. */
export interface OutboxLimits {
  /** How long a delivery is tried, in milliseconds. Afterwards it is for its owner. */
  readonly ttlMs: number;
  /** Deliveries that may be under way. */
  readonly maxOpen: number;
  /** Bytes of content that may be under way. */
  readonly maxBytes: number;
  /** How long what was sent is remembered, in milliseconds. */
  readonly rememberMs: number;
  /** Rows that are kept when nothing more happens to them; the oldest go first. */
  readonly maxKept: number;
}

export const defaultOutboxLimits: OutboxLimits = {
  ttlMs: 86_400_000,
  maxOpen: 50_000,
  maxBytes: 134_217_728,
  rememberMs: 7 * 86_400_000,
  maxKept: 100_000,
};

/** The tables of the outbox. */
export const outboxSchema: SchemaPart = {
  name: "outbox",
  versions: [
    `CREATE TABLE outbox_rows (
       seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
       channel TEXT NOT NULL, account TEXT NOT NULL, conversation TEXT NOT NULL, target TEXT NOT NULL,
       content TEXT NOT NULL, bytes INTEGER NOT NULL, state TEXT NOT NULL, live INTEGER NOT NULL, is_open INTEGER NOT NULL,
       attempts INTEGER NOT NULL DEFAULT 0, next_at_ms INTEGER NOT NULL, handle TEXT, receipt TEXT, shown TEXT,
       error TEXT, error_kind TEXT, run_id TEXT,
       created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX outbox_open ON outbox_rows (channel, account, conversation, seq, state, next_at_ms, is_open) WHERE is_open = 1;
     CREATE INDEX outbox_closed ON outbox_rows (state, seq) WHERE is_open = 0;
     CREATE INDEX outbox_by_run ON outbox_rows (run_id) WHERE run_id IS NOT NULL;
     CREATE TABLE outbox_filling (
       only INTEGER PRIMARY KEY CHECK (only = 1), open INTEGER NOT NULL, bytes INTEGER NOT NULL, kept INTEGER NOT NULL
     ) STRICT;
     INSERT INTO outbox_filling VALUES (1, 0, 0, 0);
     CREATE TRIGGER outbox_added AFTER INSERT ON outbox_rows BEGIN
       UPDATE outbox_filling SET open = open + new.is_open, bytes = bytes + new.bytes * new.is_open, kept = kept + 1 - new.is_open;
     END;
     CREATE TRIGGER outbox_changed AFTER UPDATE OF is_open, bytes ON outbox_rows BEGIN
       UPDATE outbox_filling SET open = open + new.is_open - old.is_open,
         bytes = bytes + new.bytes * new.is_open - old.bytes * old.is_open, kept = kept - new.is_open + old.is_open;
     END;
     CREATE TRIGGER outbox_removed AFTER DELETE ON outbox_rows BEGIN
       UPDATE outbox_filling SET open = open - old.is_open, bytes = bytes - old.bytes * old.is_open, kept = kept - 1 + old.is_open;
     END;`,
  ],
};

/** States in which something still happens to a delivery by itself. */
const openStates: readonly DeliveryState[] = ["waiting", "sending", "unsure", "live"];
/** Rows of the past that every addition clears away. */
const sweptPerAddition = 8;

/** The oldest of its conversation that isn't merely growing. All of it is in one index, as it is asked before every message. */
const isHead = `channel = ? AND account = ? AND is_open = 1 AND state IN ('waiting', 'unsure')
  AND NOT EXISTS (SELECT 1 FROM outbox_rows AS older WHERE older.channel = row.channel AND older.account = row.account
    AND older.conversation = row.conversation AND older.is_open = 1 AND older.seq < row.seq AND older.state <> 'live')`;

/**
 * What an attempt, or finding out about one, came to. `pauseMs`: how long it waits from when this is written down, in
 * milliseconds. Not until when: the clock may be set between the decision and the note.
 */
export type DeliveryOutcome =
  | { readonly state: "sent"; readonly receipt: Receipt; readonly shown: string | undefined }
  | { readonly state: "waiting"; readonly pauseMs: number; readonly error: string; readonly errorKind: string }
  | { readonly state: "unsure"; readonly pauseMs: number; readonly error: string }
  | { readonly state: "failed" | "unknown"; readonly error: string; readonly errorKind: string }
  | { readonly state: "expired"; readonly error?: string; readonly errorKind?: string };

export interface OutboxOptions {
  readonly database: SqlDatabase;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** @default {@link defaultOutboxLimits} */
  readonly limits?: Partial<OutboxLimits>;
  /** Makes the id of a delivery: at least 122 random bits, at most 36 characters. @default a random UUID */
  readonly newId?: () => string;
}

/**
 * What is to be sent: on the disk before the first attempt, in order within a conversation, each logical part once. An
 * attempt is noted before it is made, so that after a crash it is known that nobody knows what became of it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly limits: OutboxLimits;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.limits = { ...defaultOutboxLimits, ...options.limits };
  }

  /**
   * Within a transaction: adds a delivery. One whose key is known changes nothing.
   * @returns its id
   * @throws {StoreError} when too much is under way already; that undoes the transaction
   */
  add(sql: SqlTransaction, delivery: NewDelivery): string {
    const nowMs = this.#options.now();
    const known = sql.get<{ id: string }>("SELECT id FROM outbox_rows WHERE key = ?", delivery.key);
    if (known !== undefined) return known.id;
    const id = (this.#options.newId ?? randomUUID)();
    const content = JSON.stringify(delivery.content);
    const { channel, accountId, target } = delivery;
    sql.run(
      `INSERT INTO outbox_rows (id, key, channel, account, conversation, target, content, bytes, state, live, is_open,
         next_at_ms, run_id, created_at_ms, updated_at_ms, expires_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 1, 0, ?, ?, ?, ?)`,
      id,
      delivery.key,
      channel,
      accountId,
      conversationKey(delivery, target),
      JSON.stringify(target),
      content,
      Buffer.byteLength(content),
      delivery.live ? 1 : 0,
      delivery.runId ?? null,
      nowMs,
      nowMs,
      nowMs + (delivery.ttlMs ?? this.limits.ttlMs),
    );
    this.#requireRoom(sql);
    this.#sweep(sql, nowMs);
    return id;
  }

  /** Within a transaction: the delivery that was added with this key before. */
  known(sql: SqlTransaction, key: string): OutboxRow | undefined {
    const row = sql.get<StoredRow>("SELECT * FROM outbox_rows WHERE key = ?", key);
    return row && rowOf(row);
  }

  /** Within a transaction: says what a delivery that grew is in the end. Nothing happens to one that isn't live. */
  finish(sql: SqlTransaction, key: string, text: string): boolean {
    const row = sql.get<StoredRow>("SELECT * FROM outbox_rows WHERE key = ? AND live = 1", key);
    if (row === undefined) return false;
    const content = JSON.parse(row.content) as StoredContent;
    if (content.kind !== "text") return false;
    const final = JSON.stringify({ ...content, text });
    // Under way or given up: what it shows is compared when that has ended, and no pause gets shorter.
    if (row.state === "live") {
      sql.run(
        `UPDATE outbox_rows SET content = ?, bytes = ?, live = 0, state = 'waiting', attempts = 0, next_at_ms = 0,
           updated_at_ms = ? WHERE seq = ?`,
        final,
        Buffer.byteLength(final),
        this.#options.now(),
        row.seq,
      );
    } else {
      sql.run(
        "UPDATE outbox_rows SET content = ?, bytes = ?, live = 0 WHERE seq = ?",
        final,
        Buffer.byteLength(final),
        row.seq,
      );
    }
    return true;
  }

  /** What is due on an account: the oldest of each conversation whose time has come. */
  async due(account: AccountRef, nowMs: number, limit: number): Promise<readonly OutboxRow[]> {
    const rows = await this.#options.database.read((sql) =>
      sql.all<StoredRow>(
        `SELECT * FROM outbox_rows WHERE seq IN (
           SELECT seq FROM outbox_rows AS row WHERE ${isHead} AND next_at_ms <= ? ORDER BY seq LIMIT ?)
         ORDER BY seq`,
        account.channel,
        account.accountId,
        nowMs,
        limit,
      ),
    );
    return rows.map(rowOf);
  }

  /** When the next conversation of an account comes due after now; undefined when none does by itself. */
  async nextDueAt(account: AccountRef, nowMs: number): Promise<number | undefined> {
    const row = await this.#options.database.read((sql) =>
      sql.get<{ at: number | null }>(
        `SELECT min(next_at_ms) AS at FROM outbox_rows AS row WHERE ${isHead} AND next_at_ms > ?`,
        account.channel,
        account.accountId,
        nowMs,
      ),
    );
    return row?.at ?? undefined;
  }

  /**
   * Notes that an attempt begins now: what the adapter will need should nobody hear its answer, and the text that the
   * platform will show if it succeeds; undefined while that isn't known, as of an edit.
   * @returns whether it may be made; not when somebody gave the delivery up meanwhile
   */
  async begin(seq: number, handle: unknown, text: string | undefined): Promise<boolean> {
    return await this.#options.database.write(
      (sql) =>
        sql.run(
          `UPDATE outbox_rows SET state = 'sending', attempts = attempts + 1, handle = ?, shown = ?, updated_at_ms = ?
           WHERE seq = ? AND state = 'waiting'`,
          handle === undefined ? null : JSON.stringify(handle),
          text ?? null,
          this.#options.now(),
          seq,
        ) > 0,
    );
  }

  /** Notes that a live text begins to grow, so that what it shows isn't known any more. @returns whether it still is live */
  async grew(seq: number): Promise<boolean> {
    return await this.#options.database.write(
      (sql) => sql.run("UPDATE outbox_rows SET shown = NULL WHERE seq = ? AND state = 'live'", seq) > 0,
    );
  }

  /** Notes what an attempt came to. @returns the row as it stands now */
  async settle(seq: number, outcome: DeliveryOutcome): Promise<OutboxRow | undefined> {
    return await this.#options.database.write((sql) => {
      const row = sql.get<StoredRow>("SELECT * FROM outbox_rows WHERE seq = ?", seq);
      if (row === undefined) return undefined;
      if (outcome.state === "sent") this.#settleSent(sql, row, outcome.receipt, outcome.shown);
      else this.#settleOther(sql, row, outcome);
      const after = sql.get<StoredRow>("SELECT * FROM outbox_rows WHERE seq = ?", seq);
      return after && rowOf(after);
    });
  }

  #settleSent(sql: SqlTransaction, row: StoredRow, receipt: Receipt, shown: string | undefined): void {
    const content = JSON.parse(row.content) as StoredContent;
    const isBehind = content.kind === "text" && shown !== undefined && shown !== content.text;
    const state: DeliveryState = row.live === 1 ? "live" : isBehind ? "waiting" : "sent";
    sql.run(
      `UPDATE outbox_rows SET state = ?, is_open = ?, receipt = ?, shown = ?, handle = NULL, error = NULL,
         error_kind = NULL, next_at_ms = 0, updated_at_ms = ? WHERE seq = ?`,
      state,
      isOpen(state) ? 1 : 0,
      JSON.stringify(receipt),
      shown ?? null,
      this.#options.now(),
      row.seq,
    );
  }

  #settleOther(sql: SqlTransaction, row: StoredRow, outcome: Exclude<DeliveryOutcome, { state: "sent" }>): void {
    const nowMs = this.#options.now();
    // Platforms ask for waits in fractions too; nothing is due before the whole of it is over.
    const pauseMs = "pauseMs" in outcome ? outcome.pauseMs : 0;
    const { error = row.error ?? "its time ran out before it could be sent" } = outcome;
    // Asking again what became of it counts too, so that the pauses between the questions grow.
    const isAskedAgain = row.state === "unsure" && outcome.state === "unsure";
    sql.run(
      `UPDATE outbox_rows SET state = ?, is_open = ?, attempts = ?, next_at_ms = ?, error = ?, error_kind = ?,
         updated_at_ms = ? WHERE seq = ?`,
      outcome.state,
      isOpen(outcome.state) ? 1 : 0,
      row.attempts + (isAskedAgain ? 1 : 0),
      pauseMs === 0 ? 0 : Math.ceil(nowMs + pauseMs),
      error.slice(0, 500),
      ("errorKind" in outcome ? outcome.errorKind : undefined) ?? row.error_kind,
      nowMs,
      row.seq,
    );
  }

  /** Forgets the message that a text was shown in, because it isn't there any more: the text is sent afresh. */
  async forgetMessage(seq: number): Promise<void> {
    await this.#options.database.write((sql) => {
      sql.run(
        `UPDATE outbox_rows SET receipt = NULL, shown = NULL, handle = NULL, state = 'waiting', next_at_ms = 0,
           updated_at_ms = ? WHERE seq = ?`,
        this.#options.now(),
        seq,
      );
    });
  }

  /**
   * After a start: of what was being sent nobody knows what became of it. Live texts wait for the run that they belong to.
   * @param atMs when it is found out; the platform may still be carrying it out until then
   * @returns until when the platform wants nothing of this account, in milliseconds since the epoch; 0 when it may go on
   */
  async recover(account: AccountRef, atMs: number): Promise<number> {
    return await this.#options.database.write((sql) => {
      const { channel, accountId } = account;
      this.#restartPauses(sql, account);
      sql.run(
        `UPDATE outbox_rows SET state = 'unsure', next_at_ms = ?, updated_at_ms = ?,
           error = 'the gateway ended while it was being sent'
         WHERE channel = ? AND account = ? AND is_open = 1 AND state = 'sending'`,
        atMs,
        this.#options.now(),
        channel,
        accountId,
      );
      const quiet = sql.get<{ until: number | null }>(
        `SELECT max(next_at_ms) AS until FROM outbox_rows
         WHERE channel = ? AND account = ? AND is_open = 1 AND state = 'waiting' AND error_kind = 'rate'`,
        channel,
        accountId,
      );
      return quiet?.until ?? 0;
    });
  }

  /** The clock was set back: a pause that was noted by the old time begins again, and doesn't last until then. */
  async clockWasSetBack(account: AccountRef): Promise<void> {
    await this.#options.database.write((sql) => this.#restartPauses(sql, account));
  }

  #restartPauses(sql: SqlTransaction, { channel, accountId }: AccountRef): void {
    const nowMs = this.#options.now();
    sql.run(
      `UPDATE outbox_rows SET next_at_ms = ? + next_at_ms - updated_at_ms, updated_at_ms = ?
       WHERE channel = ? AND account = ? AND is_open = 1 AND updated_at_ms > ? AND next_at_ms > updated_at_ms`,
      nowMs,
      nowMs,
      channel,
      accountId,
      nowMs,
    );
  }

  /** The delivery of a key. */
  async find(key: string): Promise<OutboxRow | undefined> {
    const row = await this.#options.database.read((sql) =>
      sql.get<StoredRow>("SELECT * FROM outbox_rows WHERE key = ?", key),
    );
    return row && rowOf(row);
  }

  /** Within a transaction: the deliveries of a run that still grow. */
  liveOf(sql: SqlTransaction, runId: string): readonly OutboxRow[] {
    return sql.all<StoredRow>("SELECT * FROM outbox_rows WHERE run_id = ? AND live = 1", runId).map(rowOf);
  }

  /** Deliveries in these states, newest first. */
  async list(
    states: readonly DeliveryState[],
    limit: number,
    where: { readonly channel?: string | undefined } = {},
  ): Promise<readonly OutboxRow[]> {
    const rows = await this.#options.database.read((sql) =>
      sql.all<StoredRow>(
        `SELECT * FROM outbox_rows WHERE state IN (SELECT value FROM json_each(?)) AND (? IS NULL OR channel = ?)
         ORDER BY seq DESC LIMIT ?`,
        JSON.stringify(states),
        where.channel ?? null,
        where.channel ?? null,
        limit,
      ),
    );
    return rows.map(rowOf);
  }

  /** By its owner's order: sends a delivery that had been given up once more. @returns it, unless it isn't given up */
  async retry(id: string): Promise<OutboxRow | undefined> {
    return await this.#options.database.write((sql) => {
      const nowMs = this.#options.now();
      const changed = sql.run(
        `UPDATE outbox_rows SET state = 'waiting', is_open = 1, next_at_ms = 0, attempts = 0, error = NULL, error_kind = NULL,
           handle = NULL, updated_at_ms = ?, expires_at_ms = ?
         WHERE id = ? AND state IN ('failed', 'unknown', 'expired')`,
        nowMs,
        nowMs + this.limits.ttlMs,
        id,
      );
      if (changed === 0) return undefined;
      this.#requireRoom(sql);
      const row = sql.get<StoredRow>("SELECT * FROM outbox_rows WHERE id = ?", id);
      return row && rowOf(row);
    });
  }

  /**
   * By its owner's order: gives up a delivery for good. One that still grows stays: what shows a part of it needs its end.
   * @returns whether there was one to give up
   */
  async discard(id: string): Promise<boolean> {
    return await this.#options.database.write(
      (sql) =>
        sql.run("DELETE FROM outbox_rows WHERE id = ? AND live = 0 AND state NOT IN ('sending', 'sent')", id) > 0,
    );
  }

  /** How much there is: deliveries under way with their bytes, those that are kept, and those for their owner. */
  async filling(): Promise<{ open: number; bytes: number; kept: number; dead: number }> {
    return await this.#options.database.read((sql) => {
      const filling = fillingOf(sql);
      const dead = sql.get<{ count: number }>(
        "SELECT count(*) AS count FROM outbox_rows WHERE is_open = 0 AND state IN ('failed', 'unknown', 'expired')",
      );
      return { ...filling, dead: dead?.count ?? 0 };
    });
  }

  #requireRoom(sql: SqlTransaction): void {
    const { open, bytes } = fillingOf(sql);
    if (open <= this.limits.maxOpen && bytes <= this.limits.maxBytes) return;
    throw new StoreError(
      StoreErrorCode.Full,
      `The outbox is full: ${open} messages with ${bytes} bytes wait to be sent. See why they wait: saltgate deliveries`,
    );
  }

  #sweep(sql: SqlTransaction, nowMs: number): void {
    // Only the oldest are looked at: rows are added in the order of time.
    sql.run(
      `DELETE FROM outbox_rows WHERE seq IN (
         SELECT seq FROM (SELECT seq, updated_at_ms FROM outbox_rows WHERE is_open = 0 AND state = 'sent' ORDER BY seq
           LIMIT ${sweptPerAddition}) WHERE updated_at_ms < ?)`,
      nowMs - this.limits.rememberMs,
    );
    if (fillingOf(sql).kept <= this.limits.maxKept) return;
    sql.run(
      `DELETE FROM outbox_rows WHERE seq IN (
         SELECT seq FROM outbox_rows WHERE is_open = 0 ORDER BY seq LIMIT ${sweptPerAddition})`,
    );
  }
}

interface StoredRow {
  readonly seq: number;
  readonly id: string;
  readonly key: string;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly target: string;
  readonly content: string;
  readonly state: DeliveryState;
  readonly live: number;
  readonly attempts: number;
  readonly next_at_ms: number;
  readonly handle: string | null;
  readonly receipt: string | null;
  readonly shown: string | null;
  readonly error: string | null;
  readonly error_kind: string | null;
  readonly run_id: string | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly expires_at_ms: number;
}

function rowOf(row: StoredRow): OutboxRow {
  return {
    seq: row.seq,
    id: row.id,
    key: row.key,
    channel: row.channel,
    accountId: row.account,
    conversation: row.conversation,
    target: JSON.parse(row.target) as OutboundTarget,
    content: JSON.parse(row.content) as StoredContent,
    state: row.state,
    live: row.live === 1,
    attempts: row.attempts,
    nextAtMs: row.next_at_ms,
    handle: row.handle === null ? undefined : (JSON.parse(row.handle) as unknown),
    receipt: row.receipt === null ? undefined : (JSON.parse(row.receipt) as Receipt),
    shown: row.shown ?? undefined,
    error: row.error ?? undefined,
    errorKind: row.error_kind ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    expiresAtMs: row.expires_at_ms,
    runId: row.run_id ?? undefined,
  };
}

const isOpen = (state: DeliveryState): boolean => openStates.includes(state);

function fillingOf(sql: SqlTransaction): { open: number; bytes: number; kept: number } {
  return sql.get("SELECT open, bytes, kept FROM outbox_filling") ?? { open: 0, bytes: 0, kept: 0 };
}
