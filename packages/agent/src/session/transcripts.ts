import type { SqlTransaction } from "@saltgate/store";
import type { MessagePart, TranscriptMessage } from "../transcript.ts";

/** A message with its place in its transcript. */
export interface StoredMessage {
  /** Counts from 1 in its transcript. */
  readonly seq: number;
  /** 8 hex digits. */
  readonly messageId: string;
  /** The run that it belongs to. */
  readonly runId: string | undefined;
  /** Shown to people and not to models: commands, their answers, what was put in. */
  readonly aside: boolean;
  readonly message: TranscriptMessage;
}

/** What is read of a transcript. */
export interface HistoryRange {
  /** At most so many messages, the newest. */
  readonly limit: number;
  /** At most so many bytes of JSON; the oldest go first. */
  readonly maxBytes: number;
  /** Only what comes after this place. */
  readonly afterSeq?: number | undefined;
  /** Only what comes before this place. */
  readonly beforeSeq?: number | undefined;
  /** So many of the newest are passed over: for reading back page by page. @default 0 */
  readonly skip?: number | undefined;
}

/** The largest message that is kept, in bytes of JSON: a text and some images. */
export const maxMessageBytes: number = 24 * 1024 * 1024;

interface MessageRow {
  readonly seq: number;
  readonly message_id: string;
  readonly run_id: string | null;
  readonly aside: number;
  readonly bytes: number;
  readonly body: string;
}

const storedOf = (row: MessageRow): StoredMessage => ({
  seq: row.seq,
  messageId: row.message_id,
  runId: row.run_id ?? undefined,
  aside: row.aside === 1,
  message: JSON.parse(row.body) as TranscriptMessage,
});

/** Begins a transcript; nothing happens when it is there. */
export function beginTranscript(
  sql: SqlTransaction,
  { agentId, nowMs, sessionId, sessionKey }: { sessionId: string; sessionKey: string; agentId: string; nowMs: number },
): void {
  sql.run(
    "INSERT INTO agent_transcripts (session_id, session_key, agent_id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    sessionId,
    sessionKey,
    agentId,
    nowMs,
  );
}

/** Puts a transcript aside: nothing is written into it any more but by runs that began before. */
export function archiveTranscript(sql: SqlTransaction, sessionId: string, because: string, nowMs: number): void {
  sql.run(
    "UPDATE agent_transcripts SET archived_at = ?, archived_because = ? WHERE session_id = ? AND archived_at IS NULL",
    nowMs,
    because,
    sessionId,
  );
}

/**
 * Appends a message.
 * @returns its place; `undefined` when the transcript is gone, and the message with it
 * @throws {RangeError} when it is larger than {@link maxMessageBytes}
 */
export function appendMessage(
  sql: SqlTransaction,
  sessionId: string,
  message: TranscriptMessage,
  more: { readonly messageId: string; readonly runId?: string | undefined; readonly aside?: boolean },
): number | undefined {
  const body = JSON.stringify(message);
  const bytes = Buffer.byteLength(body);
  if (bytes > maxMessageBytes) throw new RangeError(`a message of ${bytes} bytes; at most ${maxMessageBytes} are kept`);
  const row = sql.get<{ next_seq: number }>(
    `UPDATE agent_transcripts SET next_seq = next_seq + 1, messages = messages + 1, bytes = bytes + ?
     WHERE session_id = ? RETURNING next_seq`,
    bytes,
    sessionId,
  );
  if (row === undefined) return undefined;
  const seq = row.next_seq - 1;
  sql.run(
    "INSERT INTO agent_messages (session_id, seq, message_id, run_id, role, at, aside, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    sessionId,
    seq,
    more.messageId,
    more.runId ?? null,
    message.role,
    message.timestamp,
    more.aside === true ? 1 : 0,
    bytes,
    body,
  );
  return seq;
}

