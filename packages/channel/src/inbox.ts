import { type SchemaPart, type SqlDatabase, type SqlTransaction, StoreError, StoreErrorCode } from "@saltgate/store";
import { conversationKey } from "./conversation-key.ts";
import type { InboundEvent, InboundPort } from "./inbound.ts";

/** One account of one channel. */
export interface AccountRef {
  readonly channel: string;
  readonly accountId: string;
}

/** Something that came in and waits to be dealt with. */
export interface InboxRow extends AccountRef {
  readonly seq: number;
  readonly event: InboundEvent;
  readonly receivedAtMs: number;
  /** How often dealing with it has failed. */
  readonly attempts: number;
}

/** Something that nothing could be made of. */
export interface AsideRow extends AccountRef {
  readonly seq: number;
  readonly nativeId: string;
  readonly reason: string;
  readonly receivedAtMs: number;
}

/** Bounds of an inbox. */
export interface InboxLimits {
  /** Rows that may wait; more are not accepted, and stay with their platform. */
  readonly maxWaiting: number;
  /** Bytes of events that may wait or serve as context. */
  readonly maxBytes: number;
  /** How long the id of what was dealt with is remembered, in milliseconds, so that no repeat has an effect. */
  readonly rememberMs: number;
  /** Ids that are remembered at most; the oldest go first. */
  readonly maxRemembered: number;
  /** How often dealing with one row is tried before it is set aside. */
  readonly maxAttempts: number;
  /** Largest event, in bytes of JSON; a larger one is set aside. */
  readonly maxEventBytes: number;
}

export const defaultInboxLimits: InboxLimits = {
  maxWaiting: 50_000,
  maxBytes: 134_217_728,
  rememberMs: 7 * 86_400_000,
  maxRemembered: 200_000,
  maxAttempts: 5,
  maxEventBytes: 1_048_576,
};

/** The tables of the inbox. */
export const inboxSchema: SchemaPart = {
  name: "inbox",
  versions: [
    `CREATE TABLE inbox_rows (
       seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, account TEXT NOT NULL, native_id TEXT NOT NULL,
       conversation TEXT NOT NULL, state TEXT NOT NULL, event TEXT, bytes INTEGER NOT NULL,
       received_at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, reason TEXT,
       UNIQUE (channel, account, native_id)
     ) STRICT;
     CREATE INDEX inbox_by_state ON inbox_rows (state, conversation, seq) WHERE state <> 'done';
     CREATE INDEX inbox_done ON inbox_rows (received_at_ms) WHERE state = 'done';
     CREATE TABLE inbox_cursors (
       channel TEXT NOT NULL, account TEXT NOT NULL, cursor TEXT NOT NULL, PRIMARY KEY (channel, account)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE inbox_filling (
       only INTEGER PRIMARY KEY CHECK (only = 1), waiting INTEGER NOT NULL, bytes INTEGER NOT NULL, remembered INTEGER NOT NULL
     ) STRICT;
     INSERT INTO inbox_filling VALUES (1, 0, 0, 0);
     CREATE TRIGGER inbox_added AFTER INSERT ON inbox_rows BEGIN
       UPDATE inbox_filling SET waiting = waiting + (new.state = 'waiting'), bytes = bytes + new.bytes,
         remembered = remembered + (new.state = 'done');
     END;
     CREATE TRIGGER inbox_changed AFTER UPDATE OF state, bytes ON inbox_rows BEGIN
       UPDATE inbox_filling SET waiting = waiting + (new.state = 'waiting') - (old.state = 'waiting'),
         bytes = bytes + new.bytes - old.bytes, remembered = remembered + (new.state = 'done') - (old.state = 'done');
     END;
     CREATE TRIGGER inbox_removed AFTER DELETE ON inbox_rows BEGIN
       UPDATE inbox_filling SET waiting = waiting - (old.state = 'waiting'), bytes = bytes - old.bytes,
         remembered = remembered - (old.state = 'done');
     END;`,
    `CREATE TABLE inbox_menus (
       channel TEXT NOT NULL, account TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (channel, account)
     ) STRICT, WITHOUT ROWID;`,
  ],
};

