import type { SqlTransaction } from "@saltgate/store";
import type { QueueMode, RunEnding, TurnRequest } from "../turn.ts";
import type { Spent } from "./spend-limits.ts";

/** Where a turn is. The last three are for ever. */
export type TurnState = "waiting" | "running" | "done" | "failed" | "aborted";

/** What a turn came to, for those who ask again. */
export interface TurnAnswer {
  /** What was said, without tags. */
  readonly text: string;
  readonly media: readonly string[];
}

/** Something that was said, from its acceptance to its end. */
export interface TurnRecord {
  /** The order of acceptance. */
  readonly seq: number;
  readonly runId: string;
  readonly sessionKey: string;
  /** Of the transcript that it is in; absent while it waits. */
  readonly sessionId: string | undefined;
  readonly agentId: string;
  readonly state: TurnState;
  readonly mode: QueueMode;
  readonly authority: string;
  /** Absent once it ended: what was said is in the transcript. */
  readonly request: TurnRequest | undefined;
  /** Tells a repeat from another turn of the same id; absent of turns that are older than that. */
  readonly digest: string | undefined;
  /** The run that answers it together with others. */
  readonly joinedTo: string | undefined;
  readonly shortened: boolean;
  readonly command: TurnCommand | undefined;
  /** Somebody asked it to stop. */
  readonly stopReason: StopReasonOfTurn | undefined;
  readonly attempts: number;
  readonly acceptedAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly ending: RunEnding | undefined;
  readonly answer: TurnAnswer | undefined;
}

/** Why somebody wanted it to stop. */
export type StopReasonOfTurn = "rpc" | "stop";

/** What a command did besides its answer, to be told when it is on the disk. */
export interface TurnCommand {
  readonly name: string;
  /** Turns that it ended before they began. */
  readonly ended: readonly string[];
  /** Turns that run and are to stop. */
  readonly stopping: readonly string[];
}

interface TurnColumns {
  readonly seq: number;
  readonly run_id: string;
  readonly session_key: string;
  readonly session_id: string | null;
  readonly agent_id: string;
  readonly state: TurnState;
  readonly mode: QueueMode;
  readonly authority: string;
  readonly request: string | null;
  readonly digest: string | null;
  readonly joined_to: string | null;
  readonly shortened: number;
  readonly command: string | null;
  readonly stop_reason: StopReasonOfTurn | null;
  readonly attempts: number;
  readonly accepted_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly ending: string | null;
  readonly answer: string | null;
}

const columns = `seq, run_id, session_key, session_id, agent_id, state, mode, authority, request, digest, joined_to, shortened, command,
  stop_reason, attempts, accepted_at, started_at, ended_at, ending, answer`;
const light = columns.replace("request,", "NULL AS request,");

function recordOf(row: TurnColumns): TurnRecord {
  return {
    seq: row.seq,
    runId: row.run_id,
    sessionKey: row.session_key,
    sessionId: row.session_id ?? undefined,
    agentId: row.agent_id,
    state: row.state,
    mode: row.mode,
    authority: row.authority,
    request: row.request === null ? undefined : (JSON.parse(row.request) as TurnRequest),
    digest: row.digest ?? undefined,
    joinedTo: row.joined_to ?? undefined,
    shortened: row.shortened === 1,
    command: row.command === null ? undefined : (JSON.parse(row.command) as TurnCommand),
    stopReason: row.stop_reason ?? undefined,
    attempts: row.attempts,
    acceptedAtMs: row.accepted_at,
    startedAtMs: row.started_at ?? undefined,
    endedAtMs: row.ended_at ?? undefined,
    ending: row.ending === null ? undefined : (JSON.parse(row.ending) as RunEnding),
    answer: row.answer === null ? undefined : (JSON.parse(row.answer) as TurnAnswer),
  };
}

