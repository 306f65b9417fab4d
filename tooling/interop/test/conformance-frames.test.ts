import { describe, expect, test } from "vitest";
import { type ConnectRequest, connectParams } from "../src/connect-request.ts";
import { createDeviceKeys } from "../src/device-keys.ts";
import { type GatewayProcess, startGatewayProcess } from "../src/gateway-process.ts";
import { type Ending, type Frame, Wire } from "../src/wire.ts";

async function ready(gateway: GatewayProcess, ask: ConnectRequest = {}): Promise<{ wire: Wire; hello: Frame }> {
  const wire = new Wire(gateway.url);
  const { nonce } = await wire.challenge();
  const params = connectParams({ auth: { token: gateway.token }, scopes: ["operator.admin"], ...ask }, nonce);
  wire.send({ type: "req", id: "c", method: "connect", params });
  const { ok, payload, error } = await wire.response("c");
  if (ok !== true) throw new Error(JSON.stringify(error));
  return { wire, hello: payload as Frame };
}

interface EarlyRow {
  readonly situation: string;
  readonly sends: unknown;
  /** The error of the response; absent where there is no response. */
  readonly error?: { readonly code: string; readonly message: RegExp };
  readonly ending: { readonly code: number; readonly reason: RegExp };
}

const invalidHandshake = /^invalid handshake: first request must be connect$/;
const request = (method: string, params?: unknown): Frame => ({ type: "req", id: "x", method, params });
const connectWith = (client: Frame): Frame =>
  request("connect", { minProtocol: 4, maxProtocol: 4, client: { version: "1", platform: "linux", ...client } });

const EARLY: readonly EarlyRow[] = [
  { situation: "no JSON", sends: "hello?", ending: { code: 1000, reason: /^$/ } },
  { situation: "half a JSON text", sends: '{"type":"req"', ending: { code: 1000, reason: /^$/ } },
  {
    situation: "JSON that is no frame",
    sends: { hello: 1 },
    ending: { code: 1008, reason: /^invalid request frame$/ },
  },
  { situation: "a JSON number", sends: "7", ending: { code: 1008, reason: /^invalid request frame$/ } },
  {
    situation: "a response instead of a request",
    sends: { type: "res", id: "x", ok: true },
    ending: { code: 1008, reason: /^invalid request frame$/ },
  },
  {
    situation: "another method first",
    sends: request("health"),
    error: { code: "INVALID_REQUEST", message: invalidHandshake },
    ending: { code: 1008, reason: invalidHandshake },
  },
  {
    situation: "connect without params",
    sends: request("connect"),
    error: { code: "INVALID_REQUEST", message: /^invalid connect params: .*'minProtocol'.*; .*'client'/ },
    ending: { code: 1008, reason: /^invalid connect params: / },
  },
  {
    situation: "connect with a client that lacks an id",
    sends: connectWith({ mode: "ui" }),
    error: { code: "INVALID_REQUEST", message: /^invalid connect params: .*\/client.*'id'/ },
    ending: { code: 1008, reason: /^invalid connect params: / },
  },
  {
    situation: "connect whose faults fill more than a close reason",
    sends: request("connect", { minProtocol: 0, maxProtocol: "4", client: { id: 7 }, role: 7, scopes: "all" }),
    error: { code: "INVALID_REQUEST", message: /^invalid connect params: .{120,}/ },
    ending: { code: 1008, reason: /^invalid connect params: .{60,97}$/ },
  },
];

