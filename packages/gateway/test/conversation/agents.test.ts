import { expect, test } from "vitest";
import { ALL, chatPlace } from "../support/chat-place.ts";
import { errorOf, type Wire } from "../support/world.ts";

const responses = (wire: Wire, id: string) =>
  wire.frames.flatMap((frame) => (frame.type === "res" && frame.id === id ? [frame] : []));

/** Both answers of a request that has two. */
async function twoAnswers(wire: Wire, id: string) {
  return await wire.until(() => (responses(wire, id).length >= 2 ? responses(wire, id) : undefined));
}

test("[chat:agent] agent: answers accepted at once, and with the same id what came of it", async () => {
  await using place = await chatPlace();
  place.models.script({ answer: { text: "it is done" }, pace: "manual" });
  await using world = await place.open();
  const wire = await world.operator();
  const first = await wire.request("agent", { message: "do it", idempotencyKey: "k1" });
  expect(first.payload).toEqual({ runId: "k1", status: "accepted", acceptedAt: expect.any(Number) });
  const repeated = await wire.request("agent", { message: "do it", idempotencyKey: "k1" });
  expect(repeated.payload).toMatchObject({ runId: "k1", status: "accepted" });
  await place.models.received(1);
  place.models.release(100);
  const [, final] = await twoAnswers(wire, first.id);
  expect(final?.payload).toEqual({
    runId: "k1",
    status: "ok",
    summary: "completed",
    result: { payloads: [{ text: "it is done" }], meta: { durationMs: expect.any(Number) } },
  });
  const late = await wire.request("agent", { message: "do it", idempotencyKey: "k1" });
  expect(late.payload).toMatchObject({ runId: "k1", status: "ok", result: { payloads: [{ text: "it is done" }] } });
  expect(place.models.count).toBe(1);
});

test("[chat:agent] agent: a run that fails is an error with its run, and so is one that was ended", async () => {
  await using place = await chatPlace();
  place.models.script({ times: 1, fault: { kind: "unauthorized" } }, { answer: { text: "x" }, pace: "manual" });
  await using world = await place.open();
  const wire = await world.operator();
  const failed = await wire.request("agent", { message: "do it", idempotencyKey: "k1" });
  const [, final] = await twoAnswers(wire, failed.id);
  expect(final && errorOf(final)).toMatchObject({
    code: "UNAVAILABLE",
    detail: "RUN_FAILED",
    details: { runId: "k1", status: "error" },
  });
  const aborted = await wire.request("agent", { message: "again", idempotencyKey: "k2", sessionKey: "side" });
  await place.models.received(2);
  await wire.request("sessions.abort", { runId: "k2" });
  const [, end] = await twoAnswers(wire, aborted.id);
  expect(end?.payload).toMatchObject({ status: "ok", summary: "aborted", result: { meta: { aborted: true } } });
});

test("[chat:agent] agent: what it can't do is refused with a name before anything begins", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator();
  const refused = async (params: Record<string, unknown>): Promise<unknown> => {
    const answer = await wire.request("agent", { message: "x", idempotencyKey: crypto.randomUUID(), ...params });
    return answer.ok ? "accepted" : errorOf(answer).detail;
  };
  expect(await refused({ agentId: "ghost" })).toBe("UNKNOWN_AGENT_ID");
  expect(await refused({ model: "gpt-nonsense" })).toBe("UNKNOWN_MODEL");
  expect(await refused({ sessionId: "no-such-session" })).toBe("UNKNOWN_SESSION");
  expect(await refused({ deliver: true })).toBe("UNKNOWN_TARGET");
  expect(await refused({ deliver: true, to: "1001", channel: "carrier-pigeon" })).toBe("UNKNOWN_CHANNEL");
  expect(await refused({ sessionKey: "agent:other:x", agentId: "main" })).toBe("INVALID_PARAMS");
  expect(await refused({ sessionKey: "agent:ghost:main" })).toBe("UNKNOWN_AGENT_ID");
  expect(await refused({ thinking: "purple" })).toBe("INVALID_PARAMS");
  expect(await refused({ expectedExistingSessionId: "another-life" })).toBe("UNKNOWN_SESSION");
  const said = { sessionKey: "agent:ghost:main", message: "x", idempotencyKey: "g" };
  expect(errorOf(await wire.request("chat.send", said)).detail).toBe("UNKNOWN_AGENT_ID");
  expect(place.models.count).toBe(0);
  expect(((await wire.request("sessions.list", {})).payload as { count: number }).count).toBe(0);
});