/** Writes a turn down that waits. */
export function insertTurn(
  sql: SqlTransaction,
  turn: TurnRequest,
  more: {
    readonly mode: QueueMode;
    readonly authority: string;
    readonly digest: string;
    readonly nowMs: number;
    readonly command?: TurnCommand | undefined;
  },
): void {
  const request = JSON.stringify(turn);
  const { principal } = turn;
  sql.run(
    `INSERT INTO agent_turns (run_id, session_key, agent_id, state, mode, authority, request, digest, command, accepted_at, channel, account_id,
       sender_id, is_owner, bytes) VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    turn.runId,
    turn.sessionKey,
    turn.agentId,
    more.mode,
    more.authority,
    request,
    more.digest,
    more.command === undefined ? null : JSON.stringify(more.command),
    more.nowMs,
    principal.channel,
    principal.accountId ?? null,
    principal.senderId ?? null,
    Number(principal.isOwner),
    Buffer.byteLength(request),
  );
}

/** A turn with what was said. */
export function findTurn(sql: SqlTransaction, runId: string): TurnRecord | undefined {
  const row = sql.get<TurnColumns>(`SELECT ${columns} FROM agent_turns WHERE run_id = ?`, runId);
  return row && recordOf(row);
}

/** Where a turn is, without what was said. */
export function glanceAtTurn(sql: SqlTransaction, runId: string): TurnRecord | undefined {
  const row = sql.get<TurnColumns>(`SELECT ${light} FROM agent_turns WHERE run_id = ?`, runId);
  return row && recordOf(row);
}

/** Turns accepted after a place, oldest first, without what was said. */
export function turnsAfter(sql: SqlTransaction, seq: number, limit: number): readonly TurnRecord[] {
  return sql
    .all<TurnColumns>(`SELECT ${light} FROM agent_turns WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit)
    .map(recordOf);
}

/** Turns that wait or run, oldest first, without what was said. */
export function openTurns(sql: SqlTransaction): readonly TurnRecord[] {
  // The sign keeps SQLite from reading all turns that ever were, because those stand in this order.
  return sql.all<TurnColumns>(`SELECT ${light} FROM agent_turns WHERE ended_at IS NULL ORDER BY +seq`).map(recordOf);
}

/** The same of one session. */
export function openTurnsOf(sql: SqlTransaction, sessionKey: string): readonly TurnRecord[] {
  return sql
    .all<TurnColumns>(
      `SELECT ${light} FROM agent_turns WHERE session_key = ? AND ended_at IS NULL ORDER BY seq`,
      sessionKey,
    )
    .map(recordOf);
}

/** The same of the sessions that a session started, and of those that they started. */
export function openTurnsBelow(sql: SqlTransaction, sessionKey: string): readonly TurnRecord[] {
  return sql
    .all<TurnColumns>(
      `WITH RECURSIVE below (key) AS (
         SELECT key FROM agent_sessions WHERE spawned_by = ?
         UNION SELECT agent_sessions.key FROM agent_sessions JOIN below ON agent_sessions.spawned_by = below.key)
       SELECT ${light} FROM agent_turns WHERE session_key IN (SELECT key FROM below) AND ended_at IS NULL ORDER BY seq`,
      sessionKey,
    )
    .map(recordOf);
}

/** How many turns wait or run. */
export function countOpenTurns(sql: SqlTransaction): number {
  return sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_turns WHERE ended_at IS NULL")?.n ?? 0;
}

/** The place of the newest turn. */
export function newestTurn(sql: SqlTransaction): number {
  return sql.get<{ seq: number }>("SELECT seq FROM agent_turns ORDER BY seq DESC LIMIT 1")?.seq ?? 0;
}

/** Turns that a run answers besides its own. */
export function joinedTurns(sql: SqlTransaction, runId: string): readonly TurnRecord[] {
  return sql
    .all<TurnColumns>(`SELECT ${light} FROM agent_turns WHERE joined_to = ? AND ended_at IS NULL ORDER BY seq`, runId)
    .map(recordOf);
}