describe("conformance: frames", () => {
  for (const as of ["text", "binary"] as const) {
    test(`[interop:early-failures] conformance: every early failure ends as the table says, in ${as} messages`, async () => {
      await using gateway = await startGatewayProcess();
      for (const { situation, sends, error, ending } of EARLY) {
        await using wire = new Wire(gateway.url);
        await wire.challenge();
        wire.send(sends, as);
        const end: Ending = await wire.ended;
        const answers = wire.frames.items.filter(({ type }) => type === "res");
        expect(answers.length, situation).toBe(error === undefined ? 0 : 1);
        if (error !== undefined) {
          expect(answers[0], situation).toMatchObject({ id: "x", ok: false, error: { code: error.code } });
          expect(answers[0], situation).toMatchObject({ error: { message: expect.stringMatching(error.message) } });
        }
        expect(end.code, situation).toBe(ending.code);
        expect(end.reason, situation).toMatch(ending.reason);
        expect(Buffer.byteLength(end.reason), situation).toBeLessThanOrEqual(120);
      }
    });
  }

  test("[interop:early-failures] conformance: the challenge is the first frame, has no seq, and its nonce is the connection's own", async () => {
    await using gateway = await startGatewayProcess();
    await using a = new Wire(gateway.url);
    await using b = new Wire(gateway.url);
    const [first, second] = await Promise.all([a.challenge(), b.challenge()]);
    expect(Object.keys(a.frames.items[0] ?? {}).sort()).toEqual(["event", "payload", "type"]);
    expect(first.nonce).not.toBe(second.nonce);
    expect(Number.isInteger(first.ts)).toBe(true);
  });

  test("[interop:early-failures] conformance: whoever says nothing in time is let go without a word", async () => {
    await using gateway = await startGatewayProcess({ config: { handshakeTimeoutMs: 1_000 } });
    await using wire = new Wire(gateway.url);
    expect(await wire.ended).toEqual({ code: 1000, reason: "" });
    expect(wire.frames.items).toMatchObject([{ event: "connect.challenge" }]);
  });

  test("[interop:early-failures] conformance: a request before hello-ok ends the connection with the first-request error", async () => {
    await using gateway = await startGatewayProcess();
    await using wire = new Wire(gateway.url);
    const { nonce } = await wire.challenge();
    const params = connectParams({ auth: { token: gateway.token }, device: createDeviceKeys() }, nonce);
    wire.send({ type: "req", id: "c", method: "connect", params });
    wire.send({ type: "req", id: "early", method: "health" });
    expect(await wire.ended).toEqual({ code: 1008, reason: "invalid handshake: first request must be connect" });
    expect(wire.frames.items.filter(({ id }) => id === "c")).toEqual([]);
  });

  test("[interop:early-failures] conformance: before hello-ok 64 KiB is all that anybody may send", async () => {
    await using gateway = await startGatewayProcess();
    await using wire = new Wire(gateway.url);
    await wire.challenge();
    wire.send(request("connect", { filler: "x".repeat(70_000) }));
    expect([1000, 1006, 1009]).toContain((await wire.ended).code);
    expect(wire.frames.items.filter(({ type }) => type === "res")).toEqual([]);
  });

  test("[interop:later-failures] conformance: after hello-ok a bad message costs nothing but an answer", async () => {
    await using gateway = await startGatewayProcess();
    const { wire } = await ready(gateway);
    await using _wire = wire;
    wire.send("not JSON");
    wire.send({ type: "res", id: "theirs", ok: true });
    expect(await wire.response("theirs")).toMatchObject({
      error: { code: "INVALID_REQUEST", message: expect.stringMatching(/^invalid request frame: /) },
    });
    wire.send({ method: "health" });
    expect(await wire.response("invalid")).toMatchObject({ ok: false });
    wire.send({ type: "req", id: "again", method: "connect", params: {} });
    expect(await wire.response("again")).toMatchObject({
      error: { code: "INVALID_REQUEST", message: "connect is only valid as the first request" },
    });
    wire.send({ type: "req", id: "bin", method: "status" }, "binary");
    expect(await wire.response("bin")).toMatchObject({ ok: true });
    wire.send({ type: "req", id: "extra", method: "status", future: { key: 1 } });
    expect(await wire.response("extra")).toMatchObject({ ok: true });
  });

  test("[interop:authorization] conformance: role before scope, scope before existence, existence before service", async () => {
    await using gateway = await startGatewayProcess();
    const { wire: admin } = await ready(gateway);
    const { wire: reader } = await ready(gateway, { scopes: ["operator.read"] });
    const { wire: writer } = await ready(gateway, { scopes: ["operator.write"] });
    const { wire: node } = await ready(gateway, { role: "node", scopes: [], device: createDeviceKeys() });
    let count = 0;
    const messageOf = async (wire: Wire, method: string, params: unknown = {}): Promise<unknown> => {
      count += 1;
      wire.send({ type: "req", id: `m${count}`, method, params });
      const { ok, error } = await wire.response(`m${count}`);
      return ok === true ? "ok" : (error as Frame)["message"];
    };
    expect(await messageOf(node, "health")).toBe("unauthorized role: node");
    expect(await messageOf(node, "no.such.method")).toBe("unauthorized role: node");
    expect(await messageOf(reader, "health")).toBe("ok");
    expect(await messageOf(writer, "health"), "write includes read").toBe("ok");
    expect(await messageOf(writer, "device.pair.list")).toBe("missing scope: operator.pairing");
    expect(await messageOf(reader, "no.such.method")).toBe("missing scope: operator.admin");
    expect(await messageOf(reader, "connect")).toBe("missing scope: operator.admin");
    expect(await messageOf(admin, "no.such.method")).toBe("unknown method: no.such.method");
    expect(await messageOf(admin, "cron.list")).toMatch(/^(method not served|unknown method): cron.list/);
    expect(await messageOf(admin, "device.pair.approve", {})).toMatch(/^invalid device.pair.approve params: /);
    for (const wire of [admin, reader, writer, node]) wire.close();
  });

  test("[interop:authorization] conformance: the role check of node methods: they are no operator's, however high, and nothing else is a node's", async () => {
    await using gateway = await startGatewayProcess();
    const { wire: admin, hello } = await ready(gateway);
    const { wire: older } = await ready(gateway, { version: 3 });
    const { wire: node } = await ready(gateway, { role: "node", scopes: [], device: createDeviceKeys() });
    await using _admin = admin;
    await using _older = older;
    await using _node = node;
    const messageOf = async (wire: Wire, method: string): Promise<unknown> => {
      wire.send({ type: "req", id: method, method, params: {} });
      const { ok, error } = await wire.response(method);
      return ok === true ? "ok" : (error as Frame)["message"];
    };
    const ofNodes = ["node.invoke.result", "node.event", "skills.bins", "node.invoke.progress", "node.pending.drain"];
    for (const method of ofNodes) {
      expect(await messageOf(admin, method), method).toBe("unauthorized role: operator");
      expect(await messageOf(node, method), method).toMatch(/^ok$|^invalid \S+ params: /);
    }
    for (const method of ["node.invoke.result", "node.event", "skills.bins"])
      expect(await messageOf(older, method), method).toBe("unauthorized role: operator");
    const { methods } = hello["features"] as { methods: string[] };
    for (const method of methods.filter((name) => !ofNodes.includes(name)))
      expect(await messageOf(node, method), method).toBe("unauthorized role: node");
  });

  test("[interop:advertised] conformance: every advertised method answers, and what isn't advertised says so", async () => {
    await using gateway = await startGatewayProcess();
    const { wire, hello } = await ready(gateway);
    await using _wire = wire;
    const { methods } = hello["features"] as { methods: string[] };
    expect(methods).toContain("health");
    for (const method of methods) {
      wire.send({ type: "req", id: method, method, params: {} });
      const { error } = await wire.response(method);
      expect((error as Frame | undefined)?.["message"] ?? "").not.toMatch(/unknown method|not served/);
    }
  });

  test("[interop:close-codes] conformance: the version mismatch, the policy and the restart have their codes; a frame that is too large has the library's", async () => {
    await using gateway = await startGatewayProcess({ config: { limits: { maxPayloadBytes: 65_536 } } });
    const { wire, hello } = await ready(gateway);
    expect(hello["policy"]).toMatchObject({ maxPayload: 65_536 });
    wire.send({ type: "req", id: "big", method: "status", params: { filler: "x".repeat(70_000) } });
    expect((await wire.ended).code).toBe(1009);
    const { wire: leaving } = await ready(gateway);
    gateway.signal("SIGTERM");
    expect(await leaving.ended).toEqual({ code: 1012, reason: "service restart" });
  });

  test("[interop:close-codes] conformance: a peer that answers no ping for two ticks is let go with 4000", async () => {
    await using gateway = await startGatewayProcess({ config: { tickIntervalMs: 1_000 } });
    const { wire } = await ready(gateway);
    wire.socket.pong = () => {};
    expect(await wire.ended).toEqual({ code: 4000, reason: "tick timeout" });
  });

  test("[interop:close-codes] conformance: a gateway that is full says when to come again", async () => {
    await using gateway = await startGatewayProcess({ config: { limits: { maxConnections: 1 } } });
    const { wire } = await ready(gateway);
    await using _wire = wire;
    await using second = new Wire(gateway.url);
    const { nonce } = await second.challenge();
    second.send({
      type: "req",
      id: "c",
      method: "connect",
      params: connectParams({ auth: { token: gateway.token } }, nonce),
    });
    expect(await second.response("c")).toMatchObject({
      error: {
        code: "UNAVAILABLE",
        retryable: true,
        retryAfterMs: expect.any(Number),
        details: { code: "OVERLOADED" },
      },
    });
    expect((await second.ended).code).toBe(1013);
  });

  test("[interop:slow-consumer] conformance: a reader that stopped is ended by what may not be dropped; others are not held up", async () => {
    await using gateway = await startGatewayProcess({ config: { limits: { maxBufferedBytes: 65_536 } } });
    const { wire: slow } = await ready(gateway);
    const { wire: quick } = await ready(gateway);
    await using _quick = quick;
    for (let row = 0; row < 150; row += 1)
      quick.send({
        type: "req",
        id: `row${row}`,
        method: "system-event",
        params: { text: `row ${row} ${"of many ".repeat(60)}`, deviceId: `row-${row}` },
      });
    await quick.response("row149");
    slow.socket.pause();
    for (let ask = 0; ask < 250; ask += 1) slow.send({ type: "req", id: `ask${ask}`, method: "system-presence" });
    // Its last request shows up in the log of privileged acts, so all before it have been answered by then.
    slow.send({ type: "req", id: "mark", method: "device.pair.approve", params: { requestId: "the-mark" } });
    await gateway.log.until((lines) =>
      lines.find(({ audit, method }) => audit === true && method === "device.pair.approve"),
    );
    await using stranger = new Wire(gateway.url);
    const { nonce } = await stranger.challenge();
    const ask = { auth: { token: gateway.token }, scopes: null, device: createDeviceKeys() };
    stranger.send({ type: "req", id: "c", method: "connect", params: connectParams(ask, nonce) });
    await stranger.response("c");
    await quick.event("device.pair.requested");
    slow.socket.resume();
    expect([1006, 1008]).toContain((await slow.ended).code);
    expect(slow.frames.items.some(({ event }) => event === "device.pair.requested")).toBe(false);
  });
});
