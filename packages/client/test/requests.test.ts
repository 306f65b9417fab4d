import { describe, expect, expectTypeOf, test } from "vitest";
import { helloV4, type Script, startScripted } from "../../../tests/support/scripted-gateway.ts";
import { SteppedClock } from "../../../tooling/emulators/src/suite/stepped-clock.ts";
import {
  GatewayClient,
  type GatewayClientOptions,
  GatewayError,
  type HelloOk,
  type PresenceEntry,
} from "../src/index.ts";

async function connected(script: Script = {}, options: Partial<GatewayClientOptions> = {}) {
  const far = await startScripted(script);
  const client = new GatewayClient({
    url: far.url,
    token: "shared",
    scopes: ["operator.read"],
    reconnect: false,
    ...options,
  });
  await client.connect();
  const side = far.sockets[0];
  if (side === undefined) throw new Error("nobody connected");
  return {
    far,
    client,
    side,
    async [Symbol.asyncDispose]() {
      await client.close();
      await far[Symbol.asyncDispose]();
    },
  };
}

describe("requests", () => {
  test("requests: params go out as they are, and without any as an empty object", async () => {
    await using world = await connected();
    await world.client.request("health");
    await world.client.request("health", { probe: true });
    expect(world.far.requests.map(({ method, params }) => [method, params])).toEqual([
      ["health", {}],
      ["health", { probe: true }],
    ]);
    expect(new Set(world.far.requests.map(({ id }) => id)).size).toBe(2);
  });

  test("requests: answers find their requests in any order", async () => {
    const held: string[] = [];
    await using world = await connected({
      request: ({ id }, far) => {
        held.push(id);
        if (held.length === 3)
          for (const each of held.reverse()) far.send({ type: "res", id: each, ok: true, payload: each });
        return "silence";
      },
    });
    const answers = await Promise.all([1, 2, 3].map(() => world.client.request("system-presence")));
    expect(answers).toEqual(world.far.requests.map(({ id }) => id));
  });

  test("requests: a refusal is a GatewayError with everything that the gateway said", async () => {
    await using world = await connected({
      request: ({ id }, far) => {
        far.send({
          type: "res",
          id,
          ok: false,
          error: {
            code: "FORBIDDEN",
            message: "missing scope: operator.admin",
            details: { code: "MISSING_SCOPE", missingScope: "operator.admin" },
          },
        });
        return "silence";
      },
    });
    const error = await world.client.request("status").catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({
      code: "FORBIDDEN",
      detailCode: "MISSING_SCOPE",
      details: { missingScope: "operator.admin" },
      method: "status",
    });
  });

  test.each([
    ["a failure without an error", { ok: false }],
    ["an error that is null", { ok: false, error: null }],
    ["a yes that is no boolean", { ok: "yes" }],
  ])("requests: %s ends the request instead of leaving it to wait", async (_, rest) => {
    await using world = await connected({
      request: ({ id }, far) => {
        far.send({ type: "res", id, ...rest });
        return "silence";
      },
    });
    await expect(world.client.request("health")).rejects.toMatchObject({ code: "BAD_RESPONSE" });
  });

  test("requests: one without an answer ends after its time, and a late answer disturbs nobody", async () => {
    const clock = new SteppedClock();
    await using world = await connected({ request: () => "silence" }, { clock });
    const slow = world.client.request("health", {}, { timeoutMs: 100 });
    const slower = world.client.request("status");
    await world.far.until(() => world.far.requests[1]);
    clock.advance(100);
    await expect(slow).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    clock.advance(29_000);
    const [first, second] = world.far.requests;
    world.side.send({ type: "res", id: first?.id, ok: true, payload: "late" });
    world.side.send({ type: "res", id: second?.id, ok: true, payload: "in time" });
    expect(await slower).toBe("in time");
  });

  test("requests: one with a time of 0 waits for as long as it takes", async () => {
    const clock = new SteppedClock();
    await using world = await connected({ request: () => "silence" }, { clock });
    const before = clock.waits();
    const patient = world.client.request("health", {}, { timeoutMs: 0 });
    await world.far.until(() => world.far.requests[0]);
    expect(clock.waits()).toEqual(before);
    world.side.send({ type: "res", id: world.far.requests[0]?.id, ok: true, payload: 1 });
    expect(await patient).toBe(1);
  });

  test("requests: an aborted signal stops the wait, before and while it lasts", async () => {
    await using world = await connected({ request: () => "silence" });
    const abort = new AbortController();
    const waiting = world.client.request("health", {}, { signal: abort.signal });
    await world.far.until(() => world.far.requests[0]);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
    await expect(world.client.request("health", {}, { signal: abort.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(world.far.requests).toHaveLength(1);
  });

  test("requests: no more than the bound wait at once, and an answer makes room", async () => {
    await using world = await connected({ request: () => "silence" }, { maxPendingRequests: 2 });
    const waiting = [world.client.request("health"), world.client.request("health")];
    await expect(world.client.request("health")).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
    await world.far.until(() => world.far.requests[1]);
    for (const { id } of world.far.requests) world.side.send({ type: "res", id, ok: true });
    await Promise.all(waiting);
    const next = world.client.request("health");
    await world.far.until(() => world.far.requests[2]);
    world.side.send({ type: "res", id: world.far.requests[2]?.id, ok: true });
    await next;
    expect(world.far.requests).toHaveLength(3);
  });

  test("requests: one that is larger than the gateway accepts is not sent, counted in bytes", async () => {
    await using world = await connected({ connect: () => helloV4({}, { maxPayload: 2_000 }) });
    const text = "ü".repeat(1_000);
    await expect(world.client.request("system-event", { text })).rejects.toMatchObject({ code: "FRAME_TOO_LARGE" });
    await world.client.request("system-event", { text: "u".repeat(1_000) });
    expect(world.far.requests).toHaveLength(1);
  });

  test("requests: what is under way when the connection ends is CLOSED with its code, and never sent again", async () => {
    await using world = await connected({ request: () => "silence" });
    const waiting = [world.client.request("health"), world.client.request("status")];
    await world.far.until(() => world.far.requests[1]);
    world.side.socket.close(1012, "service restart");
    for (const request of waiting)
      await expect(request).rejects.toMatchObject({ code: "CLOSED", closeCode: 1012, closeReason: "service restart" });
    await expect(world.client.request("health")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    expect(world.far.requests).toHaveLength(2);
  });

  test("requests: before connecting and after closing nothing is sent", async () => {
    await using far = await startScripted();
    const client = new GatewayClient({ url: far.url });
    await expect(client.request("health")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    await client.close();
    await expect(client.request("health")).rejects.toMatchObject({ code: "CLOSED" });
    await expect(client.connect()).rejects.toMatchObject({ code: "CLOSED" });
    expect(far.sockets).toHaveLength(0);
  });

  test("requests: their types are those of the protocol", () => {
    const client = new GatewayClient({ url: "ws://127.0.0.1:1" });
    expectTypeOf(client.connect).returns.resolves.toEqualTypeOf<HelloOk>();
    expectTypeOf(client.request<"system-presence">).returns.resolves.toEqualTypeOf<PresenceEntry[]>();
    expectTypeOf(client.request<"health">).parameters.toExtend<
      [method: "health", params?: { probe?: boolean | undefined }, options?: object]
    >();
    // @ts-expect-error a method with required params can't be called without them
    const missing = (): unknown => client.request("device.pair.approve");
    // @ts-expect-error no such method
    const unknown = (): unknown => client.request("device.pair.everything");
    expect([missing, unknown]).toHaveLength(2);
  });
});

describe("events", () => {
  test("events: each goes to its listeners with its place in the sequence, until they stop listening", async () => {
    await using world = await connected();
    const seen: unknown[] = [];
    const off = world.client.on("presence", ({ payload, seq, stateVersion }) =>
      seen.push([payload.presence.length, seq, stateVersion]),
    );
    world.side.send({
      type: "event",
      event: "presence",
      payload: { presence: [{ ts: 1 }] },
      seq: 7,
      stateVersion: { presence: 3, health: 1 },
    });
    await world.client.request("health");
    off();
    world.side.event("presence", { presence: [] }, 8);
    await world.client.request("health");
    expect(seen).toEqual([[1, 7, { presence: 3, health: 1 }]]);
  });

  test("events: a gap is told with what was missed", async () => {
    await using world = await connected();
    const gaps: unknown[] = [];
    world.client.onGap((gap) => gaps.push(gap));
    for (const seq of [5, 6, 9, 10]) world.side.event("tick", { ts: 1 }, seq);
    await world.client.request("health");
    expect(gaps).toEqual([{ expected: 7, received: 9 }]);
  });

  test("events: what is no frame is counted and ignored", async () => {
    await using world = await connected();
    for (const bad of ["{", "7", '{"type":"req"}', '{"type":"event","event":""}']) world.side.send(bad);
    world.side.socket.send(Buffer.from("{}"), { binary: true });
    await world.client.request("health");
    expect(world.client.badFrames).toBe(5);
  });

  test("events: a listener that throws is reported, and keeps nobody from hearing", async () => {
    await using world = await connected();
    const heard: string[] = [];
    const thrown: unknown[] = [];
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => thrown.push(error));
    try {
      world.client.on("tick", () => {
        throw new Error("clumsy");
      });
      world.client.on("tick", () => heard.push("tick"));
      world.side.event("tick", { ts: 1 }, 1);
      await world.client.request("health");
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of others) process.on("uncaughtException", listener);
    }
    expect(heard).toEqual(["tick"]);
    expect(thrown).toEqual([new Error("clumsy")]);
  });
});