/** The messages that one run wrote, oldest first. */
export function messagesOfRun(sql: SqlTransaction, sessionId: string, runId: string): readonly StoredMessage[] {
  return sql
    .all<MessageRow>(
      "SELECT seq, message_id, run_id, aside, bytes, body FROM agent_messages WHERE run_id = ? AND session_id = ? ORDER BY seq",
      runId,
      sessionId,
    )
    .map(storedOf);
}

/** Messages of one reading that are too large for it, and are shown without their images. */
const maxReduced = 4;

/**
 * The end of a transcript, oldest first. Bodies that don't fit are never read; a message that doesn't fit by itself is shown
 * without its images, so that a photo doesn't hide what was said before it.
 */
export function readTranscript(sql: SqlTransaction, sessionId: string, range: HistoryRange): readonly StoredMessage[] {
  const sizes = sql.all<{ seq: number; bytes: number }>(
    `SELECT seq, bytes FROM agent_messages WHERE session_id = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?`,
    sessionId,
    range.afterSeq ?? 0,
    range.beforeSeq ?? Number.MAX_SAFE_INTEGER,
    range.limit,
    range.skip ?? 0,
  );
  const newest = sizes[0]?.seq;
  const reduced: StoredMessage[] = [];
  const shown: number[] = [];
  let total = 0;
  for (const { bytes, seq } of sizes) {
    const isTooLarge = bytes > range.maxBytes;
    if (isTooLarge && reduced.length >= maxReduced) break;
    const small = isTooLarge ? bodiesOf(sql, sessionId, [seq]).map((row) => withoutImages(row, range.maxBytes)) : [];
    total += 64 + (isTooLarge ? Buffer.byteLength(JSON.stringify(small)) : bytes);
    if (total > range.maxBytes && seq !== newest) break;
    if (isTooLarge) reduced.push(...small);
    else shown.push(seq);
  }
  return [...bodiesOf(sql, sessionId, shown), ...reduced].toSorted((one, other) => one.seq - other.seq);
}

function bodiesOf(sql: SqlTransaction, sessionId: string, places: readonly number[]): readonly StoredMessage[] {
  if (places.length === 0) return [];
  return sql
    .all<MessageRow>(
      `SELECT seq, message_id, run_id, aside, bytes, body FROM agent_messages
       WHERE session_id = ? AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
      sessionId,
      JSON.stringify(places),
    )
    .map(storedOf);
}

/** Whether a transcript has messages between two places. */
export function holdsMessages(sql: SqlTransaction, sessionId: string, afterSeq: number, beforeSeq: number): boolean {
  const found = sql.get(
    "SELECT 1 FROM agent_messages WHERE session_id = ? AND seq > ? AND seq < ? LIMIT 1",
    sessionId,
    afterSeq,
    beforeSeq,
  );
  return found !== undefined;
}

/** The session that a transcript is of; `undefined` when there is no such transcript. */
export function keyOfTranscript(sql: SqlTransaction, sessionId: string): string | undefined {
  return sql.get<{ key: string }>("SELECT session_key AS key FROM agent_transcripts WHERE session_id = ?", sessionId)
    ?.key;
}

/** Where a message stands in a transcript; `undefined` when it isn't there. */
export function placeOf(sql: SqlTransaction, sessionId: string, messageId: string): number | undefined {
  return sql.get<{ seq: number }>(
    "SELECT seq FROM agent_messages WHERE session_id = ? AND message_id = ?",
    sessionId,
    messageId,
  )?.seq;
}

function withoutImages(row: StoredMessage, maxBytes: number): StoredMessage {
  const maxChars = Math.max(200, Math.floor(maxBytes / 8));
  const content = row.message.content.map((part): MessagePart => {
    if (part.type === "image") return { type: "text", text: `[image, ${part.mimeType}]` };
    return part.type === "text" && part.text.length > maxChars
      ? { type: "text", text: `${part.text.slice(0, maxChars)}…` }
      : part;
  });
  return { ...row, message: { ...row.message, content } as TranscriptMessage };
}

/** The texts of a message, one after the other. */
export function textOf(message: TranscriptMessage): string {
  return message.content
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n")
    .trim();
}
