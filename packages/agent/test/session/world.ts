import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteDatabase } from "@saltgate/store";
import { onTestFinished } from "vitest";
import { agentSchema, SessionStore, type TranscriptMessage } from "../../src/index.ts";

/** A database file of its own, removed when the test is over. */
export async function databaseFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-agent-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "state.db");
}

/** Opens a database, closed when the test is over. */
export function openDatabase(file: string): SqliteDatabase {
  const database = new SqliteDatabase({ file, parts: [agentSchema], now: () => 0 });
  onTestFinished(() => database.close());
  return database;
}

/** Ids that count. */
export function counting(prefix = "id"): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `${prefix}-${last}`;
  };
}

export function makeStore(): SessionStore {
  return new SessionStore({ newId: counting("session"), newMessageId: counting("m") });
}

export const said = (text: string, timestamp = 1): TranscriptMessage => ({
  role: "user",
  content: [{ type: "text", text }],
  timestamp,
});

export const answered = (text: string, timestamp = 1): TranscriptMessage => ({
  role: "assistant",
  content: [{ type: "text", text }],
  stopReason: "stop",
  timestamp,
});
