import { describe, expect, test } from "vitest";
import { ALL, chatPlace } from "../support/chat-place.ts";
import { joinNode } from "../support/nodes.ts";
import { errorOf, type Wire } from "../support/world.ts";

interface ChatPayload {
  readonly runId: string;
  readonly sessionKey: string;
  readonly seq: number;
  readonly state: string;
  readonly message?: { readonly role: string; readonly content: readonly { readonly text?: string }[] };
  readonly deltaText?: string;
  readonly replace?: boolean;
  readonly stopReason?: string;
  readonly errorMessage?: string;
  readonly errorKind?: string;
  readonly usage?: Readonly<Record<string, unknown>>;
}

const key = "agent:main:main";

const chats = (wire: Wire, runId: string): ChatPayload[] =>
  wire.frames.flatMap((frame) =>
    frame.type === "event" && frame.event === "chat" && (frame.payload as ChatPayload).runId === runId
      ? [frame.payload as ChatPayload]
      : [],
  );

/** Waits for the end of a run, as a client sees it. */
async function ending(wire: Wire, runId: string): Promise<ChatPayload> {
  const { payload } = await wire.event(
    "chat",
    (said: ChatPayload) => said.runId === runId && ["final", "aborted", "error"].includes(said.state),
  );
  return payload as ChatPayload;
}

const textOf = ({ message }: ChatPayload): string => (message?.content ?? []).map(({ text = "" }) => text).join("");

