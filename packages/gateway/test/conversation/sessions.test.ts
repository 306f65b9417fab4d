import { expect, test } from "vitest";
import { ALL, chatPlace } from "../support/chat-place.ts";
import { errorOf, type Wire } from "../support/world.ts";

interface Row {
  readonly key: string;
  readonly sessionId: string;
  readonly label?: string;
}

/** Says something and waits for the answer. */
async function say(wire: Wire, sessionKey: string, message: string): Promise<void> {
  const runId = crypto.randomUUID();
  await wire.request("chat.send", { sessionKey, message, idempotencyKey: runId });
  await wire.event("chat", (said: { runId: string; state: string }) => said.runId === runId && said.state !== "delta");
}

const list = async (wire: Wire, params: Record<string, unknown> = {}) =>
  (await wire.request("sessions.list", params)).payload as { count: number; sessions: Row[] };

const keys = async (wire: Wire, params: Record<string, unknown> = {}) =>
  (await list(wire, params)).sessions.map(({ key }) => key);

const textsOf = async (wire: Wire, key: string): Promise<string[]> => {
  const { payload } = await wire.request("sessions.get", { key });
  const { messages } = payload as { messages: { content: { text?: string }[] | string }[] };
  return messages.map(({ content }) =>
    typeof content === "string" ? content : content.map(({ text = "" }) => text).join(""),
  );
};

test("[chat:sessions] sessions.list, preview, describe, get: what was spoken in, newest first", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  for (const key of ["main", "a", "b"]) await say(wire, key, `hello in ${key}`);
  expect(await keys(wire)).toEqual(["agent:main:b", "agent:main:a", "agent:main:main"]);
  expect(await keys(wire, { limit: 1, offset: 1 })).toEqual(["agent:main:a"]);
  expect(await keys(wire, { search: "agent:main:a" })).toEqual(["agent:main:a"]);
  expect(await keys(wire, { agentId: "ghost" })).toEqual([]);
  const { payload } = await wire.request("sessions.preview", { keys: ["a", "nowhere"], limit: 1 });
  expect(payload).toMatchObject({
    previews: [
      { key: "a", status: "ok", items: [{ role: "assistant", text: "echo: hello in a" }] },
      { key: "nowhere", status: "missing", items: [] },
    ],
  });
  const described = await wire.request("sessions.describe", { key: "a", includeLastMessage: true });
  expect(described.payload).toMatchObject({ session: { key: "agent:main:a" } });
  expect((await wire.request("sessions.describe", { key: "nowhere" })).payload).toEqual({ session: null });
  expect(await textsOf(wire, "a")).toEqual(["hello in a", "echo: hello in a"]);
  expect(await textsOf(wire, "nowhere")).toEqual([]);
  expect(await list(wire)).toMatchObject({
    count: 3,
    path: expect.stringContaining("state.db"),
    defaults: { modelProvider: "emulated", model: "m" },
  });
});

test("[chat:sessions] sessions.resolve: finds the one that is meant, or says that there is none", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await say(wire, "a", "hello");
  await wire.request("sessions.patch", { key: "a", label: "Harbor" });
  const [row] = (await list(wire)).sessions;
  const found = { ok: true, key: "agent:main:a", agentId: "main" };
  for (const wanted of [
    { key: "a" },
    { sessionId: row?.sessionId },
    { label: "Harbor" },
    { shortId: row?.sessionId.slice(0, 8) },
  ])
    expect((await wire.request("sessions.resolve", wanted)).payload).toEqual(found);
  for (const wanted of [{ key: "b" }, { sessionId: "b" }, { label: "b" }, { shortId: "ffffffffffff" }])
    expect(errorOf(await wire.request("sessions.resolve", wanted)).detail).toBe("UNKNOWN_SESSION");
  expect((await wire.request("sessions.resolve", { key: "b", allowMissing: true })).payload).toEqual({ ok: false });
  expect(errorOf(await wire.request("sessions.resolve", { key: "a", label: "Harbor" })).detail).toBe("INVALID_PARAMS");
  expect(errorOf(await wire.request("sessions.resolve", {})).code).toBe("INVALID_REQUEST");
});

