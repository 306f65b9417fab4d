import type { SqlTransaction } from "@saltgate/store";
import { expect, test } from "vitest";
import { defaultRetention, sweep } from "../../src/index.ts";
import { openTurns } from "../../src/queue/turn-store.ts";
import { appendMessage, archiveTranscript, beginTranscript } from "../../src/session/transcripts.ts";
import { databaseFile, openDatabase, said } from "./world.ts";

/** The same transaction, which writes down what is asked of it. */
function recorded(sql: SqlTransaction, texts: Set<string>): SqlTransaction {
  const heard = (text: string): string => {
    texts.add(text);
    return text;
  };
  return {
    all: (text, ...values) => sql.all(heard(text), ...values),
    get: (text, ...values) => sql.get(heard(text), ...values),
    run: (text, ...values) => sql.run(heard(text), ...values),
  };
}

test("[sessions:retention] neither a start nor a sweep reads the turns and transcripts that it leaves alone", async () => {
  const database = openDatabase(await databaseFile());
  const plans = await database.write((sql) => {
    const texts = new Set<string>();
    openTurns(recorded(sql, texts));
    sweep(recorded(sql, texts), defaultRetention, 1_000);
    return [...texts].flatMap((text) =>
      sql
        .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...(text.match(/\?/g) ?? []).map(() => 0))
        .map(({ detail }) => ({ detail, isSum: text.includes("SUM(") })),
    );
  });
  expect(plans.filter(({ isSum }) => isSum).map(({ detail }) => detail)).toEqual([
    expect.stringContaining("USING COVERING INDEX agent_transcripts_archived"),
    expect.stringContaining("USING COVERING INDEX agent_turns_ended"),
  ]);
  expect(plans.filter(({ detail }) => /^SCAN \w+$/.test(detail))).toEqual([]);
});

test("[sessions:retention] a transcript of very many messages goes in several sweeps, and none of it stays", async () => {
  const database = openDatabase(await databaseFile());
  await database.write((sql) => {
    beginTranscript(sql, { sessionId: "s", sessionKey: "agent:main:x", agentId: "main", nowMs: 1 });
    for (let seq = 1; seq <= 9_000; seq++) appendMessage(sql, "s", said("x"), { messageId: "m" });
    archiveTranscript(sql, "s", "deleted", 1);
  });
  const limits = { ...defaultRetention, archivedMaxAgeMs: 1 };
  const left: number[] = [];
  for (let sweeps = 0; sweeps < 4; sweeps++)
    await database.write((sql) => {
      const taken = sweep(sql, limits, 1_000);
      expect(taken).toBe(sweeps < 3 ? 1 : 0);
      left.push(sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_messages")?.n ?? 0);
    });
  expect(left).toEqual([5_000, 1_000, 0, 0]);
  expect(await database.read((sql) => sql.all("SELECT * FROM agent_transcripts"))).toEqual([]);
});
