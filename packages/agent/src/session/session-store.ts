import type { SqlTransaction } from "@saltgate/store";
import type { ReplyRoute } from "../tool.ts";
import type { AssistantMessage, TranscriptMessage } from "../transcript.ts";
import type { SessionOrigin } from "../turn.ts";
import { isMainSessionKey, parseSessionKey, sessionKindOf } from "./session-key.ts";
import { recordOf, type SessionColumns, type SessionRecord, type SessionStatus } from "./session-record.ts";
import { changeSettings, type SettingsChange } from "./session-settings.ts";
import {
  appendMessage,
  archiveTranscript,
  beginTranscript,
  type HistoryRange,
  holdsMessages,
  keyOfTranscript,
  placeOf,
  readTranscript,
  type StoredMessage,
  textOf,
} from "./transcripts.ts";

/** Which sessions are listed. What is left out lets all through. */
export interface SessionQuery {
  /** @default 1_000, at most 10_000 */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Spoken in since then, in milliseconds since the epoch. */
  readonly activeSinceMs?: number | undefined;
  readonly includeGlobal?: boolean | undefined;
  readonly includeUnknown?: boolean | undefined;
  readonly label?: string | undefined;
  readonly spawnedBy?: string | undefined;
  readonly agentId?: string | undefined;
  /** Of these agents alone. */
  readonly agentIds?: readonly string[] | undefined;
  /** Found in name, label, place, session id or key, without case. */
  readonly search?: string | undefined;
  /** @default false: those that were put away aren't listed */
  readonly archived?: boolean | "all" | undefined;
}

/** A change of a session: `null` takes a value back, what is left out stays. */
export interface SessionPatch {
  readonly label?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly spawnedBy?: string | null | undefined;
  readonly archived?: boolean | undefined;
  readonly pinned?: boolean | undefined;
  readonly unread?: boolean | undefined;
  readonly settings?: SettingsChange | undefined;
}

/** What was asked for, or why it can't be. `reason` is for people. */
export type SessionResult<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly reason: string };

/** Some lines of a session. */
export interface SessionPreview {
  readonly key: string;
  readonly status: "ok" | "empty" | "missing";
  readonly items: readonly {
    readonly role: "user" | "assistant" | "tool" | "system" | "other";
    readonly text: string;
  }[];
}

export interface SessionStoreOptions {
  /** A fresh id, unique for ever: a UUID. */
  readonly newId: () => string;
  /** 8 fresh hex digits. */
  readonly newMessageId: () => string;
  /** The word of main sessions. @default "main" */
  readonly mainKey?: () => string;
}

const columns = `key, agent_id, session_id, created_at, started_at, updated_at, label, display_name, spawned_by, first_text,
  last_text, origin, route, settings, input_tokens, output_tokens, context_tokens, model, last_status, archived, pinned, unread`;
const maxLabelChars = 512;

/**
 * Sessions and their transcripts. Every method works inside a transaction of its caller, so that what belongs together is
 * written together.
 */
export class SessionStore {
  readonly #newId: () => string;
  readonly #newMessageId: () => string;
  readonly #mainKey: () => string;

  constructor(options: SessionStoreOptions) {
    this.#newId = options.newId;
    this.#newMessageId = options.newMessageId;
    this.#mainKey = options.mainKey ?? (() => "main");
  }

  /** A session by its key. */
  get(sql: SqlTransaction, key: string): SessionRecord | undefined {
    const row = sql.get<SessionColumns>(`SELECT ${columns} FROM agent_sessions WHERE key = ?`, key);
    return row && recordOf(row);
  }

  /** The sessions, those spoken in last first. */
  list(sql: SqlTransaction, query: SessionQuery = {}): readonly SessionRecord[] {
    const limit = Math.max(1, Math.min(query.limit ?? 1_000, 10_000));
    const search = query.search?.trim().toLowerCase() || null;
    const archived = query.archived === "all" ? null : query.archived === true ? 1 : 0;
    const agentId = query.agentId ?? null;
    // Two texts, so that each has its index.
    const from = agentId === null ? "" : "agent_id = ?1 AND";
    return sql
      .all<SessionColumns>(
        `SELECT ${columns} FROM agent_sessions WHERE ${from} ?1 IS ?1 AND updated_at >= ?2 AND (?3 IS NULL OR archived = ?3)
           AND (?4 IS NULL OR label = ?4) AND (?5 IS NULL OR spawned_by = ?5) AND (?6 IS NULL OR instr(search, ?6) > 0)
           AND (?11 IS NULL OR agent_id IN (SELECT value FROM json_each(?11))) AND (kind <> 'global' OR ?7 = 1) AND (kind <> 'unknown' OR ?8 = 1)
         ORDER BY updated_at DESC, key LIMIT ?9 OFFSET ?10`,
        agentId,
        query.activeSinceMs ?? 0,
        archived,
        query.label ?? null,
        query.spawnedBy ?? null,
        search,
        query.includeGlobal === false ? 0 : 1,
        query.includeUnknown === false ? 0 : 1,
        limit,
        Math.max(0, query.offset ?? 0),
        query.agentIds === undefined ? null : JSON.stringify(query.agentIds),
      )
      .map(recordOf);
  }