test("[chat:agent] agent: with a model, more instructions and a label, for this run and its session", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator();
  const asked = await wire.request("agent", {
    message: "who",
    idempotencyKey: "k1",
    sessionKey: "side",
    model: "n",
    provider: "emulated",
    extraSystemPrompt: "Speak like a sailor.",
    label: "Sailor",
  });
  await twoAnswers(wire, asked.id);
  expect(place.models.requests.at(-1)).toMatchObject({ model: "n" });
  expect(JSON.stringify(place.models.requests.at(-1))).toContain("Speak like a sailor.");
  expect((await wire.request("sessions.resolve", { label: "Sailor" })).payload).toMatchObject({
    ok: true,
    key: "agent:main:side",
  });
});

test("[chat:agent] agent: a label that another session has, or a session that has started over since, begins nothing", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await wire.request("sessions.patch", { key: "one", label: "taken" });
  const { payload } = await wire.request("sessions.describe", { key: "one" });
  const { sessionId } = (payload as { session: { sessionId: string } }).session;
  const task = { message: "x", sessionKey: "two", label: "taken", idempotencyKey: "k1" };
  expect(errorOf(await wire.request("agent", task))).toMatchObject({
    detail: "INVALID_PARAMS",
    message: "label already in use: taken (by agent:main:one)",
  });
  const meant = { message: "x", sessionKey: "one", expectedExistingSessionId: sessionId };
  const asked = await wire.request("agent", { ...meant, idempotencyKey: "k2" });
  await twoAnswers(wire, asked.id);
  await wire.request("sessions.reset", { key: "one" });
  expect(errorOf(await wire.request("agent", { ...meant, idempotencyKey: "k3" })).detail).toBe("UNKNOWN_SESSION");
  // A repeat gets the first answer, whatever the session is now.
  expect((await wire.request("agent", { ...meant, idempotencyKey: "k2" })).payload).toMatchObject({ status: "ok" });
  expect(place.models.count).toBe(1);
});

test("[chat:agent] agent: what is to be delivered stands in the chat once, and in the transcript", async () => {
  await using place = await chatPlace();
  await using world = await place.open({ telegram: {} });
  const wire = await world.operator();
  const asked = await wire.request("agent", {
    message: "greet",
    idempotencyKey: "k1",
    deliver: true,
    channel: "tg",
    to: `telegram:${place.ann.id}`,
  });
  await twoAnswers(wire, asked.id);
  await place.telegram.untilSent(place.ann.id, 1);
  await expect.poll(() => place.telegram.fromBots(place.ann.id).map(({ text }) => text)).toEqual(["echo: greet"]);
});

test("[chat:wait] agent.wait: tells the end of a run, waits no longer than asked, and knows runs of an earlier process", async () => {
  await using place = await chatPlace();
  place.models.script({ times: 1, answer: { text: "x" }, pace: "manual" }, { times: 1, fault: { kind: "billing" } });
  {
    await using world = await place.open();
    const wire = await world.operator();
    await wire.request("chat.send", { sessionKey: "main", message: "x", idempotencyKey: "k1" });
    await place.models.received(1);
    expect((await wire.request("agent.wait", { runId: "k1", timeoutMs: 10 })).payload).toEqual({
      runId: "k1",
      status: "timeout",
    });
    wire.send({ type: "req", id: "waiting", method: "agent.wait", params: { runId: "k1" } });
    place.models.release(100);
    expect((await wire.response("waiting")).payload).toMatchObject({
      runId: "k1",
      status: "ok",
      startedAt: expect.any(Number),
      endedAt: expect.any(Number),
    });
    await wire.request("chat.send", { sessionKey: "main", message: "x", idempotencyKey: "k2" });
    expect((await wire.request("agent.wait", { runId: "k2" })).payload).toMatchObject({
      status: "error",
      error: expect.stringContaining("credit"),
    });
    expect((await wire.request("agent.wait", { runId: "nobody" })).payload).toMatchObject({ status: "timeout" });
  }
  await using world = await place.open();
  const wire = await world.operator();
  expect((await wire.request("agent.wait", { runId: "k1" })).payload).toMatchObject({ runId: "k1", status: "ok" });
});

