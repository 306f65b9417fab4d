import { METHODS } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { defaultRetention, type SessionStore, sessionEntry, sessionRow, sweep } from "../../src/index.ts";
import { openWorld, turn, until } from "../runtime/world.ts";
import { answered, databaseFile, makeStore, openDatabase, said } from "./world.ts";

const key = "agent:main:telegram:dm:7";
const all = { limit: 1_000, maxBytes: 6_000_000 };

async function makeWorld() {
  const database = openDatabase(await databaseFile());
  const sessions = makeStore();
  const talk = (text: string, nowMs: number, to = key) =>
    database.write((sql) => {
      const { sessionId } = sessions.ensure(sql, { key: to, nowMs });
      sessions.append(sql, { key: to, sessionId }, said(text, nowMs));
      sessions.append(sql, { key: to, sessionId }, answered(`re: ${text}`, nowMs));
      sessions.touch(sql, to, nowMs);
    });
  return { database, sessions, talk };
}

const textsOf = (messages: ReturnType<SessionStore["history"]>) =>
  messages.map(({ message }) =>
    message.content.map((part) => (part.type === "text" ? part.text : part.type)).join(" "),
  );

test("[sessions:list] session store: newest first, by agent, label, activity and words, within the limit", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("one", 1_000, "agent:main:main");
  await talk("two", 3_000, "agent:work:main");
  await talk("three", 2_000);
  await database.write((sql) => {
    sessions.ensure(sql, {
      key,
      nowMs: 2_000,
      origin: { channel: "telegram", chatType: "direct", label: "Ann Smith" },
    });
    return sessions.patch(sql, "agent:main:main", { label: "Kitchen" }, 1_000);
  });
  const keys = (query: Parameters<SessionStore["list"]>[1]) =>
    database.read((sql) => sessions.list(sql, query).map((record) => record.key));
  expect(await keys({})).toEqual(["agent:work:main", key, "agent:main:main"]);
  expect(await keys({ limit: 1, offset: 1 })).toEqual([key]);
  expect(await keys({ agentId: "main" })).toEqual([key, "agent:main:main"]);
  expect(await keys({ label: "Kitchen" })).toEqual(["agent:main:main"]);
  expect(await keys({ activeSinceMs: 2_000 })).toEqual(["agent:work:main", key]);
  expect(await keys({ search: "aNN" })).toEqual([key]);
  expect(await keys({ search: "kitch" })).toEqual(["agent:main:main"]);
  expect(await keys({ search: "%" })).toEqual([]);
});

test("[sessions:list] session store: what it shows is what the wire says", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("Where is the key?", 5);
  const row = await database.read((sql) => sessionRow(sessions.get(sql, key)!, { titles: true, lastMessage: true }));
  expect(METHODS["sessions.describe"].result().parse({ session: row }).session).toMatchObject({
    key,
    kind: "direct",
    derivedTitle: "Where is the key?",
    lastMessagePreview: "re: Where is the key?",
    updatedAt: 5,
  });
  const patched = await database.write((sql) =>
    sessions.patch(sql, key, { label: "keys", settings: { thinkingLevel: "ultrathink", model: "a/b/c" } }, 6),
  );
  if (!patched.ok) throw new Error(patched.reason);
  expect(
    METHODS["sessions.reset"].result().parse({ ok: true, key, entry: sessionEntry(patched.record) }).entry,
  ).toMatchObject({
    label: "keys",
    thinkingLevel: "high",
    modelProvider: "a",
    model: "b/c",
  });
});