  /** How many sessions there are; of one agent when it is named. */
  count(sql: SqlTransaction, agentId?: string): number {
    const row =
      agentId === undefined
        ? sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_sessions")
        : sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_sessions WHERE agent_id = ?", agentId);
    return row?.n ?? 0;
  }

  /** The one session that is meant: by key, session id or label, exactly one of them. */
  resolve(
    sql: SqlTransaction,
    wanted: {
      readonly key?: string | undefined;
      readonly sessionId?: string | undefined;
      readonly label?: string | undefined;
      readonly agentId?: string | undefined;
      readonly spawnedBy?: string | undefined;
    },
  ): SessionResult<{ readonly record: SessionRecord }> {
    const given = [wanted.key, wanted.sessionId, wanted.label].filter((value) => value !== undefined);
    if (given.length !== 1) {
      return {
        ok: false,
        reason:
          given.length === 0
            ? "Either key, sessionId or label is required"
            : "Provide either key, sessionId, or label (not multiple)",
      };
    }
    const rows = sql.all<SessionColumns>(
      `SELECT ${columns} FROM agent_sessions WHERE (key = ?1 OR session_id = ?2 OR label = ?3)
         AND (?4 IS NULL OR agent_id = ?4) AND (?5 IS NULL OR spawned_by = ?5) LIMIT 2`,
      wanted.key ?? null,
      wanted.sessionId ?? null,
      wanted.label ?? null,
      wanted.agentId ?? null,
      wanted.spawnedBy ?? null,
    );
    const [row] = rows;
    if (row === undefined) return { ok: false, reason: `No session found: ${given[0]}` };
    if (rows.length > 1) return { ok: false, reason: `Multiple sessions found for ${given[0]}` };
    return { ok: true, record: recordOf(row) };
  }

  /** The session of a key, made when there is none. What is said about where it is replaces what was known. */
  ensure(
    sql: SqlTransaction,
    {
      key,
      nowMs,
      origin,
      route,
      spawnedBy,
    }: {
      readonly key: string;
      readonly nowMs: number;
      readonly origin?: SessionOrigin | undefined;
      readonly route?: ReplyRoute | undefined;
      readonly spawnedBy?: string | undefined;
    },
  ): SessionRecord {
    const agentId = parseSessionKey(key)?.agentId;
    if (agentId === undefined && !["global", "unknown"].includes(key))
      throw new TypeError(`not the complete key of a session: ${JSON.stringify(key.slice(0, 80))}`);
    const known = this.get(sql, key);
    if (known === undefined) {
      const sessionId = this.#newId();
      const owner = agentId ?? "main";
      sql.run(
        `INSERT INTO agent_sessions (key, agent_id, session_id, kind, created_at, started_at, updated_at, spawned_by, search, settings)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')`,
        key,
        owner,
        sessionId,
        sessionKindOf(key),
        nowMs,
        nowMs,
        nowMs,
        spawnedBy ?? null,
        `${key} ${sessionId}`,
      );
      beginTranscript(sql, { sessionId, sessionKey: key, agentId: owner, nowMs });
    }
    if (origin !== undefined || route !== undefined) {
      const before = known ?? { origin: undefined, route: undefined };
      sql.run(
        "UPDATE agent_sessions SET origin = ?, route = ? WHERE key = ?",
        jsonOf(origin ?? before.origin),
        jsonOf(route ?? before.route),
        key,
      );
      this.#indexWords(sql, key);
    }
    return known !== undefined && origin === undefined && route === undefined ? known : this.#require(sql, key);
  }

  /** It was spoken in. */
  touch(sql: SqlTransaction, key: string, nowMs: number, status?: SessionStatus): void {
    sql.run(
      "UPDATE agent_sessions SET updated_at = max(updated_at, ?), last_status = coalesce(?, last_status) WHERE key = ?",
      nowMs,
      status ?? null,
      key,
    );
  }