test("[chat:sessions] sessions.resolve: a short id means the beginning of an id, whatever other sessions are called", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  const { payload } = await wire.request("sessions.patch", { key: "one", pinned: true });
  const { sessionId } = (payload as { entry: { sessionId: string } }).entry;
  const shortId = sessionId.slice(0, 6).toUpperCase();
  for (let at = 0; at < 60; at += 1) await wire.request("sessions.patch", { key: `${shortId}-${at}`, pinned: true });
  expect((await wire.request("sessions.resolve", { shortId })).payload).toMatchObject({
    ok: true,
    key: "agent:main:one",
  });
  const other = await wire.request("sessions.resolve", { shortId, agentId: "other" });
  expect(errorOf(other).detail).toBe("UNKNOWN_SESSION");
});

test("[chat:sessions] sessions.patch: a setting holds for the next run, and a wrong one changes nothing", async () => {
  await using place = await chatPlace();
  await using world = await place.open({
    settings: (usual) => ({ ...usual, allowedModels: ["emulated/m", "emulated/n"] }),
  });
  const wire = await world.operator(4, ALL);
  const patch = (params: Record<string, unknown>) => wire.request("sessions.patch", { key: "a", ...params });
  expect((await patch({ model: "n", label: "Harbor" })).payload).toMatchObject({
    ok: true,
    key: "agent:main:a",
    entry: { label: "Harbor" },
  });
  await say(wire, "a", "hello");
  expect(place.models.requests.at(-1)?.model).toBe("n");
  const details: unknown[] = [];
  for (const wrong of [
    { model: "nonsense" },
    { model: "saltgate/built-in" },
    { thinkingLevel: "galactic" },
    { label: "" },
  ])
    details.push(errorOf(await patch(wrong)).detail);
  expect(details).toEqual(["UNKNOWN_MODEL", "UNKNOWN_MODEL", "INVALID_PARAMS", "INVALID_PARAMS"]);
  const taken = await wire.request("sessions.patch", { key: "b", label: "Harbor" });
  expect(errorOf(taken)).toMatchObject({
    detail: "INVALID_PARAMS",
    message: expect.stringContaining("already in use"),
  });
  await patch({ model: null });
  await say(wire, "a", "hello");
  expect(place.models.requests.at(-1)?.model).toBe("m");
});

test("[chat:sessions] sessions.reset: the same key, another conversation, and the old one is kept aside", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await say(wire, "a", "before");
  const [before] = (await list(wire)).sessions;
  const { payload } = await wire.request("sessions.reset", { key: "a" });
  const { entry } = payload as { entry: Row };
  expect(entry.sessionId).not.toBe(before?.sessionId);
  expect(await textsOf(wire, "a")).toEqual([]);
  await say(wire, "a", "after");
  expect(JSON.stringify(place.models.requests.at(-1))).not.toContain("before");
  const kept = await world.conversation.database.read((sql) =>
    sql.get<{ n: number }>("SELECT COUNT(*) AS n FROM agent_messages WHERE session_id = ?", before?.sessionId ?? ""),
  );
  expect(kept).toEqual({ n: 2 });
});

test("[chat:sessions] sessions.reset: ends what runs, and its answer isn't part of the new conversation", async () => {
  await using place = await chatPlace();
  place.models.script({ times: 1, answer: { text: "too late" }, pace: "manual" });
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await wire.request("chat.send", { sessionKey: "a", message: "slow", idempotencyKey: "k1" });
  await place.models.received(1);
  await wire.request("sessions.reset", { key: "a" });
  place.models.release(100);
  expect((await wire.request("agent.wait", { runId: "k1" })).payload).toMatchObject({ status: "ok" });
  expect(await textsOf(wire, "a")).toEqual([]);
});

test("[chat:sessions] sessions.delete: takes a session away, ends what runs in it, and never the main one", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await say(wire, "main", "hello");
  await say(wire, "a", "hello");
  const main = await wire.request("sessions.delete", { key: "main" });
  expect(errorOf(main)).toMatchObject({ code: "INVALID_REQUEST", message: expect.stringContaining("main session") });
  const guarded = await wire.request("sessions.delete", { key: "a", expectedSessionId: "another" });
  expect(errorOf(guarded)).toMatchObject({ detail: "INVALID_PARAMS", message: "the session has started over since" });
  const unarchived = await wire.request("sessions.delete", { key: "a", archivedOnly: true });
  expect(errorOf(unarchived).detail).toBe("INVALID_PARAMS");
  place.models.script({ answer: { text: "slow" }, pace: "manual" });
  await wire.request("chat.send", { sessionKey: "a", message: "slow", idempotencyKey: "k1" });
  await place.models.received(3);
  expect((await wire.request("sessions.delete", { key: "a" })).payload).toMatchObject({ ok: true, deleted: true });
  await place.models.abandoned(1);
  expect(await keys(wire)).toEqual(["agent:main:main"]);
  expect((await wire.request("sessions.delete", { key: "a" })).payload).toMatchObject({ ok: true, deleted: false });
});