/** Rows of the past that a batch clears away for each of its own, and at least; so that they never pile up. */
const sweptPerRow = 2;
const sweptPerBatch = 32;
/** Rows of context that are let go at once when there is no room for what comes in. */
const droppedAtOnce = 256;
/** Rows that are kept aside; the oldest go first. */
const maxAside = 1_000;
/** What is kept of something that was set aside, in bytes. */
const maxAsideBytes = 65_536;
/** What is kept of the id of something that was set aside, in characters. */
const maxAsideIdChars = 512;

export interface InboxOptions {
  readonly database: SqlDatabase;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** @default {@link defaultInboxLimits} */
  readonly limits?: Partial<InboxLimits>;
  /** Learns of conversations in which something new waits, once it is on the disk. */
  readonly arrived: (conversations: readonly string[]) => void;
}

/**
 * What came in: on the disk before its platform is told that it was received, each event once whatever the platform
 * repeats, and in order within a conversation until it was dealt with.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly limits: InboxLimits;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.limits = { ...defaultInboxLimits, ...options.limits };
  }

  /** What {@link Inbox.noteMenu} was last told about an account. */
  async menuOf({ accountId, channel }: AccountRef): Promise<string | undefined> {
    return await this.#options.database.read(
      (sql) =>
        sql.get<{ digest: string }>(
          "SELECT digest FROM inbox_menus WHERE channel = ? AND account = ?",
          channel,
          accountId,
        )?.digest,
    );
  }

  /** Remembers which menu an account's platform shows, so that it isn't told again at every start. */
  async noteMenu({ accountId, channel }: AccountRef, digest: string): Promise<void> {
    await this.#options.database.write((sql) =>
      sql.run("INSERT OR REPLACE INTO inbox_menus VALUES (?, ?, ?)", channel, accountId, digest),
    );
  }

  /** Where the adapter of an account puts what comes in. */
  port(account: AccountRef): InboundPort {
    return {
      accept: (batch) => this.#accept(account, batch),
      cursor: () =>
        this.#options.database.read(
          (sql) =>
            sql.get<{ cursor: string }>(
              "SELECT cursor FROM inbox_cursors WHERE channel = ? AND account = ?",
              account.channel,
              account.accountId,
            )?.cursor,
        ),
    };
  }

  async #accept(account: AccountRef, batch: Parameters<InboundPort["accept"]>[0]): Promise<void> {
    const nowMs = this.#options.now();
    const conversations = await this.#options.database.write((sql) => {
      const found = new Set<string>();
      for (const event of batch.events) {
        const written = writtenDown(account, event);
        if (written === undefined) {
          setAside(sql, account, event.nativeId, "not an event that can be written down", "", nowMs);
          continue;
        }
        const { conversation, text } = written;
        const bytes = Buffer.byteLength(text);
        if (bytes > this.limits.maxEventBytes) {
          setAside(sql, account, event.nativeId, `larger than ${this.limits.maxEventBytes} bytes`, "", nowMs);
          continue;
        }
        const isNew = sql.run(
          `INSERT OR IGNORE INTO inbox_rows (channel, account, native_id, conversation, state, event, bytes, received_at_ms)
           VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)`,
          account.channel,
          account.accountId,
          event.nativeId,
          conversation,
          text,
          bytes,
          nowMs,
        );
        if (isNew > 0) found.add(conversation);
      }
      for (const { nativeId, reason, raw } of batch.aside ?? []) setAside(sql, account, nativeId, reason, raw, nowMs);
      if (batch.cursor !== undefined) {
        const { channel, accountId } = account;
        sql.run("INSERT OR REPLACE INTO inbox_cursors VALUES (?, ?, ?)", channel, accountId, batch.cursor);
      }
      this.#requireRoom(sql);
      this.#sweep(sql, nowMs, batch.events.length + (batch.aside?.length ?? 0));
      return [...found];
    });
    if (conversations.length > 0) this.#options.arrived(conversations);
  }

  /** Conversations in which something waits, the one that waits longest first. */
  async waitingConversations(): Promise<readonly string[]> {
    const rows = await this.#options.database.read((sql) =>
      sql.all<{ conversation: string }>(
        "SELECT conversation FROM inbox_rows WHERE state = 'waiting' GROUP BY conversation ORDER BY min(seq)",
      ),
    );
    return rows.map(({ conversation }) => conversation);
  }

  /** What waits in a conversation, oldest first. */
  async waiting(conversation: string, limit: number): Promise<readonly InboxRow[]> {
    return await this.#options.database.read((sql) => rowsOf(sql, "waiting", conversation, limit, "ASC"));
  }

  /** Within a transaction: these were dealt with. Their ids are remembered, what was in them is not. */
  settle(sql: SqlTransaction, seqs: readonly number[]): void {
    for (const seq of seqs) {
      sql.run(
        "UPDATE inbox_rows SET state = 'done', event = NULL, bytes = 0, received_at_ms = ? WHERE seq = ?",
        this.#options.now(),
        seq,
      );
    }
  }

  /** Within a transaction: keeps these as context of their conversation, at most `limit` of it. */
  keepAsContext(sql: SqlTransaction, conversation: string, seqs: readonly number[], limit: number): void {
    for (const seq of seqs) sql.run("UPDATE inbox_rows SET state = 'context' WHERE seq = ?", seq);
    const tooOld = sql.all<{ seq: number }>(
      "SELECT seq FROM inbox_rows WHERE state = 'context' AND conversation = ? ORDER BY seq DESC LIMIT -1 OFFSET ?",
      conversation,
      limit,
    );
    this.settle(
      sql,
      tooOld.map(({ seq }) => seq),
    );
  }

  /** Within a transaction: what was kept as context of a conversation, oldest first, and is not kept any longer. */
  takeContext(sql: SqlTransaction, conversation: string, limit: number): readonly InboxRow[] {
    const rows = rowsOf(sql, "context", conversation, limit, "DESC").toReversed();
    this.settle(
      sql,
      sql
        .all<{ seq: number }>("SELECT seq FROM inbox_rows WHERE state = 'context' AND conversation = ?", conversation)
        .map(({ seq }) => seq),
    );
    return rows;
  }

  /** Dealing with a row has failed. @returns whether it will be tried again; otherwise it was set aside. */
  async failed(seq: number, reason: string): Promise<boolean> {
    return await this.#options.database.write((sql) => {
      sql.run("UPDATE inbox_rows SET attempts = attempts + 1, reason = ? WHERE seq = ?", reason.slice(0, 500), seq);
      const row = sql.get<StoredRow>(
        "SELECT * FROM inbox_rows WHERE seq = ? AND state = 'waiting' AND attempts >= ?",
        seq,
        this.limits.maxAttempts,
      );
      if (row === undefined) return true;
      sql.run(
        "UPDATE inbox_rows SET state = 'aside', event = ?, bytes = 0 WHERE seq = ?",
        JSON.stringify(cut(row.event ?? "", maxAsideBytes)),
        seq,
      );
      return false;
    });
  }

  /** What was set aside, newest first. */
  async aside(limit: number): Promise<readonly AsideRow[]> {
    const rows = await this.#options.database.read((sql) =>
      sql.all<StoredRow>("SELECT * FROM inbox_rows WHERE state = 'aside' ORDER BY seq DESC LIMIT ?", limit),
    );
    return rows.map((row) => ({
      seq: row.seq,
      channel: row.channel,
      accountId: row.account,
      nativeId: row.native_id,
      reason: row.reason ?? "",
      receivedAtMs: row.received_at_ms,
    }));
  }

  /** How much there is: rows that wait, bytes that are held, ids that are remembered, rows set aside. */
  async filling(): Promise<{ waiting: number; bytes: number; remembered: number; aside: number }> {
    return await this.#options.database.read((sql) => {
      const { waiting, bytes, remembered } = fillingOf(sql);
      const aside = sql.get<{ count: number }>("SELECT count(*) AS count FROM inbox_rows WHERE state = 'aside'");
      return { waiting, bytes, remembered, aside: aside?.count ?? 0 };
    });
  }

  /**
   * Makes room by letting go of context, which is worth less than what waits. Where that isn't enough it throws in the
   * middle of a transaction, which undoes it: the platform keeps what there is no room for.
   */
  #requireRoom(sql: SqlTransaction): void {
    let { waiting, bytes } = fillingOf(sql);
    while (waiting <= this.limits.maxWaiting && bytes > this.limits.maxBytes) {
      const dropped = sql.run(
        `UPDATE inbox_rows SET state = 'done', event = NULL, bytes = 0, received_at_ms = ? WHERE seq IN (
           SELECT seq FROM inbox_rows WHERE state = 'context' ORDER BY seq LIMIT ${droppedAtOnce})`,
        this.#options.now(),
      );
      if (dropped === 0) break;
      ({ waiting, bytes } = fillingOf(sql));
    }
    if (waiting <= this.limits.maxWaiting && bytes <= this.limits.maxBytes) return;
    throw new StoreError(
      StoreErrorCode.Full,
      `The inbox is full: ${waiting} messages with ${bytes} bytes wait. What comes now stays with its platform. See why they wait: saltgate deliveries`,
    );
  }

  #sweep(sql: SqlTransaction, nowMs: number, added: number): void {
    const most = Math.max(sweptPerBatch, sweptPerRow * added);
    sql.run(
      `DELETE FROM inbox_rows WHERE seq IN (
         SELECT seq FROM inbox_rows WHERE state = 'done' AND received_at_ms < ? ORDER BY received_at_ms LIMIT ?)`,
      nowMs - this.limits.rememberMs,
      most,
    );
    const over = fillingOf(sql).remembered - this.limits.maxRemembered;
    if (over > 0) {
      sql.run(
        `DELETE FROM inbox_rows WHERE seq IN (
           SELECT seq FROM inbox_rows WHERE state = 'done' ORDER BY received_at_ms, seq LIMIT ?)`,
        Math.min(over, most),
      );
    }
    sql.run(
      `DELETE FROM inbox_rows WHERE seq IN (
         SELECT seq FROM inbox_rows WHERE state = 'aside' ORDER BY seq DESC LIMIT ? OFFSET ${maxAside})`,
      most,
    );
  }
}

