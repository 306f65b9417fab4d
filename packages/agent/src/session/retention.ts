import type { SqlTransaction } from "@saltgate/store";
import { keyPart } from "./session-key.ts";

/** How much of the past is kept. What exceeds a bound goes oldest first; nothing that waits or runs ever goes. */
export interface RetentionLimits {
  /** Turns that ended. */
  readonly maxEndedTurns: number;
  readonly maxEndedTurnBytes: number;
  readonly endedTurnMaxAgeMs: number;
  /** Transcripts that were put aside. */
  readonly maxArchivedTranscripts: number;
  readonly maxArchivedBytes: number;
  readonly archivedMaxAgeMs: number;
  /** Sessions: beyond it those go that nobody spoke in for longest, but no main session and no pinned one. */
  readonly maxSessions: number;
  readonly sessionMaxAgeMs: number;
}

const dayMs = 86_400_000;

/** @see RetentionLimits */
export const defaultRetention: RetentionLimits = {
  maxEndedTurns: 50_000,
  maxEndedTurnBytes: 256 * 1024 * 1024,
  endedTurnMaxAgeMs: 30 * dayMs,
  maxArchivedTranscripts: 5_000,
  maxArchivedBytes: 1024 * 1024 * 1024,
  archivedMaxAgeMs: 90 * dayMs,
  maxSessions: 20_000,
  sessionMaxAgeMs: 365 * dayMs,
};

/** Most turns, transcripts and sessions that one sweep takes, and most messages of transcripts, so that no transaction is long. */
const batch = 200;
const messagesBatch = 4_000;

/**
 * Removes what is beyond the limits, some of it at a time.
 * @param mainKey the word of main sessions, which stay
 * @returns how many rows of all kinds were taken; when it isn't 0, there may be more
 */
export function sweep(sql: SqlTransaction, limits: RetentionLimits, nowMs: number, mainKey = "main"): number {
  return (
    sweepSessions(sql, limits, nowMs, mainKey) + sweepTranscripts(sql, limits, nowMs) + sweepTurns(sql, limits, nowMs)
  );
}

function sweepTurns(sql: SqlTransaction, limits: RetentionLimits, nowMs: number): number {
  const held = sql.get<{ n: number; bytes: number }>(
    "SELECT COUNT(*) AS n, coalesce(SUM(bytes), 0) AS bytes FROM agent_turns WHERE ended_at IS NOT NULL",
  ) ?? { n: 0, bytes: 0 };
  const rows = sql.all<{ seq: number; ended_at: number; bytes: number }>(
    "SELECT seq, ended_at, bytes FROM agent_turns WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?",
    batch,
  );
  let { bytes, n } = held;
  let taken = 0;
  for (const row of rows) {
    const isOld = row.ended_at < nowMs - limits.endedTurnMaxAgeMs;
    if (!isOld && n <= limits.maxEndedTurns && bytes <= limits.maxEndedTurnBytes) break;
    sql.run("DELETE FROM agent_turns WHERE seq = ?", row.seq);
    n -= 1;
    bytes -= row.bytes;
    taken += 1;
  }
  return taken;
}

function sweepTranscripts(sql: SqlTransaction, limits: RetentionLimits, nowMs: number): number {
  const held = sql.get<{ n: number; bytes: number }>(
    "SELECT COUNT(*) AS n, coalesce(SUM(bytes), 0) AS bytes FROM agent_transcripts WHERE archived_at IS NOT NULL",
  ) ?? { n: 0, bytes: 0 };
  // One that a run still writes into is left alone.
  const rows = sql.all<{ session_id: string; archived_at: number; bytes: number }>(
    `SELECT session_id, archived_at, bytes FROM agent_transcripts WHERE archived_at IS NOT NULL
       AND session_id NOT IN (SELECT session_id FROM agent_turns WHERE ended_at IS NULL AND session_id IS NOT NULL)
     ORDER BY archived_at LIMIT ?`,
    batch,
  );
  let { bytes, n } = held;
  let taken = 0;
  let room = messagesBatch;
  for (const row of rows) {
    const isOld = row.archived_at < nowMs - limits.archivedMaxAgeMs;
    if (!isOld && n <= limits.maxArchivedTranscripts && bytes <= limits.maxArchivedBytes) break;
    const messages = sql.run(
      "DELETE FROM agent_messages WHERE id IN (SELECT id FROM agent_messages WHERE session_id = ? ORDER BY seq LIMIT ?)",
      row.session_id,
      room,
    );
    room -= messages;
    // What is left of it goes with the next sweep.
    if (room === 0) return taken + 1;
    sql.run("DELETE FROM agent_transcripts WHERE session_id = ?", row.session_id);
    n -= 1;
    bytes -= row.bytes;
    taken += 1;
  }
  return taken;
}

function sweepSessions(sql: SqlTransaction, limits: RetentionLimits, nowMs: number, mainKey: string): number {
  let n = sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_sessions")?.n ?? 0;
  const rows = sql.all<{ key: string; session_id: string; updated_at: number }>(
    `SELECT key, session_id, updated_at FROM agent_sessions WHERE pinned = 0 AND key <> 'agent:' || agent_id || ':' || ?
       AND key NOT IN (SELECT session_key FROM agent_turns WHERE ended_at IS NULL) ORDER BY updated_at LIMIT ?`,
    keyPart(mainKey),
    batch,
  );
  let taken = 0;
  for (const row of rows) {
    if (row.updated_at >= nowMs - limits.sessionMaxAgeMs && n <= limits.maxSessions) break;
    sql.run(
      "UPDATE agent_transcripts SET archived_at = ?, archived_because = 'unused' WHERE session_id = ? AND archived_at IS NULL",
      nowMs,
      row.session_id,
    );
    sql.run("DELETE FROM agent_sessions WHERE key = ?", row.key);
    n -= 1;
    taken += 1;
  }
  return taken;
}
