import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defineCommand, NodeCommandError } from "../src/index.ts";
import { readInvokeRequest } from "../src/invoke-request.ts";
import { gate, helloNode, startWorld } from "./support/world.ts";

const echo = defineCommand({ name: "test.echo", cap: "test", effect: "none", run: (params) => params });
const silent = defineCommand({
  name: "test.never",
  cap: "test",
  run: (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
});

describe("invoke", () => {
  test("invoke: the node says at connect what it can do, as what it connects, and that repeats are safe", async () => {
    await using at = await startWorld([echo, silent], {
      displayName: "rack-2",
      pathEnv: "/usr/bin",
      instanceId: "rack2",
    });
    expect(at.far.connects[0]).toMatchObject({
      role: "node",
      scopes: [],
      client: { id: "node-host", mode: "node", displayName: "rack-2", version: "1.2.3", instanceId: "rack2" },
      caps: ["test", "invoke.idempotent"],
      commands: ["test.echo", "test.never"],
      pathEnv: "/usr/bin",
      minProtocol: 3,
      maxProtocol: 4,
    });
  });

  test("[node-host:answers] invoke: a command is run with its params, and its result travels as JSON text", async () => {
    await using at = await startWorld([echo]);
    expect(await at.invoke("test.echo", { params: { deep: [1, "ü"] } })).toEqual({
      id: "i1",
      nodeId: at.host.nodeId,
      ok: true,
      payloadJSON: '{"deep":[1,"ü"]}',
    });
  });

  test("invoke: params may come as an object too, and none are an empty object", async () => {
    await using at = await startWorld([echo]);
    at.far.sockets[0]?.event("node.invoke.request", {
      id: "a",
      nodeId: at.host.nodeId,
      command: " test.echo ",
      params: { plain: true },
    });
    expect((await at.answerTo("a")).payloadJSON).toBe('{"plain":true}');
    expect((await at.invoke("test.echo", { paramsJSON: null })).payloadJSON).toBe("{}");
  });

  test.each([
    ["another node's id", "test.echo", { nodeId: "somebody-else" }, "INVALID_REQUEST", /nodeId mismatch/],
    ["no command", "  ", {}, "INVALID_REQUEST", /^command required$/],
    ["a command that it doesn't have", "camera.snap", {}, "UNAVAILABLE", /^command not supported$/],
    ["a command of every object", "constructor", {}, "UNAVAILABLE", /^command not supported$/],
    ["params that are no JSON", "test.echo", { paramsJSON: "{s3cret" }, "INVALID_REQUEST", /params are no JSON/],
    ["no time at all", "test.echo", { timeoutMs: 0 }, "TIMEOUT", /nothing was run/],
  ])("[node-host:named-refusals] invoke: %s is refused by name", async (_, command, asking, code, message) => {
    await using at = await startWorld([echo]);
    const { ok, error } = await at.invoke(command, asking);
    expect(ok).toBe(false);
    expect(error).toEqual({ code, message: expect.stringMatching(message) });
    expect(JSON.stringify(error)).not.toContain("s3cret");
  });

  test("invoke: params that a command's schema refuses never reach it", async () => {
    let ran = 0;
    const picky = defineCommand<{ pin: number }>({
      name: "gpio.read",
      cap: "gpio",
      params: () => ({
        safeParse: (value) => {
          const { pin } = value as { pin?: unknown };
          return typeof pin === "number"
            ? { success: true, data: { pin } }
            : { success: false, error: { issues: [{ path: ["pin"], message: "must be a number" }] } };
        },
      }),
      run: ({ pin }) => {
        ran += 1;
        return { pin };
      },
    });
    await using at = await startWorld([picky]);
    expect((await at.invoke("gpio.read", { params: { pin: "x" } })).error).toEqual({
      code: "INVALID_REQUEST",
      message: "gpio.read: pin: must be a number",
    });
    expect(ran).toBe(0);
    expect((await at.invoke("gpio.read", { params: { pin: 4, more: 1 } })).payloadJSON).toBe('{"pin":4}');
  });

  test("invoke: a refusal with a name keeps it, any other failure is told in one line", async () => {
    await using at = await startWorld([
      defineCommand({
        name: "test.no",
        cap: "test",
        run: () => {
          throw new NodeCommandError("CAMERA_DISABLED", "the shutter is closed");
        },
      }),
      defineCommand({ name: "test.oops", cap: "test", run: () => Promise.reject(new Error("line\nbreak\u001b[31m")) }),
      defineCommand({
        name: "test.cycle",
        cap: "test",
        run: () => {
          const a: { a?: unknown } = {};
          a.a = a;
          return a;
        },
      }),
    ]);
    expect((await at.invoke("test.no")).error).toEqual({ code: "CAMERA_DISABLED", message: "the shutter is closed" });
    expect((await at.invoke("test.oops")).error).toEqual({
      code: "UNAVAILABLE",
      message: "the command failed: line break [31m",
    });
    expect((await at.invoke("test.cycle")).error?.message).toMatch(/can't be written as JSON/);
  });

  test("[node-host:deadline] invoke: when the time is up it is answered at once, and the command is told to stop", async () => {
    let reason: unknown;
    const slow = defineCommand({
      name: "test.slow",
      cap: "test",
      run: (_, { signal }) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            resolve("late");
          }),
        ),
    });
    await using at = await startWorld([slow]);
    const id = at.ask("test.slow", { timeoutMs: 1_234 });
    await at.invoke("no.such"); // a round trip: it runs by now
    at.clock.advance(1_233);
    expect(reason).toBeUndefined();
    at.clock.advance(1);
    expect((await at.answerTo(id)).error).toMatchObject({ code: "TIMEOUT" });
    expect(reason).toMatchObject({ code: "TIMEOUT" });
  });

  test("[node-host:result-too-large] invoke: a result that fits into no frame is an error that says so, and nothing is cut", async () => {
    const sizes = defineCommand<{ chars: number; text: string }>({
      name: "test.large",
      cap: "test",
      run: ({ chars, text }) => text.repeat(chars),
    });
    await using at = await startWorld([sizes], { script: { connect: () => helloNode({}, { maxPayload: 100_000 }) } });
    const fits = await at.invoke("test.large", { params: { chars: 95_000, text: "a" } });
    expect(fits.payloadJSON).toHaveLength(95_002);
    for (const text of ["a", "ü", '"', "\u0001"]) {
      const { error } = await at.invoke("test.large", { params: { chars: 96_000, text } });
      expect(error).toMatchObject({ code: "RESULT_TOO_LARGE" });
      expect(error?.message).toMatch(/has \d+ bytes where the gateway accepts 95904/);
    }
    expect(at.far.closes).toEqual([]);
  });

  test("[node-host:busy] invoke: so many run at once, a few wait, and the rest is turned away", async () => {
    const open = gate();
    const running: string[] = [];
    const wait = (name: string, concurrency?: number) =>
      defineCommand({
        name,
        cap: "test",
        ...(concurrency !== undefined && { concurrency }),
        run: async (_, { invocationId }) => {
          running.push(invocationId);
          await open.opened;
          return name;
        },
      });
    await using at = await startWorld([wait("test.one", 1), wait("test.any")], {
      limits: { maxRunning: 2, maxWaiting: 2 },
    });
    const ids = ["test.one", "test.one", "test.any", "test.any"].map((name) => at.ask(name));
    const turnedAway = await at.invoke("test.any");
    expect(turnedAway.error).toEqual({
      code: "UNAVAILABLE",
      message: "busy: 2 commands run on this node and 2 wait; nothing was run, try later",
    });
    expect(running).toEqual(["i1", "i3"]);
    open.open();
    expect((await Promise.all(ids.map((id) => at.answerTo(id)))).every(({ ok }) => ok)).toBe(true);
    expect(running.sort()).toEqual(["i1", "i2", "i3", "i4"]);
  });

  test("invoke: what waits for a place until its time is up is never run", async () => {
    const open = gate();
    let ran = 0;
    const one = defineCommand({
      name: "test.one",
      cap: "test",
      run: async () => {
        ran += 1;
        await open.opened;
      },
    });
    await using at = await startWorld([one], { limits: { maxRunning: 1, maxWaiting: 5 } });
    const first = at.ask("test.one", { timeoutMs: 60_000 });
    const second = at.ask("test.one", { timeoutMs: 5_000 });
    await at.invoke("no.such"); // a round trip: both have arrived
    at.clock.advance(5_000);
    expect((await at.answerTo(second)).error?.code).toBe("TIMEOUT");
    open.open();
    expect((await at.answerTo(first)).ok).toBe(true);
    expect(ran).toBe(1);
    expect(at.host.invocations).toMatchObject({ running: 0, received: 3, succeeded: 1, failed: 2 });
  });

  test("[node-host:early-invoke] invoke: one that comes before hello-ok is answered like any other", async () => {
    await using at = await startWorld([echo], {
      script: {
        connect: ({ device }, far) => {
          far.event("node.invoke.request", { id: "early", nodeId: device?.id, command: "test.echo", paramsJSON: null });
          return helloNode();
        },
      },
    });
    expect(await at.answerTo("early")).toMatchObject({ ok: true });
  });

  test("[node-host:late-results] invoke: an answer that a lost connection kept back is delivered on the next one", async () => {
    const open = gate();
    const slow = defineCommand({ name: "test.slow", cap: "test", run: () => open.opened.then(() => "done") });
    await using at = await startWorld([slow]);
    const id = at.ask("test.slow");
    await at.invoke("no.such");
    const lost = new Promise<void>((resolve) => at.host.onState(({ status }) => status === "waiting" && resolve()));
    at.far.sockets[0]?.socket.terminate();
    await lost;
    open.open();
    while (at.host.invocations.undelivered === 0) await new Promise((resolve) => setImmediate(resolve));
    at.host.resume();
    expect(await at.answerTo(id)).toMatchObject({ ok: true, payloadJSON: '"done"' });
    expect(at.host.invocations.undelivered).toBe(0);
    expect(at.far.sockets).toHaveLength(2);
  });

  test("invoke: an answer that is too old to be wanted is not kept", async () => {
    const open = gate();
    const slow = defineCommand({ name: "test.slow", cap: "test", timeoutMs: 3_600_000, run: () => open.opened });
    await using at = await startWorld([slow]);
    const id = at.ask("test.slow");
    await at.invoke("no.such");
    const lost = new Promise<void>((resolve) => at.host.onState(({ status }) => status === "waiting" && resolve()));
    at.far.sockets[0]?.socket.terminate();
    await lost;
    open.open();
    while (at.host.invocations.undelivered === 0) await new Promise((resolve) => setImmediate(resolve));
    at.clock.advance(600_001); // the clock's jump makes the client try again, too
    await at.host.connect();
    await at.invoke("no.such");
    expect(at.sent<{ id: string }>("node.invoke.result").map((result) => result.id)).not.toContain(id);
  });

  test("invoke: when the node stops, running commands are told to, and their answers still go out", async () => {
    await using at = await startWorld([silent]);
    const id = at.ask("test.never");
    await at.invoke("no.such");
    await at.host.close();
    expect(await at.answerTo(id)).toMatchObject({ ok: false, error: { message: "the node is stopping" } });
  });

  test("invoke: an owner may have commands stopped when the connection is lost", async () => {
    await using at = await startWorld([silent], { limits: { abortOnDisconnect: true } });
    const id = at.ask("test.never");
    await at.invoke("no.such");
    await at.reconnect();
    expect(await at.answerTo(id)).toMatchObject({
      ok: false,
      error: { message: "the connection to the gateway was lost" },
    });
  });

  test("invoke: neither params nor results are ever logged", async () => {
    await using at = await startWorld([echo]);
    await at.invoke("test.echo", { params: { password: "s3cret" } });
    await at.invoke("s3cret.command");
    expect(at.log.length).toBeGreaterThan(1);
    expect(JSON.stringify(at.log)).not.toContain("s3cret");
  });

  test("invoke: no payload makes reading throw", () => {
    fc.assert(
      fc.property(fc.anything(), (payload) => {
        readInvokeRequest(payload);
      }),
    );
    const row = fc.record({
      id: fc.string(),
      nodeId: fc.anything(),
      command: fc.anything(),
      paramsJSON: fc.anything(),
      timeoutMs: fc.anything(),
    });
    fc.assert(fc.property(row, (payload) => void readInvokeRequest(payload)));
  });

  test("invoke: two commands of one name, or a name that no gateway takes, are refused at once", async () => {
    await expect(startWorld([echo, echo])).rejects.toThrow(/two commands called test.echo/);
    for (const name of ["", "run", "a b.c", "gpio..x", "gpio.wri\u0442e\u0300"])
      expect(() => defineCommand({ name, cap: "x", run: () => 1 })).toThrow(TypeError);
  });
});