interface StoredRow {
  readonly seq: number;
  readonly channel: string;
  readonly account: string;
  readonly native_id: string;
  readonly conversation: string;
  readonly event: string | null;
  readonly received_at_ms: number;
  readonly attempts: number;
  readonly reason: string | null;
}

function rowsOf(
  sql: SqlTransaction,
  state: "waiting" | "context",
  conversation: string,
  limit: number,
  order: "ASC" | "DESC",
): InboxRow[] {
  return sql
    .all<StoredRow>(
      `SELECT * FROM inbox_rows WHERE state = ? AND conversation = ? ORDER BY seq ${order} LIMIT ?`,
      state,
      conversation,
      limit,
    )
    .map((row) => ({
      seq: row.seq,
      channel: row.channel,
      accountId: row.account,
      event: JSON.parse(row.event ?? "null") as InboundEvent,
      receivedAtMs: row.received_at_ms,
      attempts: row.attempts,
    }));
}

function setAside(
  sql: SqlTransaction,
  { channel, accountId }: AccountRef,
  nativeId: string,
  reason: string,
  raw: string,
  nowMs: number,
): void {
  // Its bytes don't count: rows that nobody deals with must not keep out those that somebody does. Their number is bounded.
  sql.run(
    `INSERT OR IGNORE INTO inbox_rows (channel, account, native_id, conversation, state, event, bytes, received_at_ms, reason)
     VALUES (?, ?, ?, '', 'aside', ?, 0, ?, ?)`,
    channel,
    accountId,
    String(nativeId).slice(0, maxAsideIdChars),
    JSON.stringify(cut(raw, maxAsideBytes)),
    nowMs,
    reason.slice(0, 500),
  );
}

/** The beginning of a text, at most so many bytes of UTF-8. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes)).subarray(0, maxBytes);
  return new TextDecoder().decode(bytes, { stream: true }); // the half of a character at its end is left out
}

/** An event as it goes to the disk; undefined when an adapter made something that can't, which must not hold up the rest. */
function writtenDown(account: AccountRef, event: InboundEvent): { conversation: string; text: string } | undefined {
  try {
    // That a conversation has moved is known before anything that was said at its new place.
    const place = event.kind === "migration" ? { id: event.newId } : event.conversation;
    return { conversation: conversationKey(account, place), text: JSON.stringify(event) };
  } catch {
    return undefined; // what it throws says nothing that the row's reason doesn't
  }
}

function fillingOf(sql: SqlTransaction): { waiting: number; bytes: number; remembered: number } {
  return sql.get("SELECT waiting, bytes, remembered FROM inbox_filling") ?? { waiting: 0, bytes: 0, remembered: 0 };
}