test("[chat:agents] agents.list, agent.identity.get, models.list: what is configured, and the model that is built in", async () => {
  await using place = await chatPlace();
  await using world = await place.open({
    settings: (usual) => ({
      ...usual,
      agents: [
        { id: "main", workspace: "/w/main", identity: { name: "Ada", emoji: "🦉" } },
        { id: "ops", workspace: "/w/ops", name: "Operations" },
      ],
    }),
  });
  const wire = await world.operator(3);
  expect((await wire.request("agents.list", {})).payload).toEqual({
    defaultId: "main",
    mainKey: "main",
    scope: "per-sender",
    agents: [
      { id: "main", name: "Ada", identity: { name: "Ada", emoji: "🦉" } },
      { id: "ops", name: "Operations" },
    ],
  });
  const identity = async (params: Record<string, string>) => (await wire.request("agent.identity.get", params)).payload;
  expect(await identity({})).toEqual({ agentId: "main", name: "Ada", avatar: "A", emoji: "🦉" });
  expect(await identity({ sessionKey: "agent:ops:x" })).toMatchObject({ agentId: "ops", name: "Operations" });
  expect(await identity({ agentId: "ghost" })).toMatchObject({ agentId: "ghost", name: "Assistant" });
  expect((await wire.request("models.list", {})).payload).toEqual({
    models: [
      expect.objectContaining({ id: "built-in", provider: "saltgate" }),
      expect.objectContaining({ id: "m", provider: "emulated" }),
      expect.objectContaining({ id: "n", provider: "emulated" }),
    ],
  });
});

test("[chat:agents] models.list: shows what may be chosen, and refuses an agent that isn't there", async () => {
  await using place = await chatPlace();
  await using world = await place.open({ settings: (usual) => ({ ...usual, allowedModels: ["emulated/m"] }) });
  const wire = await world.operator();
  const { payload } = await wire.request("models.list", { agentId: "main" });
  expect(payload).toEqual({ models: [{ id: "m", name: "m", provider: "emulated" }] });
  // What isn't shown isn't taken either.
  const chosen = { message: "x", model: "emulated/n", idempotencyKey: "k1" };
  expect(errorOf(await wire.request("agent", chosen)).detail).toBe("UNKNOWN_MODEL");
  expect(errorOf(await wire.request("models.list", { agentId: "ghost" })).detail).toBe("UNKNOWN_AGENT_ID");
});

test("[chat:built-in] chat.send: without a model the gateway answers of itself, and the owner alone hears of the house", async () => {
  await using place = await chatPlace();
  await using world = await place.open({
    settings: (usual) => ({ ...usual, model: { primary: "saltgate/built-in", fallbacks: [] } }),
  });
  const answerOf = async (wire: Wire, message: string): Promise<string> => {
    const runId = crypto.randomUUID();
    await wire.request("chat.send", { sessionKey: "main", message, idempotencyKey: runId });
    const { payload } = await wire.event(
      "chat",
      (said: { runId: string; state: string }) => said.runId === runId && said.state === "final",
    );
    return (payload as { message: { content: { text: string }[] } }).message.content.map(({ text }) => text).join("");
  };
  const [owner, guest] = [await world.operator(4, ALL), await world.operator(4)];
  expect(await answerOf(owner, "status please")).toMatch(/^Saltgate 1\.2\.3, up for/);
  expect(await answerOf(guest, "status please")).toMatch(/only the owner/i);
  expect(await answerOf(guest, "write me a poem")).toMatch(/no model is connected/);
});