/** It begins, or begins again. */
export function markRunning(
  sql: SqlTransaction,
  runId: string,
  { joinedTo, nowMs, sessionId }: { readonly sessionId: string; readonly nowMs: number; readonly joinedTo?: string },
): void {
  sql.run(
    `UPDATE agent_turns SET state = 'running', session_id = ?, started_at = coalesce(started_at, ?), joined_to = ?, attempts = attempts + 1
     WHERE run_id = ? AND ended_at IS NULL`,
    sessionId,
    nowMs,
    joinedTo ?? null,
    runId,
  );
}

/** The process ends in good order while it runs: that is no failed attempt of it. */
export function uncountAttempt(sql: SqlTransaction, runId: string): void {
  sql.run("UPDATE agent_turns SET attempts = max(0, attempts - 1) WHERE run_id = ? AND ended_at IS NULL", runId);
}

/** Of it only a line will be told. */
export function markShortened(sql: SqlTransaction, runId: string): void {
  sql.run("UPDATE agent_turns SET shortened = 1 WHERE run_id = ? AND ended_at IS NULL", runId);
}

/** It is to stop, and isn't begun again after a restart. */
export function requestStop(sql: SqlTransaction, runId: string, reason: StopReasonOfTurn): void {
  sql.run("UPDATE agent_turns SET stop_reason = ? WHERE run_id = ? AND ended_at IS NULL", reason, runId);
}

/**
 * Ends a turn, for ever.
 * @returns false when it had ended before; nothing changed then
 */
export function endTurn(
  sql: SqlTransaction,
  runId: string,
  ended: {
    readonly ending: RunEnding;
    readonly nowMs: number;
    readonly answer?: TurnAnswer | undefined;
    readonly tokens?: number;
    readonly costUsd?: number;
  },
): boolean {
  const { ending } = ended;
  const state: TurnState = ending.state === "final" ? "done" : ending.state === "aborted" ? "aborted" : "failed";
  const answer = ended.answer === undefined ? null : JSON.stringify(ended.answer);
  const changed = sql.run(
    `UPDATE agent_turns SET state = ?, ended_at = ?, ending = ?, answer = ?, tokens = ?, cost_usd = ?, bytes = ?, request = NULL
     WHERE run_id = ? AND ended_at IS NULL`,
    state,
    ended.nowMs,
    JSON.stringify(ending),
    answer,
    ended.tokens ?? 0,
    ended.costUsd ?? 0,
    Buffer.byteLength(answer ?? "") + 300,
    runId,
  );
  return changed > 0;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const sums = `SELECT coalesce(SUM(started_at > ?), 0) AS hour, COUNT(*) AS day, coalesce(SUM(tokens), 0) AS tokens,
  coalesce(SUM(cost_usd), 0) AS cost FROM agent_turns`;
interface Sums {
  readonly hour: number;
  readonly day: number;
  readonly tokens: number;
  readonly cost: number;
}
const spentOf = (row: Sums | undefined): Spent => ({
  runsLastHour: row?.hour ?? 0,
  runsLastDay: row?.day ?? 0,
  tokensLastDay: row?.tokens ?? 0,
  costUsdLastDay: row?.cost ?? 0,
});

/** What an agent used up. Commands aren't runs. */
export function spentByAgent(sql: SqlTransaction, agentId: string, nowMs: number): Spent {
  return spentOf(
    sql.get<Sums>(
      `${sums} WHERE agent_id = ? AND started_at > ? AND joined_to IS NULL AND session_id IS NOT NULL`,
      nowMs - hourMs,
      agentId,
      nowMs - dayMs,
    ),
  );
}

/** What a sender used up. */
export function spentBySender(
  sql: SqlTransaction,
  sender: { readonly channel: string; readonly accountId: string | undefined; readonly senderId: string | undefined },
  nowMs: number,
): Spent {
  return spentOf(
    sql.get<Sums>(
      `${sums} WHERE channel = ? AND account_id IS ? AND sender_id IS ? AND started_at > ? AND joined_to IS NULL AND session_id IS NOT NULL`,
      nowMs - hourMs,
      sender.channel,
      sender.accountId ?? null,
      sender.senderId ?? null,
      nowMs - dayMs,
    ),
  );
}