describe.each([3, 4] as const)("revision %s", (version) => {
  test("[chat:send] chat.send: is acknowledged with its run, streams, and ends with one final message", async () => {
    await using place = await chatPlace();
    place.models.script({ answer: { text: "one two three four five six seven", chunkChars: 4 } });
    await using world = await place.open();
    const wire = await world.operator(version);
    const answer = await wire.request("chat.send", { sessionKey: "main", message: "count", idempotencyKey: "k1" });
    expect(answer.payload).toEqual({ runId: "k1", status: "started" });
    const final = await ending(wire, "k1");
    expect(final).toMatchObject({ state: "final", runId: "k1", sessionKey: key, message: { role: "assistant" } });
    expect(textOf(final)).toBe("one two three four five six seven");
    const said = chats(wire, "k1");
    expect(said.filter(({ state }) => state !== "delta")).toHaveLength(1);
    expect(said.map(({ seq }) => seq)).toEqual(said.map(({ seq }) => seq).toSorted((a, b) => a - b));
    const deltas = said.filter(({ state }) => state === "delta");
    expect(deltas.length).toBeGreaterThan(1);
    if (version === 4) {
      // What is new.
      expect(deltas.map(({ deltaText }) => deltaText).join("")).toBe(textOf(final));
      return;
    }
    // Everything that was said so far.
    for (const [index, delta] of deltas.entries())
      expect(textOf(delta).startsWith(index === 0 ? "" : textOf(deltas[index - 1] ?? delta))).toBe(true);
    expect(textOf(deltas.at(-1) ?? final)).toBe(textOf(final));
    expect(deltas.every((delta) => !("deltaText" in delta))).toBe(true);
  });

  test("[chat:events] agent events: a run tells its start, what it says, and its end", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const wire = await world.operator(version);
    await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    await ending(wire, "k1");
    const told = wire.frames.flatMap((frame) =>
      frame.type === "event" && frame.event === "agent"
        ? [frame.payload as { stream: string; runId: string; data: { phase?: string; text?: string } }]
        : [],
    );
    expect(told.every(({ runId }) => runId === "k1")).toBe(true);
    expect(told[0]).toMatchObject({ stream: "lifecycle", data: { phase: "start" } });
    expect(told.at(-1)).toMatchObject({ stream: "lifecycle", data: { phase: "end" } });
    expect(told.findLast(({ stream }) => stream === "assistant")?.data.text).toBe("echo: hey");
  });

  test("[chat:abort] chat.abort: ends what runs with one aborted event, and says which runs", async () => {
    await using place = await chatPlace();
    place.models.script({ answer: { text: "never said to its end" }, pace: "manual" });
    await using world = await place.open();
    const wire = await world.operator(version);
    await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    await place.models.received(1);
    const answer = await wire.request("chat.abort", { sessionKey: "main", runId: "k1" });
    expect(answer.payload).toEqual({ ok: true, aborted: true, runIds: ["k1"] });
    expect(await ending(wire, "k1")).toMatchObject({ state: "aborted", stopReason: "rpc" });
    await place.models.abandoned(1);
    const again = await wire.request("chat.abort", { sessionKey: "main", runId: "k1" });
    expect(again.payload).toEqual({ ok: true, aborted: false, runIds: [] });
    expect(chats(wire, "k1").filter(({ state }) => state === "aborted")).toHaveLength(1);
  });

  test("[chat:abort] chat.send: a word that asks to stop aborts, and is no message", async () => {
    await using place = await chatPlace();
    place.models.script({ answer: { text: "long" }, pace: "manual" });
    await using world = await place.open();
    const wire = await world.operator(version);
    await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    await place.models.received(1);
    const answer = await wire.request("chat.send", { sessionKey: "main", message: "/stop", idempotencyKey: "k2" });
    expect(answer.payload).toEqual({ ok: true, aborted: true, runIds: ["k1"] });
    expect(await ending(wire, "k1")).toMatchObject({ state: "aborted" });
    expect(place.models.count).toBe(1);
  });

  test("[chat:failure] chat.send: a model that refuses ends its run with one error that says what is wrong", async () => {
    await using place = await chatPlace();
    place.models.script({ fault: { kind: "unauthorized" } });
    await using world = await place.open();
    const wire = await world.operator(version);
    await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    const error = await ending(wire, "k1");
    expect(error).toMatchObject({ state: "error", errorMessage: expect.stringMatching(/key|credential/i) });
    expect(chats(wire, "k1")).toHaveLength(1);
    const repeat = await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    expect(repeat.ok).toBe(false);
    expect(place.models.count).toBe(1);
  });

  test("[chat:history] chat.history: what was said, oldest first, and no more than was asked for", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const wire = await world.operator(version);
    for (const message of ["a", "b", "c"]) {
      await wire.request("chat.send", { sessionKey: "main", message, idempotencyKey: message });
      await ending(wire, message);
    }
    const history = async (limit?: number) => {
      const { payload } = await wire.request("chat.history", { sessionKey: "main", limit });
      const { messages, ...rest } = payload as { messages: ChatPayload["message"][] };
      return { rest, said: messages.map((message) => textOf({ message } as ChatPayload)) };
    };
    const all = await history();
    expect(all.said).toEqual(["a", "echo: a", "b", "echo: b", "c", "echo: c"]);
    expect(all.rest).toMatchObject({ sessionKey: key, sessionId: expect.any(String), thinkingLevel: "off" });
    expect((await history(2)).said).toEqual(["c", "echo: c"]);
    expect(errorOf(await wire.request("chat.history", { sessionKey: "main", limit: 1_001 })).code).toBe(
      "INVALID_REQUEST",
    );
    expect((await wire.request("chat.history", { sessionKey: "nobody-spoke-here" })).payload).toMatchObject({
      messages: [],
    });
  });

  test("[chat:inject] chat.inject: stands in the transcript, is told as an event, and no model sees it", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const wire = await world.operator(version, ALL);
    const missing = await wire.request("chat.inject", { sessionKey: "main", message: "note" });
    expect(errorOf(missing).detail).toBe("UNKNOWN_SESSION");
    await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    await ending(wire, "k1");
    const answer = await wire.request("chat.inject", { sessionKey: "main", message: "a note", label: "Desk" });
    const { messageId } = answer.payload as { messageId: string };
    const told = await ending(wire, `inject-${messageId}`);
    expect(told).toMatchObject({ state: "final", sessionKey: key });
    expect(textOf(told)).toContain("a note");
    await wire.request("chat.send", { sessionKey: "main", message: "more", idempotencyKey: "k2" });
    await ending(wire, "k2");
    expect(JSON.stringify(place.models.requests.at(-1))).not.toContain("a note");
    expect(JSON.stringify((await wire.request("chat.history", { sessionKey: "main" })).payload)).toContain("a note");
    const large = await wire.request("chat.inject", { sessionKey: "main", message: "x".repeat(25_500_000) });
    expect(errorOf(large)).toMatchObject({ detail: "INVALID_PARAMS", message: "message: more than 4000000 bytes" });
  });
});