test("[chat:sessions] sessions.compact: keeps the last messages, and not while something runs", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  for (const text of ["one", "two", "three"]) await say(wire, "a", text);
  const { payload } = await wire.request("sessions.compact", { key: "a", maxLines: 2 });
  expect(payload).toMatchObject({ ok: true, compacted: true, kept: 2, archived: expect.any(String) });
  expect(await textsOf(wire, "a")).toEqual(["three", "echo: three"]);
  expect((await wire.request("sessions.compact", { key: "nowhere" })).payload).toMatchObject({ compacted: false });
  place.models.script({ answer: { text: "slow" }, pace: "manual" });
  await wire.request("chat.send", { sessionKey: "a", message: "slow", idempotencyKey: "k1" });
  await place.models.received(4);
  expect(errorOf(await wire.request("sessions.compact", { key: "a", maxLines: 1 })).detail).toBe("TURN_REFUSED");
});

test("[chat:sessions] sessions.send, steer, abort: the same runs by another door", async () => {
  await using place = await chatPlace();
  place.models.script({ times: 1, answer: { text: "slow" }, pace: "manual" });
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  const sent = await wire.request("sessions.send", { key: "a", message: "hello", idempotencyKey: "k1" });
  expect(sent.payload).toEqual({ runId: "k1", status: "started" });
  await place.models.received(1);
  const unnamed = await wire.request("sessions.send", { key: "b", message: "hello" });
  expect(unnamed.payload).toMatchObject({ runId: expect.stringMatching(/^[0-9a-f-]{36}$/), status: "started" });
  const steered = await wire.request("sessions.steer", { key: "a", message: "hurry", idempotencyKey: "k2" });
  expect(steered.payload).toEqual({ runId: "k2", status: "started" });
  expect((await wire.request("sessions.abort", { key: "a" })).payload).toEqual({
    ok: true,
    abortedRunId: "k1",
    status: "aborted",
  });
  expect((await wire.request("sessions.abort", { runId: "k1" })).payload).toMatchObject({ status: "no-active-run" });
  expect((await wire.request("sessions.abort", { runId: "nobody" })).payload).toMatchObject({
    abortedRunId: null,
    status: "no-active-run",
  });
  const elsewhere = await wire.request("chat.abort", { sessionKey: "b", runId: "k1" });
  expect(errorOf(elsewhere).detail).toBe("UNKNOWN_RUN");
});

test("[chat:many-sessions] sessions.list: ten thousand sessions are counted, and shown by pages", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await say(wire, "main", "hello");
  const { database } = world.conversation;
  await database.write((sql) => {
    for (let at = 0; at < 9_999; at += 1) {
      const number = String(at).padStart(5, "0");
      sql.run(
        `INSERT INTO agent_sessions (key, agent_id, session_id, kind, created_at, started_at, updated_at, search, settings)
         SELECT ?, agent_id, ?, 'direct', ?, ?, ?, ?, '{}' FROM agent_sessions WHERE key = 'agent:main:main'`,
        `agent:main:telegram:dm:${number}`,
        `s-${number}`,
        at,
        at,
        at,
        `agent:main:telegram:dm:${number}`,
      );
    }
  });
  const all = await list(wire, { limit: 10_000 });
  expect(all.count).toBe(10_000);
  const pages: string[] = [];
  for (let offset = 0; offset < 10_000; offset += 2_500) pages.push(...(await keys(wire, { limit: 2_500, offset })));
  expect(pages).toEqual(all.sessions.map(({ key }) => key));
  expect(new Set(pages).size).toBe(10_000);
  expect(pages.slice(0, 2)).toEqual(["agent:main:main", "agent:main:telegram:dm:09998"]);
  expect(await keys(wire, { limit: 5, offset: 10_000 })).toEqual([]);
  expect(await keys(wire, { search: "dm:04242" })).toEqual(["agent:main:telegram:dm:04242"]);
});