  /**
   * Appends to a session's transcript, and keeps its title and last words.
   * @param sessionId of the transcript; one that the session has left since still gets it
   * @returns the message's place and id; `undefined` when the transcript is gone
   */
  append(
    sql: SqlTransaction,
    where: {
      readonly key: string;
      readonly sessionId: string;
      readonly runId?: string | undefined;
      readonly aside?: boolean;
    },
    message: TranscriptMessage,
  ): { readonly seq: number; readonly messageId: string } | undefined {
    const messageId = this.#newMessageId();
    const seq = appendMessage(sql, where.sessionId, message, {
      messageId,
      runId: where.runId,
      aside: where.aside ?? false,
    });
    if (seq === undefined) return undefined;
    const text = message.role === "toolResult" || isSilent(message) ? "" : textOf(message);
    if (text !== "") {
      const first = message.role === "user" && where.aside !== true ? oneLine(text, 60) : null;
      sql.run(
        `UPDATE agent_sessions SET last_text = ?, first_text = coalesce(first_text, ?), unread = CASE WHEN ? THEN 1 ELSE unread END
         WHERE key = ? AND session_id = ?`,
        oneLine(text, 160),
        first,
        message.role === "assistant" ? 1 : 0,
        where.key,
        where.sessionId,
      );
    }
    return { seq, messageId };
  }

  /** Counts what a run used; one of a transcript that the session has left since isn't its any more. */
  spend(
    sql: SqlTransaction,
    { key, sessionId }: { readonly key: string; readonly sessionId: string },
    used: {
      readonly input: number;
      readonly output: number;
      readonly context: number | undefined;
      readonly model: string | undefined;
    },
  ): void {
    sql.run(
      `UPDATE agent_sessions SET input_tokens = input_tokens + ?, output_tokens = output_tokens + ?,
         context_tokens = coalesce(?, context_tokens), model = coalesce(?, model) WHERE key = ? AND session_id = ?`,
      used.input,
      used.output,
      used.context ?? null,
      used.model ?? null,
      key,
      sessionId,
    );
  }