describe("idempotency", () => {
  test("[chat:once] chat.send: a key that comes again is the same run, also after the gateway was closed and opened again", async () => {
    await using place = await chatPlace();
    const asked = { sessionKey: "main", message: "hey", idempotencyKey: "k1" };
    const picture = { mimeType: "image/png", content: Buffer.from([0x89, 0x50, 0x4e, 0x47]).toString("base64") };
    {
      await using world = await place.open();
      const wire = await world.operator();
      expect((await wire.request("chat.send", asked)).payload).toEqual({ runId: "k1", status: "started" });
      await ending(wire, "k1");
      expect((await wire.request("chat.send", asked)).payload).toEqual({ runId: "k1", status: "ok" });
    }
    await using world = await place.open();
    const wire = await world.operator();
    expect((await wire.request("chat.send", asked)).payload).toEqual({ runId: "k1", status: "ok" });
    for (const other of [{ sessionKey: "other" }, { message: "hey you" }, { attachments: [picture] }])
      expect(errorOf(await wire.request("chat.send", { ...asked, ...other })).detail).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(place.models.count).toBe(1);
    const { payload } = await wire.request("chat.history", { sessionKey: "main" });
    expect((payload as { messages: unknown[] }).messages).toHaveLength(2);
  });

  test("[chat:once] chat.send: a repeat while the run goes on is told that it goes on", async () => {
    await using place = await chatPlace();
    place.models.script({ answer: { text: "slow" }, pace: "manual" });
    await using world = await place.open();
    const [one, two] = [await world.operator(), await world.operator(3)];
    const asked = { sessionKey: "main", message: "hey", idempotencyKey: "k1" };
    await one.request("chat.send", asked);
    await place.models.received(1);
    expect((await two.request("chat.send", asked)).payload).toEqual({ runId: "k1", status: "in_flight" });
    place.models.release(100);
    expect(textOf(await ending(two, "k1"))).toBe("slow");
    expect(place.models.count).toBe(1);
  });

  test("[chat:resumed] chat.send: what was acknowledged before the gateway ended is answered by the next one", async () => {
    await using place = await chatPlace();
    place.models.script({ times: 1, fault: { kind: "hang-before" } });
    {
      await using world = await place.open();
      const wire = await world.operator();
      await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
      await place.models.received(1);
    }
    await using world = await place.open();
    const wire = await world.operator();
    expect((await wire.request("agent.wait", { runId: "k1" })).payload).toMatchObject({ status: "ok" });
    const { payload } = await wire.request("chat.history", { sessionKey: "main" });
    const { messages } = payload as { messages: ChatPayload["message"][] };
    expect(messages.map((message) => textOf({ message } as ChatPayload))).toEqual(["hey", "echo: hey"]);
  });
});

describe("who hears and who may", () => {
  test("[chat:listeners] chat events: every client that may read hears them, each in its revision's words", async () => {
    await using place = await chatPlace();
    place.models.script({ answer: { text: "to everybody here", chunkChars: 4 } });
    await using world = await place.open();
    const [old, current, deaf] = [
      await world.operator(3),
      await world.operator(4),
      await world.operator(4, ["operator.pairing"]),
    ];
    await current.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    expect(textOf(await ending(old, "k1"))).toBe("to everybody here");
    expect(textOf(await ending(current, "k1"))).toBe("to everybody here");
    expect(chats(old, "k1").some((said) => "deltaText" in said)).toBe(false);
    expect(chats(current, "k1").some((said) => "deltaText" in said)).toBe(true);
    // An answer comes after every event that was published before it.
    await deaf.request("device.pair.list", {});
    expect(deaf.frames.filter((frame) => frame.type === "event" && ["chat", "agent"].includes(frame.event))).toEqual(
      [],
    );
  });

  test("[chat:once] node events: a node's key is its own: no other message of that name is taken for a repeat of it", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const owner = await world.operator(4, ALL);
    const [kitchen, hall] = [await joinNode(world, { displayName: "kitchen" }), await joinNode(world)];
    const say = async (node: Awaited<ReturnType<typeof joinNode>>, message: string): Promise<void> => {
      const payload = { key: "1", message };
      expect((await node.wire.request("node.event", { event: "agent.request", payload })).ok).toBe(true);
    };
    await say(kitchen, "tea?");
    await say(kitchen, "tea?");
    await say(hall, "who rang?");
    await owner.request("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "1" });
    expect(textOf(await ending(owner, "1"))).toBe("echo: hello");
    await owner.until(
      () =>
        owner.frames.filter(
          (frame) =>
            frame.type === "event" && frame.event === "chat" && (frame.payload as ChatPayload).state === "final",
        ).length === 3 || undefined,
    );
    const asked = place.models.requests.map(({ lastUserText }) => lastUserText);
    expect(asked.toSorted()).toEqual(["hello", "tea?", "who rang?"]);
  });

  test.each([
    ["chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" }, "operator.read"],
    ["chat.abort", { sessionKey: "main" }, "operator.read"],
    ["agent", { message: "hey", idempotencyKey: "k1" }, "operator.read"],
    ["send", { to: "1001", message: "hey", idempotencyKey: "k1" }, "operator.read"],
    ["sessions.send", { key: "main", message: "hey", idempotencyKey: "k1" }, "operator.read"],
    ["chat.inject", { sessionKey: "main", message: "hey" }, "operator.write"],
    ["sessions.patch", { key: "main", label: "x" }, "operator.write"],
    ["sessions.delete", { key: "x" }, "operator.write"],
    ["channels.logout", { channel: "telegram" }, "operator.write"],
    ["chat.history", { sessionKey: "main" }, "operator.pairing"],
  ])(
    "[chat:scopes] %s: is refused to a client without its scope, and changes nothing",
    async (method, params, scope) => {
      await using place = await chatPlace();
      await using world = await place.open();
      const wire = await world.operator(4, [scope]);
      const answer = await wire.request(method, params);
      expect(errorOf(answer).message).toMatch(/scope/);
      const owner = await world.operator(4, ALL);
      expect((await owner.request("sessions.list", {})).payload).toMatchObject({ count: 0 });
      expect(place.models.count).toBe(0);
    },
  );
});

