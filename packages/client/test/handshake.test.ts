import { nativeEngine } from "@saltgate/identity/node";
import { describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import {
  GATEWAY_TIME,
  helloV3,
  helloV4,
  refusal,
  startScripted,
  strictV3,
  wordsOnly,
} from "../../../tests/support/scripted-gateway.ts";
import { SteppedClock } from "../../../tooling/emulators/src/suite/stepped-clock.ts";
import type { TokenStore } from "../src/index.ts";
import {
  createDeviceIdentity,
  GatewayClient,
  type GatewayClientOptions,
  memoryTokenStore,
  portableEngine,
} from "../src/index.ts";

const once = (url: string, options: Partial<GatewayClientOptions> = {}): GatewayClient =>
  new GatewayClient({ url, token: "shared", scopes: ["operator.read"], reconnect: false, ...options });
const originOf = (url: string): string => new URL(url).origin.replace("null", url);

describe("handshake", () => {
  test("handshake: the request says who asks for what, with the words as they are and no empty keys", async () => {
    await using far = await startScripted();
    await using client = once(far.url, {
      client: { id: "cli", mode: "cli", version: "1.2.3", platform: "linux", displayName: "my terminal" },
      caps: ["tool-events"],
    });
    await client.connect();
    expect(far.connects).toEqual([
      {
        minProtocol: 3,
        maxProtocol: 4,
        client: { id: "cli", mode: "cli", version: "1.2.3", platform: "linux", displayName: "my terminal" },
        role: "operator",
        scopes: ["operator.read"],
        caps: ["tool-events"],
        auth: { token: "shared" },
      },
    ]);
  });

  test("handshake: without scopes the request has none, not an empty list", async () => {
    await using far = await startScripted();
    await using client = new GatewayClient({ url: far.url, token: "shared" });
    await client.connect();
    expect(far.connects[0]).not.toHaveProperty("scopes");
    expect(far.connects[0]).not.toHaveProperty("device");
  });

  test("handshake: an empty token is what an unset variable gives, and is not sent", async () => {
    await using far = await startScripted();
    await using client = once(far.url, { token: "", password: "" });
    await client.connect();
    expect(far.connects[0]).not.toHaveProperty("auth");
  });

  test.each([
    ["native", nativeEngine],
    ["portable", portableEngine],
  ])(
    "handshake: revision 4 is shown the newer proof, signed at the challenge's time (%s engine)",
    async (_, engine) => {
      await using far = await startScripted();
      const identity = await createDeviceIdentity(engine);
      await using client = once(far.url, { identity, engine, client: { deviceFamily: "Server" } });
      await client.connect();
      const [params] = far.connects;
      expect(params?.device).toMatchObject({
        id: identity.deviceId,
        signedAt: GATEWAY_TIME,
        nonce: far.sockets[0]?.nonce,
      });
      expect(params && far.sockets[0]?.provenWith(params)).toBe("v3");
    },
  );

  test("handshake: a challenge with an impossible time is signed at the own time", async () => {
    await using far = await startScripted({ challenge: (nonce) => ({ nonce, ts: 12 }) });
    const clock = new SteppedClock();
    await using client = once(far.url, { identity: await createDeviceIdentity(), clock });
    await client.connect();
    expect(far.connects[0]?.device?.signedAt).toBe(clock.now());
  });

  test("handshake: a gateway of revision 3 alone is understood, and its words are remembered", async () => {
    await using far = await startScripted(strictV3({ sharedToken: "shared" }));
    const identity = await createDeviceIdentity();
    await using client = once(far.url, { identity });
    const hello = await client.connect();
    expect(hello.protocol).toBe(3);
    expect(far.connects.map(({ minProtocol, maxProtocol }) => [minProtocol, maxProtocol])).toEqual([
      [3, 4],
      [3, 3],
    ]);
    const lost = new Promise<void>((resolve) => client.onState(({ status }) => status === "idle" && resolve()));
    far.sockets[1]?.socket.close(1001);
    await lost;
    await client.connect();
    expect(far.connects).toHaveLength(3);
    expect(far.connects[2]).toMatchObject({ maxProtocol: 3 });
  });

  test("handshake: a strict gateway of revision 3 never sees deviceToken twice, and takes the token from its field", async () => {
    await using far = await startScripted(strictV3({ sharedToken: "another", deviceToken: "own" }));
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    const key = { origin: originOf(far.url), deviceId: identity.deviceId, role: "operator" };
    await tokenStore.write(key, { token: "own", scopes: ["operator.read"], updatedAtMs: 1 });
    await using client = once(far.url, { identity, tokenStore, token: undefined });
    await client.connect();
    expect(far.connects.map(({ auth }) => auth)).toEqual([{ token: "own", deviceToken: "own" }, { token: "own" }]);
    expect((await tokenStore.read(key))?.token).toBe("v3-device-token");
  });

  test("handshake: a client that insists on 4 doesn't fall back, and says why it stopped", async () => {
    await using far = await startScripted(strictV3({ sharedToken: "shared" }));
    await using client = once(far.url, { versions: [4, 4] });
    await expect(client.connect()).rejects.toMatchObject({ detailCode: "PROTOCOL_MISMATCH" });
    expect(far.connects).toHaveLength(1);
    expect(client.state.status).toBe("paused");
  });

  test("handshake: a revision 3 gateway on this machine that sends no challenge gets a proof without nonce", async () => {
    await using far = await startScripted({ ...strictV3({ sharedToken: "shared" }), challenge: () => null });
    const clock = new SteppedClock();
    await using client = once(far.url, { identity: await createDeviceIdentity(), clock });
    const connecting = client.connect();
    await far.until(() => far.sockets[0]);
    await waitUntil(() => clock.waits().includes(2_000));
    clock.advance(2_000);
    expect((await connecting).protocol).toBe(3);
    const [params] = far.connects;
    expect(params).toMatchObject({ minProtocol: 3, maxProtocol: 3 });
    expect(params?.device).not.toHaveProperty("nonce");
    expect(params && far.sockets[0]?.provenWith(params)).toBe("v1");
  });

  test("handshake: without a challenge there is no proof for a client that insists on 4", async () => {
    await using far = await startScripted({ challenge: () => null });
    const clock = new SteppedClock();
    await using client = once(far.url, { identity: await createDeviceIdentity(), versions: [4, 4], clock });
    const connecting = client.connect();
    await far.until(() => far.sockets[0]);
    clock.advance(15_000);
    await expect(connecting).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    expect(far.connects).toEqual([]);
  });

  test("handshake: a gateway that never answers is given up after the time for connecting", async () => {
    await using far = await startScripted({ connect: () => "silence" });
    const clock = new SteppedClock();
    await using client = once(far.url, { clock });
    const connecting = client.connect();
    await far.until(() => far.connects[0]);
    clock.advance(15_000);
    await expect(connecting).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    expect(client.state).toMatchObject({ status: "idle", error: { code: "CONNECT_TIMEOUT" } });
  });

  test("handshake: an answer that is no hello-ok is refused, and the socket closed", async () => {
    await using far = await startScripted({ connect: () => ({ hello: { type: "welcome" } }) });
    await using client = once(far.url);
    await expect(client.connect()).rejects.toMatchObject({ code: "BAD_HELLO" });
    expect(await far.until(() => far.closes[0])).toEqual({ code: 1008, reason: "connect failed" });
  });

  test("handshake: a refusal arrives whole, though the gateway closes right behind it", async () => {
    await using far = await startScripted({
      connect: () => refusal("NOT_PAIRED", "PAIRING_REQUIRED", {}, { requestId: "r1" }),
    });
    await using client = once(far.url);
    await expect(client.connect()).rejects.toMatchObject({
      code: "NOT_PAIRED",
      detailCode: "PAIRING_REQUIRED",
      details: { requestId: "r1" },
    });
    expect(client.state).toMatchObject({ status: "paused", requestId: "r1" });
  });

  test("handshake: a close without a word is told with its code and reason", async () => {
    await using far = await startScripted({
      connect: (_, { socket }) => {
        socket.close(1008, "invalid request frame");
        return "silence";
      },
    });
    await using client = once(far.url);
    await expect(client.connect()).rejects.toMatchObject({
      code: "CLOSED",
      closeCode: 1008,
      closeReason: "invalid request frame",
    });
    expect(client.state.status).toBe("paused");
  });

  test("handshake: nobody listening is UNREACHABLE", async () => {
    const far = await startScripted();
    const { url } = far;
    await far[Symbol.asyncDispose]();
    await using client = once(url);
    await expect(client.connect()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  test("handshake: an HTTP refusal is told with its status and the gateway's words", async () => {
    const { createServer } = await import("node:http");
    const server = createServer();
    server.on("upgrade", (_, socket) => {
      const body = JSON.stringify({ error: { type: "overloaded", message: "too many\u001b[31m connections" } });
      socket.end(
        `HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await using client = once(`ws://127.0.0.1:${port}`);
    await expect(client.connect()).rejects.toMatchObject({
      code: "UPGRADE_REFUSED",
      httpStatus: 503,
      retryAfterMs: 3_000,
      message: "an HTTP server answered with 503: too many [31m connections",
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test("[R-09] handshake: a token is never dialled to a public address in plain text", async () => {
    const opened: string[] = [];
    await using client = once("ws://192.0.2.1:18789", {
      webSocket: ({ url }) => {
        opened.push(url);
        throw new Error("opened");
      },
    });
    await expect(client.connect()).rejects.toMatchObject({ code: "INSECURE_URL" });
    expect(opened).toEqual([]);
  });

  test("handshake: an aborted signal ends it, and the socket with it", async () => {
    await using far = await startScripted({ connect: () => "silence" });
    await using client = once(far.url);
    const abort = new AbortController();
    const connecting = client.connect({ signal: abort.signal });
    await far.until(() => far.connects[0]);
    abort.abort(new Error("enough"));
    await expect(connecting).rejects.toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
    expect(client.state.status).toBe("idle");
    await far.until(() => far.closes[0]);
    await expect(client.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(far.connects).toHaveLength(1);
  });

  test("handshake: events that come with hello-ok are delivered after it, none is lost", async () => {
    await using far = await startScripted({
      connect: (_, side) => {
        queueMicrotask(() => {
          side.event("tick", { ts: 1 }, 1);
          side.event("tick", { ts: 2 }, 2);
        });
        return helloV4({ deviceToken: "d" });
      },
    });
    const base = memoryTokenStore();
    let finish = (): void => {};
    const slow: TokenStore = {
      ...base,
      write: (...args) => new Promise<void>((resolve) => (finish = resolve)).then(() => base.write(...args)),
    };
    await using client = once(far.url, { identity: await createDeviceIdentity(), tokenStore: slow });
    const order: string[] = [];
    client.onState(({ status }) => order.push(status));
    client.on("tick", ({ payload }) => order.push(`tick ${payload.ts}`));
    const connecting = client.connect();
    await waitUntil(() => finish.length === 1 || far.connects.length === 1);
    await far.until(() => far.connects[0]);
    await waitUntil(() => String(finish) !== "() => {}");
    expect(order).toEqual(["connecting"]);
    finish();
    await connecting;
    await waitUntil(() => order.length === 4);
    expect(order).toEqual(["connecting", "connected", "tick 1", "tick 2"]);
  });
});

describe("device tokens", () => {
  test("[R-01] device tokens: the token of one gateway is not shown to another", async () => {
    await using first = await startScripted({ connect: () => helloV4({ deviceToken: "of-the-first" }) });
    await using second = await startScripted({ connect: () => helloV4() });
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    for (const { url } of [first, second, first]) {
      await using client = once(url, { identity, tokenStore });
      await client.connect();
    }
    expect(first.connects.map(({ auth }) => auth)).toEqual([
      { token: "shared" },
      { token: "shared", deviceToken: "of-the-first" },
    ]);
    expect(second.connects.map(({ auth }) => auth)).toEqual([{ token: "shared" }]);
  });

  test("device tokens: alone, it fills both fields, and its own scopes are asked for", async () => {
    await using far = await startScripted();
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    await tokenStore.write(
      { origin: originOf(far.url), deviceId: identity.deviceId, role: "operator" },
      { token: "own", scopes: ["operator.write"], updatedAtMs: 1 },
    );
    await using client = once(far.url, { identity, tokenStore, token: undefined, scopes: undefined });
    await client.connect();
    expect(far.connects[0]).toMatchObject({ auth: { token: "own", deviceToken: "own" }, scopes: ["operator.write"] });
    expect(far.connects[0] && far.sockets[0]?.provenWith(far.connects[0])).toBe("v3");
  });

  test("device tokens: one that the gateway doesn't know any more is forgotten, and the shared secret is tried once", async () => {
    await using far = await startScripted({
      connect: ({ auth }) =>
        auth?.deviceToken === undefined
          ? helloV4({ deviceToken: "new" })
          : refusal("INVALID_REQUEST", "AUTH_DEVICE_TOKEN_MISMATCH"),
    });
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    const key = { origin: originOf(far.url), deviceId: identity.deviceId, role: "operator" };
    await tokenStore.write(key, { token: "old", scopes: [], updatedAtMs: 1 });
    await using client = once(far.url, { identity, tokenStore });
    await client.connect();
    expect(far.connects.map(({ auth }) => auth)).toEqual([
      { token: "shared", deviceToken: "old" },
      { token: "shared" },
    ]);
    expect((await tokenStore.read(key))?.token).toBe("new");
  });

  test("device tokens: without a shared secret the bad one is forgotten and the client pauses", async () => {
    await using far = await startScripted({ connect: () => refusal("INVALID_REQUEST", "AUTH_DEVICE_TOKEN_MISMATCH") });
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    const key = { origin: originOf(far.url), deviceId: identity.deviceId, role: "operator" };
    await tokenStore.write(key, { token: "old", scopes: [], updatedAtMs: 1 });
    await using client = once(far.url, { identity, tokenStore, token: undefined });
    await expect(client.connect()).rejects.toMatchObject({ detailCode: "AUTH_DEVICE_TOKEN_MISMATCH" });
    expect(client.state.status).toBe("paused");
    expect(await tokenStore.read(key)).toBeUndefined();
    expect(far.connects).toHaveLength(1);
  });

  test("device tokens: a newer one that another program was given meanwhile is used instead of being erased", async () => {
    const identity = await createDeviceIdentity();
    const tokenStore = memoryTokenStore();
    await using far = await startScripted({
      connect: ({ auth }) => {
        if (auth?.deviceToken === "newer") return helloV4();
        void tokenStore.write(key, { token: "newer", scopes: [], updatedAtMs: 2 });
        return refusal("INVALID_REQUEST", "AUTH_DEVICE_TOKEN_MISMATCH");
      },
    });
    const key = { origin: originOf(far.url), deviceId: identity.deviceId, role: "operator" };
    await tokenStore.write(key, { token: "old", scopes: [], updatedAtMs: 1 });
    await using client = once(far.url, { identity, tokenStore, token: undefined });
    await client.connect();
    expect((await tokenStore.read(key))?.token).toBe("newer");
  });

  test("device tokens: a gateway that never stops refusing them is asked a bounded number of times", async () => {
    await using far = await startScripted({ connect: () => refusal("INVALID_REQUEST", "AUTH_DEVICE_TOKEN_MISMATCH") });
    const forever: TokenStore = {
      read: async () => ({ token: crypto.randomUUID(), scopes: [], updatedAtMs: 1 }),
      write: async () => {},
      remove: async () => {},
    };
    await using client = once(far.url, { identity: await createDeviceIdentity(), tokenStore: forever });
    await expect(client.connect()).rejects.toMatchObject({ detailCode: "AUTH_DEVICE_TOKEN_MISMATCH" });
    expect(far.connects).toHaveLength(4);
  });

  test("device tokens: one that can't be kept is not pretended to be", async () => {
    await using far = await startScripted({ connect: () => helloV4({ deviceToken: "d" }) });
    const full: TokenStore = { ...memoryTokenStore(), write: async () => Promise.reject(new Error("disk full")) };
    await using client = once(far.url, { identity: await createDeviceIdentity(), tokenStore: full });
    await expect(client.connect()).rejects.toMatchObject({
      code: "TOKEN_STORE_FAILED",
      cause: { message: "disk full" },
    });
    expect(client.state.status).toBe("paused");
  });

  test("device tokens: a hello-ok for another role leaves nothing behind", async () => {
    await using far = await startScripted({ connect: () => helloV3({ deviceToken: "d", role: "node", scopes: [] }) });
    const tokenStore = memoryTokenStore();
    const identity = await createDeviceIdentity();
    await using client = once(far.url, { identity, tokenStore });
    await client.connect();
    expect(
      await tokenStore.read({ origin: originOf(far.url), deviceId: identity.deviceId, role: "operator" }),
    ).toBeUndefined();
  });

  test("device tokens: neither errors nor states ever show a secret", async () => {
    await using far = await startScripted({ connect: () => wordsOnly("unauthorized: gateway token mismatch (x)") });
    const identity = await createDeviceIdentity();
    await using client = once(far.url, { identity, token: "s3cret-token", password: "s3cret-password" });
    const error = await client.connect().catch((cause: unknown) => cause);
    const { inspect } = await import("node:util");
    expect(
      `${inspect(error, { depth: 9 })}${inspect(client.state, { depth: 9 })}${inspect(client, { depth: 9 })}`,
    ).not.toMatch(/s3cret/);
  });
});

test("handshake: a server that isn't a gateway and floods garbage is ignored and given up in time", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (socket) => {
    for (const garbage of ["", "[]", "null", "{", '{"type":"event"}', '{"type":"res","id":"1","ok":"yes"}'])
      socket.send(garbage);
    socket.send(Buffer.from([0, 1, 2]));
    socket.send('{"type":"event","event":"connect.challenge","payload":{}}');
  });
  const clock = new SteppedClock();
  await using client = once(`ws://127.0.0.1:${(server.address() as { port: number }).port}`, {
    clock,
    versions: [4, 4],
  });
  const connecting = client.connect();
  await waitUntil(() => client.badFrames === 8);
  clock.advance(15_000);
  await expect(connecting).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
  await new Promise((resolve) => server.close(resolve));
});

/** Waits for something that sockets bring about, turn by turn of the event loop. */
async function waitUntil(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setImmediate(resolve));
}