  /** Changes how a session is set up; one that isn't there yet is made. */
  patch(
    sql: SqlTransaction,
    key: string,
    patch: SessionPatch,
    nowMs: number,
  ): SessionResult<{ readonly record: SessionRecord }> {
    const record = this.get(sql, key);
    const changed = changeSettings(record?.settings ?? {}, patch.settings ?? {});
    if (!changed.ok) return changed;
    const label = patch.label === undefined ? record?.label : (patch.label?.trim() ?? undefined);
    if (label !== undefined) {
      if (label === "" || label.length > maxLabelChars)
        return { ok: false, reason: `a label has 1 to ${maxLabelChars} characters` };
      const owner = sql.get<{ key: string }>("SELECT key FROM agent_sessions WHERE label = ?", label);
      if (owner !== undefined && owner.key !== key)
        return { ok: false, reason: `label already in use: ${label} (by ${owner.key})` };
    }
    const spawnedBy = patch.spawnedBy === undefined ? record?.spawnedBy : (patch.spawnedBy ?? undefined);
    if (spawnedBy !== record?.spawnedBy) {
      if (!/^agent:[^:]+:subagent:/.test(key))
        return { ok: false, reason: "spawnedBy is for sub-agents' sessions alone" };
      if (record?.spawnedBy !== undefined) return { ok: false, reason: "spawnedBy can't be changed once it is set" };
    }
    this.ensure(sql, { key, nowMs });
    sql.run(
      `UPDATE agent_sessions SET label = ?, display_name = ?, spawned_by = ?, settings = ?, archived = ?, pinned = ?, unread = ?
       WHERE key = ?`,
      label ?? null,
      (patch.displayName === undefined ? record?.displayName : patch.displayName?.slice(0, 500)) ?? null,
      spawnedBy ?? null,
      JSON.stringify(changed.settings),
      Number(patch.archived ?? record?.archived ?? false),
      Number(patch.pinned ?? record?.pinned ?? false),
      Number(patch.unread ?? record?.unread ?? false),
      key,
    );
    this.#indexWords(sql, key);
    return { ok: true, record: this.#require(sql, key) };
  }

  /**
   * Starts a session over: the same key, a fresh transcript; the old one is put aside.
   * @param keep `settings`: how it is set up stays; `nothing`: only its place and label do
   */
  reset(
    sql: SqlTransaction,
    key: string,
    {
      because,
      keep,
      nowMs,
    }: { readonly because: string; readonly keep: "settings" | "nothing"; readonly nowMs: number },
  ): SessionRecord {
    const { agentId, sessionId: old } = this.ensure(sql, { key, nowMs });
    const sessionId = this.#newId();
    archiveTranscript(sql, old, because, nowMs);
    beginTranscript(sql, { sessionId, sessionKey: key, agentId, nowMs });
    sql.run(
      `UPDATE agent_sessions SET session_id = ?, started_at = ?, updated_at = ?, first_text = NULL, last_text = NULL,
         input_tokens = 0, output_tokens = 0, context_tokens = NULL, last_status = NULL,
         settings = CASE WHEN ? THEN settings ELSE '{}' END WHERE key = ?`,
      sessionId,
      nowMs,
      nowMs,
      keep === "settings" ? 1 : 0,
      key,
    );
    this.#indexWords(sql, key);
    return this.#require(sql, key);
  }

  /**
   * Deletes a session and puts its transcript aside. End what runs in it first.
   * @returns `archived`: the ids of the transcripts that were put aside
   */
  delete(
    sql: SqlTransaction,
    key: string,
    nowMs: number,
  ): SessionResult<{ readonly deleted: boolean; readonly archived: readonly string[] }> {
    if (isMainSessionKey(key, this.#mainKey()))
      return { ok: false, reason: `Cannot delete the main session (${key}).` };
    const record = this.get(sql, key);
    if (record === undefined) return { ok: true, deleted: false, archived: [] };
    archiveTranscript(sql, record.sessionId, "deleted", nowMs);
    sql.run("DELETE FROM agent_sessions WHERE key = ?", key);
    return { ok: true, deleted: true, archived: [record.sessionId] };
  }

  /**
   * Keeps the last messages of a transcript; those before are put aside as a transcript of their own.
   * @returns `archived`: the id of that one
   */
  compact(
    sql: SqlTransaction,
    key: string,
    maxLines: number,
    nowMs: number,
  ): { readonly compacted: boolean; readonly kept?: number; readonly archived?: string; readonly reason?: string } {
    const record = this.get(sql, key);
    if (record === undefined) return { compacted: false, reason: "no sessionId" };
    const { sessionId } = record;
    const transcript = sql.get<{ messages: number; bytes: number; next_seq: number }>(
      "SELECT messages, bytes, next_seq FROM agent_transcripts WHERE session_id = ?",
      sessionId,
    );
    if (transcript === undefined) return { compacted: false, reason: "no transcript" };
    if (transcript.messages <= maxLines) return { compacted: false, kept: transcript.messages };
    const first = sql.get<{ seq: number }>(
      "SELECT seq FROM agent_messages WHERE session_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
      sessionId,
      maxLines - 1,
    )?.seq;
    if (first === undefined) return { compacted: false, reason: "no transcript" };
    const archived = `${sessionId}.bak.${nowMs}.${this.#newMessageId()}`;
    beginTranscript(sql, { sessionId: archived, sessionKey: key, agentId: record.agentId, nowMs: record.startedAtMs });
    const moved = sql.get<{ n: number; bytes: number }>(
      "SELECT COUNT(*) AS n, coalesce(SUM(bytes), 0) AS bytes FROM agent_messages WHERE session_id = ? AND seq < ?",
      sessionId,
      first,
    ) ?? { n: 0, bytes: 0 };
    sql.run("UPDATE agent_messages SET session_id = ? WHERE session_id = ? AND seq < ?", archived, sessionId, first);
    const count = "UPDATE agent_transcripts SET messages = ?, bytes = ?, next_seq = ? WHERE session_id = ?";
    sql.run(count, moved.n, moved.bytes, first, archived);
    sql.run(count, transcript.messages - moved.n, transcript.bytes - moved.bytes, transcript.next_seq, sessionId);
    archiveTranscript(sql, archived, "compacted", nowMs);
    sql.run("UPDATE agent_sessions SET input_tokens = 0, output_tokens = 0, context_tokens = NULL WHERE key = ?", key);
    return { compacted: true, kept: transcript.messages - moved.n, archived };
  }

  /**
   * The end of a session's transcript, oldest first. What an agent said only to itself isn't in it.
   * @param of an earlier transcript of the same session, by its id, and the message that it is read up to; nothing when
   * there is no such one
   */
  history(
    sql: SqlTransaction,
    key: string,
    range: HistoryRange,
    of: { readonly sessionId?: string | undefined; readonly upTo?: string | undefined } = {},
  ): readonly StoredMessage[] {
    const current = this.get(sql, key)?.sessionId;
    const sessionId = of.sessionId ?? current;
    if (sessionId === undefined) return [];
    if (sessionId !== current && keyOfTranscript(sql, sessionId) !== key) return [];
    const place = of.upTo === undefined ? undefined : placeOf(sql, sessionId, of.upTo);
    if (of.upTo !== undefined && place === undefined) return [];
    const upTo = place === undefined ? {} : { beforeSeq: place + 1 };
    return readTranscript(sql, sessionId, { ...range, ...upTo }).filter(({ message }) => !isSilent(message));
  }

  /**
   * What was said in a session after a place in its transcript, oldest first.
   * @returns `isWhole`: whether it is all of it; otherwise it is the newest that fits
   */
  news(
    sql: SqlTransaction,
    key: string,
    range: HistoryRange & { readonly afterSeq: number },
  ): { readonly messages: readonly StoredMessage[]; readonly isWhole: boolean } {
    const sessionId = this.get(sql, key)?.sessionId;
    if (sessionId === undefined) return { messages: [], isWhole: true };
    const read = readTranscript(sql, sessionId, range);
    const [oldest] = read;
    const isWhole = oldest === undefined || !holdsMessages(sql, sessionId, range.afterSeq, oldest.seq);
    return { messages: read.filter(({ message }) => !isSilent(message)), isWhole };
  }

  /** The last lines of some sessions. */
  preview(
    sql: SqlTransaction,
    keys: readonly string[],
    { limit, maxChars }: { readonly limit: number; readonly maxChars: number },
  ): readonly SessionPreview[] {
    return keys.slice(0, 64).map((key): SessionPreview => {
      const record = this.get(sql, key);
      if (record === undefined) return { key, status: "missing", items: [] };
      const lines = readTranscript(sql, record.sessionId, { limit: Math.min(limit, 50) * 2, maxBytes: 1_000_000 });
      const items = lines
        .filter(({ message }) => !isSilent(message))
        .map(({ message }) => ({
          role: message.role === "toolResult" ? ("tool" as const) : message.role,
          text: cut(textOf(message), maxChars),
        }))
        .filter(({ text }) => text !== "")
        .slice(-Math.min(limit, 50));
      return { key, status: items.length === 0 ? "empty" : "ok", items };
    });
  }

  /**
   * Adds an assistant message that no agent said. Models don't see it.
   * @throws nothing: a session that isn't there is a result
   */
  inject(
    sql: SqlTransaction,
    key: string,
    { label, text }: { readonly text: string; readonly label?: string | undefined },
    nowMs: number,
  ): SessionResult<{ readonly messageId: string; readonly message: AssistantMessage }> {
    const record = this.get(sql, key);
    if (record === undefined) return { ok: false, reason: "session not found" };
    const message: AssistantMessage = {
      role: "assistant",
      content: [{ type: "text", text: label === undefined ? text : `[${label}]\n\n${text}` }],
      stopReason: "injected",
      timestamp: nowMs,
    };
    const placed = this.append(sql, { key, sessionId: record.sessionId, aside: true }, message);
    if (placed === undefined) return { ok: false, reason: "transcript file not found" };
    this.touch(sql, key, nowMs);
    return { ok: true, messageId: placed.messageId, message };
  }

  #require(sql: SqlTransaction, key: string): SessionRecord {
    const record = this.get(sql, key);
    if (record === undefined) throw new Error(`the session ${key} was not written`);
    return record;
  }

  /** What a search finds, in lower case. */
  #indexWords(sql: SqlTransaction, key: string): void {
    const record = this.#require(sql, key);
    const words = [record.displayName, record.label, record.origin?.label, record.sessionId, key];
    const search = words
      .filter((word) => word !== undefined)
      .join("\n")
      .toLowerCase();
    sql.run("UPDATE agent_sessions SET search = ? WHERE key = ?", search, key);
  }
}

const jsonOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/** Whether an assistant message is only the word that says that there is nothing to say. */
function isSilent(message: TranscriptMessage): boolean {
  return (
    message.role === "assistant" &&
    message.content.every((part) => part.type === "text" || part.type === "thinking") &&
    textOf(message) === "NO_REPLY"
  );
}

function oneLine(text: string, maxChars: number): string {
  return cut(text.replace(/\s+/g, " ").trim(), maxChars);
}

/** Cut between characters, never inside one. */
function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/u, "")}…`;
}