test("[chat:commands] chat.send: what happened meanwhile is told to the agent with the next message, and a command doesn't take it away", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  await wire.request("system-event", { text: "The printer is out of paper" });
  for (const [at, message] of ["/status", "hello", "again"].entries()) {
    await wire.request("chat.send", { sessionKey: "main", message, idempotencyKey: `k${at}` });
    await ending(wire, `k${at}`);
  }
  const asked = place.models.requests.map((request) => JSON.stringify(request).split("out of paper").length - 1);
  expect(asked).toHaveLength(2);
  expect(asked[0]).toBeGreaterThan(0);
  expect(asked[1]).toBe(asked[0]); // it stays in the history, and isn't told again
});

describe("bounds", () => {
  test("[chat:refused] chat.send: what can't be taken is refused, and never acknowledged", async () => {
    await using place = await chatPlace();
    place.models.script({ fault: { kind: "hang-before" } });
    await using world = await place.open({ settings: (usual) => ({ ...usual, maxOpenTurns: 1 }) });
    const wire = await world.operator();
    await wire.request("chat.send", { sessionKey: "main", message: "one", idempotencyKey: "k1" });
    const full = await wire.request("chat.send", { sessionKey: "main", message: "two", idempotencyKey: "k2" });
    expect(full.ok).toBe(false);
    expect(errorOf(full)).toMatchObject({ code: "UNAVAILABLE", detail: "TURN_REFUSED" });
    const large = await wire.request("chat.send", {
      sessionKey: "main",
      message: "x",
      idempotencyKey: "k3",
      attachments: Array.from({ length: 4 }, (_, at) => ({
        content: Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.alloc(4_750_000)]).toString("base64"),
        fileName: `${at}.png`,
        mimeType: "image/png",
      })),
    });
    expect(errorOf(large)).toMatchObject({ code: "INVALID_REQUEST", detail: "INVALID_PARAMS" });
    const empty = await wire.request("chat.send", { sessionKey: "main", message: "  ", idempotencyKey: "k4" });
    expect(errorOf(empty).detail).toBe("INVALID_PARAMS");
    expect((await wire.request("agent.wait", { runId: "k2", timeoutMs: 0 })).payload).toMatchObject({
      status: "timeout",
    });
  });

  test("[chat:history] chat.history: is kept within its bytes, the oldest go first, and a cursor brings what is new", async () => {
    await using place = await chatPlace();
    const long = "x".repeat(900_000);
    place.models.script({ answer: { text: "ok" } });
    await using world = await place.open();
    const wire = await world.operator();
    for (let at = 0; at < 9; at += 1) {
      await wire.request("chat.send", { sessionKey: "main", message: `${at} ${long}`, idempotencyKey: `k${at}` });
      await ending(wire, `k${at}`);
    }
    const { payload } = await wire.request("chat.history", { sessionKey: "main" });
    const first = payload as { messages: ChatPayload["message"][]; deltaCursor: string };
    expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThan(6_291_456);
    expect(first.messages.length).toBeLessThan(18);
    expect(textOf({ message: first.messages.at(-2) } as ChatPayload).slice(0, 2)).toBe("8 ");
    await wire.request("chat.send", { sessionKey: "main", message: "new", idempotencyKey: "new" });
    await ending(wire, "new");
    const more = await wire.request("chat.history", { sessionKey: "main", cursor: first.deltaCursor });
    expect(more.payload).toMatchObject({ kind: "delta" });
    expect((more.payload as { messages: unknown[] }).messages).toHaveLength(2);
    const useless = await wire.request("chat.history", { sessionKey: "main", cursor: "elsewhere:12" });
    expect(useless.payload).toMatchObject({ kind: "reset" });
  });

  test("[chat:history] chat.history: a photo that is too large for the answer is named, and hides nothing that was said before it", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const wire = await world.operator();
    const photo = Buffer.alloc(4_900_000);
    photo.set([0x89, 0x50, 0x4e, 0x47]);
    const attachments = [{ mimeType: "image/png", content: photo.toString("base64") }];
    for (const [at, more] of [{}, { attachments }, {}].entries()) {
      await wire.request("chat.send", {
        sessionKey: "main",
        message: `number ${at}`,
        idempotencyKey: `k${at}`,
        ...more,
      });
      await ending(wire, `k${at}`);
    }
    const { payload } = await wire.request("chat.history", { sessionKey: "main" });
    expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThan(6_291_456);
    const said = (payload as { messages: ChatPayload["message"][] }).messages.filter((one) => one?.role === "user");
    expect(said.map((message) => textOf({ message } as ChatPayload))).toEqual([
      "number 0",
      "number 1[image, image/png]",
      "number 2",
    ]);
  });

  test("[chat:history] chat.history: more that is new than was asked for is no delta, so that nobody misses what lies between", async () => {
    await using place = await chatPlace();
    await using world = await place.open();
    const wire = await world.operator(4, ALL);
    await wire.request("chat.send", { sessionKey: "main", message: "hey", idempotencyKey: "k1" });
    await ending(wire, "k1");
    type History = { kind?: string; messages: ChatPayload["message"][]; deltaCursor: string };
    const read = async (more: object) =>
      (await wire.request("chat.history", { sessionKey: "main", ...more })).payload as History;
    const { deltaCursor: cursor } = await read({});
    for (const message of ["one", "two", "three"]) await wire.request("chat.inject", { sessionKey: "main", message });
    const cut = await read({ cursor, limit: 2 });
    expect(cut.kind).toBe("reset");
    expect(cut.messages.map((message) => textOf({ message } as ChatPayload))).toEqual(["two", "three"]);
    const whole = await read({ cursor, limit: 3 });
    expect(whole).toMatchObject({ kind: "delta", deltaCursor: cut.deltaCursor });
    expect(whole.messages).toHaveLength(3);
    expect(await read({ cursor: cut.deltaCursor })).toMatchObject({ kind: "delta", messages: [] });
  });
});