test("[sessions:patch] session store: a label is unique, null takes back, and what isn't a value is refused whole", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("hi", 1);
  const patch = (to: string, change: Parameters<SessionStore["patch"]>[2]) =>
    database.write((sql) => sessions.patch(sql, to, change, 2));
  expect(await patch(key, { label: "one", settings: { sendPolicy: "deny" } })).toMatchObject({ ok: true });
  expect(await patch("agent:main:main", { label: "one" })).toMatchObject({ ok: false });
  expect(await patch(key, { label: "two", settings: { verboseLevel: "loud" } })).toMatchObject({ ok: false });
  expect(await patch(key, { settings: { hasOwnProperty: "x" } as never })).toMatchObject({ ok: false });
  expect(await patch(key, { spawnedBy: "agent:main:main" })).toMatchObject({ ok: false });
  const record = await database.read((sql) => sessions.get(sql, key));
  expect(record).toMatchObject({ label: "one", settings: { sendPolicy: "deny" } });
  expect(await patch(key, { label: null, settings: { sendPolicy: null } })).toMatchObject({
    record: { label: undefined, settings: {} },
  });
  const child = "agent:main:subagent:1";
  expect(await patch(child, { spawnedBy: "agent:main:main" })).toMatchObject({ ok: true });
  expect(await patch(child, { spawnedBy: "agent:main:other" })).toMatchObject({ ok: false });
});

test("[sessions:resolve] session store: exactly one session is meant, or it says why not", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("hi", 1);
  const resolve = (wanted: Parameters<SessionStore["resolve"]>[1]) =>
    database.read((sql) => sessions.resolve(sql, wanted));
  const sessionId = (await database.read((sql) => sessions.get(sql, key)))!.sessionId;
  expect(await resolve({ sessionId })).toMatchObject({ ok: true, record: { key } });
  expect(await resolve({ key })).toMatchObject({ ok: true });
  expect(await resolve({ key, agentId: "work" })).toMatchObject({ ok: false });
  expect(await resolve({ label: "none" })).toEqual({ ok: false, reason: "No session found: none" });
  expect(await resolve({ key, sessionId })).toMatchObject({
    reason: "Provide either key, sessionId, or label (not multiple)",
  });
  expect(await resolve({})).toMatchObject({ ok: false });
});

test("[sessions:reset] session store: starting over gives a fresh transcript, and the old one is put aside and not written over", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("before", 1);
  const before = (await database.read((sql) => sessions.get(sql, key)))!;
  await database.write((sql) => {
    sessions.patch(sql, key, { label: "kept", settings: { model: "a/b" } }, 2);
    return sessions.reset(sql, key, { because: "reset", keep: "settings", nowMs: 3 });
  });
  const after = (await database.read((sql) => sessions.get(sql, key)))!;
  expect(after.sessionId).not.toBe(before.sessionId);
  expect(after).toMatchObject({ label: "kept", settings: { model: "a/b" }, inputTokens: 0, firstText: undefined });
  await talk("after", 4);
  expect(textsOf(await database.read((sql) => sessions.history(sql, key, all)))).toEqual(["after", "re: after"]);
  expect(
    await database.read((sql) =>
      sql.all("SELECT archived_because AS why, messages FROM agent_transcripts WHERE session_id = ?", before.sessionId),
    ),
  ).toEqual([{ why: "reset", messages: 2 }]);
  await database.write((sql) => sessions.reset(sql, key, { because: "new", keep: "nothing", nowMs: 5 }));
  expect(await database.read((sql) => sessions.get(sql, key))).toMatchObject({ label: "kept", settings: {} });
});

test("[sessions:delete] session store: a session is deleted with its transcript put aside, and the main one never", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("hi", 1);
  await talk("hi", 1, "agent:main:main");
  const remove = (which: string) => database.write((sql) => sessions.delete(sql, which, 2));
  expect(await remove("agent:main:main")).toEqual({
    ok: false,
    reason: "Cannot delete the main session (agent:main:main).",
  });
  expect(await remove(key)).toMatchObject({ ok: true, deleted: true, archived: [expect.any(String)] });
  expect(await remove(key)).toEqual({ ok: true, deleted: false, archived: [] });
  expect(await database.read((sql) => sessions.history(sql, key, all))).toEqual([]);
});