test("[chat:history] chat.history: reads back page by page, up to a message, within a bound, and in a transcript that was put aside", async () => {
  await using place = await chatPlace();
  await using world = await place.open();
  const wire = await world.operator(4, ALL);
  for (const [at, message] of ["one", "two", "three"].entries()) {
    await wire.request("chat.send", { sessionKey: "main", message, idempotencyKey: `k${at}` });
    await ending(wire, `k${at}`);
  }
  const read = async (more: object) => {
    const { payload } = await wire.request("chat.history", { sessionKey: "main", ...more });
    const { messages, ...rest } = payload as {
      messages: readonly { content: string | readonly { text?: string }[] }[];
      sessionId: string;
      deltaCursor?: string;
    };
    const texts = messages.map(({ content }) =>
      typeof content === "string" ? content : content.map(({ text = "" }) => text).join(""),
    );
    return { ...rest, texts };
  };
  expect((await read({ limit: 2 })).texts).toEqual(["three", "echo: three"]);
  const back = await read({ limit: 2, offset: 2 });
  expect(back.texts).toEqual(["two", "echo: two"]);
  expect(back.deltaCursor).toBeUndefined();
  expect((await read({ maxChars: 1 })).texts).toEqual(["echo: three"]);
  const noted = await wire.request("chat.inject", { sessionKey: "main", message: "noted" });
  const { messageId } = noted.payload as { messageId: string };
  await wire.request("chat.send", { sessionKey: "main", message: "four", idempotencyKey: "k4" });
  await ending(wire, "k4");
  expect((await read({ limit: 1, messageId })).texts).toEqual(["noted"]);
  expect((await read({ messageId: "nobody" })).texts).toEqual([]);
  const { sessionId } = await read({});
  await wire.request("sessions.reset", { key: "main" });
  expect((await read({})).texts).toEqual([]);
  expect((await read({ sessionId, limit: 2 })).texts).toEqual(["four", "echo: four"]);
  // Another session's transcript isn't read under this one's name.
  await wire.request("chat.send", { sessionKey: "other", message: "secret", idempotencyKey: "k5" });
  await ending(wire, "k5");
  const other = await wire.request("chat.history", { sessionKey: "other" });
  expect((await read({ sessionId: (other.payload as { sessionId: string }).sessionId })).texts).toEqual([]);
});