test("[sessions:compact] session store: the last messages stay, those before are put aside, and nothing is lost", async () => {
  const { database, sessions, talk } = await makeWorld();
  for (const text of ["a", "b", "c"]) await talk(text, 1);
  const compact = (lines: number) => database.write((sql) => sessions.compact(sql, key, lines, 9));
  expect(await compact(6)).toEqual({ compacted: false, kept: 6 });
  const result = await compact(3);
  expect(result).toMatchObject({ compacted: true, kept: 3 });
  await talk("d", 2);
  const seen = await database.read((sql) => sessions.history(sql, key, all));
  expect(textsOf(seen)).toEqual(["re: b", "c", "re: c", "d", "re: d"]);
  expect(seen.map(({ seq }) => seq)).toEqual([4, 5, 6, 7, 8]);
  expect(
    await database.read((sql) =>
      sql.all("SELECT COUNT(*) AS n FROM agent_messages WHERE session_id = ?", result.archived!),
    ),
  ).toEqual([{ n: 3 }]);
  expect(await database.write((sql) => sessions.compact(sql, "agent:main:none", 3, 9))).toMatchObject({
    compacted: false,
    reason: "no sessionId",
  });
});

test("[sessions:history] session store: what was said to nobody isn't the last that was said, and nothing to be read", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("a", 1);
  const row = await database.write((sql) => {
    sessions.patch(sql, key, { unread: false }, 2);
    const { sessionId } = sessions.ensure(sql, { key, nowMs: 2 });
    sessions.append(sql, { key, sessionId }, answered("NO_REPLY"));
    return sessions.get(sql, key);
  });
  expect(row).toMatchObject({ lastText: "re: a", unread: false });
});

test("[sessions:history] session store: the newest within a number and a size, before and after a place, without what was said to nobody", async () => {
  const { database, sessions, talk } = await makeWorld();
  for (const text of ["a", "b".repeat(2_000), "c"]) await talk(text, 1);
  const history = (range: object) => database.read((sql) => sessions.history(sql, key, { ...all, ...range }));
  expect((await history({ limit: 2 })).map(({ seq }) => seq)).toEqual([5, 6]);
  expect((await history({ maxBytes: 3_000 })).map(({ seq }) => seq)).toEqual([4, 5, 6]);
  expect((await history({ afterSeq: 5 })).map(({ seq }) => seq)).toEqual([6]);
  expect((await history({ beforeSeq: 3 })).map(({ seq }) => seq)).toEqual([1, 2]);
  await database.write((sql) => {
    const { sessionId } = sessions.ensure(sql, { key, nowMs: 2 });
    sessions.append(sql, { key, sessionId }, answered("NO_REPLY"));
    sessions.append(
      sql,
      { key, sessionId },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image", data: "A".repeat(10_000), mimeType: "image/png" },
        ],
        timestamp: 2,
      },
    );
  });
  const [last] = (await history({ maxBytes: 5_000 })).slice(-1);
  expect(last?.message.content).toEqual([
    { type: "text", text: "look" },
    { type: "text", text: "[image, image/png]" },
  ]);
  expect((await history({})).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 8]);
});

test("[sessions:preview] session store: the last lines, cut, of at most 64 sessions", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("x".repeat(100), 1);
  const keys = [key, "agent:main:none", ...Array.from({ length: 100 }, (_, i) => `agent:main:n${i}`)];
  const previews = await database.read((sql) => sessions.preview(sql, keys, { limit: 1, maxChars: 20 }));
  expect(previews).toHaveLength(64);
  expect(previews.slice(0, 2)).toEqual([
    { key, status: "ok", items: [{ role: "assistant", text: `re: ${"x".repeat(15)}…` }] },
    { key: "agent:main:none", status: "missing", items: [] },
  ]);
});

test("[sessions:inject] session store: a message can be put in, with a label, where there is a session", async () => {
  const { database, sessions, talk } = await makeWorld();
  await talk("hi", 1);
  const inject = (to: string) => database.write((sql) => sessions.inject(sql, to, { text: "done", label: "cron" }, 2));
  expect(await inject("agent:main:none")).toEqual({ ok: false, reason: "session not found" });
  expect(await inject(key)).toMatchObject({ ok: true, message: { stopReason: "injected" } });
  expect(await database.read((sql) => sessions.history(sql, key, { limit: 1, maxBytes: 10_000 }))).toMatchObject([
    { aside: true, message: { content: [{ text: "[cron]\n\ndone" }] } },
  ]);
});

test("[sessions:many] session store: ten thousand sessions are listed by an index, and what isn't shown isn't read", async () => {
  const { database, sessions } = await makeWorld();
  await database.write((sql) => {
    for (let i = 0; i < 10_000; i++) sessions.ensure(sql, { key: `agent:a${i % 7}:telegram:dm:${i}`, nowMs: i });
    // One that can't be parsed stands where it isn't shown.
    sql.run("UPDATE agent_sessions SET origin = 'broken' WHERE updated_at < 9000");
  });
  const page = await database.read((sql) => sessions.list(sql, { limit: 50 }));
  expect(page.map(({ updatedAtMs }) => updatedAtMs)).toEqual(Array.from({ length: 50 }, (_, i) => 9_999 - i));
  const plans = await database.read((sql) =>
    sql.all<{ detail: string }>(
      "EXPLAIN QUERY PLAN SELECT key FROM agent_sessions WHERE agent_id = ? ORDER BY updated_at DESC, key LIMIT 5",
      "a1",
    ),
  );
  expect(plans.map(({ detail }) => detail).join()).toContain("agent_sessions_of_agent");
  expect(await database.read((sql) => sessions.list(sql, { agentId: "a3", limit: 3 }))).toHaveLength(3);
});

test("[sessions:retention] session store: the past is bounded by number, size and age, and what runs stays", async () => {
  const { database, sessions, talk } = await makeWorld();
  for (const n of [1, 2, 3, 4]) await talk("hello", n * 1_000, `agent:main:telegram:dm:${n}`);
  await talk("hello", 1, "agent:main:main");
  const limits = { ...defaultRetention, maxSessions: 3, maxArchivedTranscripts: 1 };
  const taken = await database.write((sql) => [sweep(sql, limits, 10_000), sweep(sql, limits, 10_000)]);
  expect(taken[0]).toBeGreaterThan(0);
  expect(taken[1]).toBe(0);
  const left = await database.read((sql) => sessions.list(sql).map((record) => record.key));
  expect(left).toEqual(["agent:main:telegram:dm:4", "agent:main:telegram:dm:3", "agent:main:main"]);
  const archived = "SELECT COUNT(*) AS n FROM agent_transcripts WHERE archived_at IS NOT NULL";
  expect(await database.read((sql) => sql.all(archived))).toEqual([{ n: 1 }]);
  const old = { ...defaultRetention, archivedMaxAgeMs: 5, sessionMaxAgeMs: 5 };
  await database.write((sql) => sweep(sql, old, 20_000));
  await database.write((sql) => sweep(sql, old, 30_000));
  expect(await database.read((sql) => sessions.list(sql).map((record) => record.key))).toEqual(["agent:main:main"]);
  expect(await database.read((sql) => sql.all("SELECT COUNT(*) AS n FROM agent_messages"))).toEqual([{ n: 2 }]);
});

test("[sessions:retention] runtime: the main session stays, also where it has another name", async () => {
  const world = await openWorld({
    change: (settings) => ({
      ...settings,
      session: { ...settings.session, mainKey: "home" },
      retention: { ...settings.retention, sessionMaxAgeMs: 1_000 },
    }),
  });
  for (const [runId, sessionKey] of [
    ["r1", "agent:main:home"],
    ["r2", "agent:main:telegram:group:main"],
  ] as const) {
    await world.runtime.submit(turn(runId, "Hi", { sessionKey }), { commandAuthorized: true });
    await world.runtime.wait(runId, 60_000);
  }
  const keys = () => world.database.read((sql) => world.runtime.sessions.list(sql).map(({ key }) => key));
  await until("the old one goes", async () => {
    world.clock.move(60_000);
    return (await keys()).length < 2;
  });
  expect(await keys()).toEqual(["agent:main:home"]);
});
