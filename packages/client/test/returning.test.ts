import { describe, expect, test } from "vitest";
import {
  helloV4,
  refusal,
  type Script,
  type ScriptedGateway,
  startScripted,
  strictV3,
} from "../../../tests/support/scripted-gateway.ts";
import { SteppedClock } from "../../../tooling/emulators/src/suite/stepped-clock.ts";
import { type ClientState, createDeviceIdentity, GatewayClient, type GatewayClientOptions } from "../src/index.ts";

/** A client on a clock that the test moves, with everything that it was. */
async function world(script: Script, options: Partial<GatewayClientOptions> = {}) {
  const far: ScriptedGateway = await startScripted(script);
  const clock = new SteppedClock();
  const client = new GatewayClient({ url: far.url, token: "shared", clock, random: () => 0.5, ...options });
  const states: ClientState[] = [];
  let wake: (() => void)[] = [];
  let looked = 0;
  client.onState((state) => {
    states.push(state);
    for (const go of wake.splice(0)) go();
  });
  return {
    far,
    clock,
    client,
    states,
    /** Waits for the next time that the client comes into this state, after the last that was waited for. */
    async reaches<S extends ClientState["status"]>(status: S): Promise<Extract<ClientState, { status: S }>> {
      for (;;) {
        const found = states.findIndex((state, at) => at >= looked && state.status === status);
        if (found !== -1) {
          looked = found + 1;
          return states[found] as Extract<ClientState, { status: S }>;
        }
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      wake = [];
      await client.close();
      await far[Symbol.asyncDispose]();
    },
  };
}

describe("coming back", () => {
  test("coming back: a lost connection returns after a random part of the first bound", async () => {
    await using at = await world({});
    await at.client.connect();
    at.far.sockets[0]?.socket.terminate();
    expect(await at.reaches("waiting")).toMatchObject({ delayMs: 500, error: { code: "CLOSED", closeCode: 1006 } });
    at.clock.advance(500);
    await at.reaches("connected");
    expect(at.far.connects).toHaveLength(2);
    expect(at.states.map(({ status }) => status)).toEqual([
      "connecting",
      "connected",
      "waiting",
      "connecting",
      "connected",
    ]);
  });

  test("coming back: the waits grow while it fails, and what the gateway asks for is waited in full", async () => {
    await using at = await world({
      connect: (_, __, attempt) =>
        attempt < 4
          ? refusal("UNAVAILABLE", "STARTING", { retryable: true, ...(attempt === 3 && { retryAfterMs: 10_000 }) })
          : helloV4(),
    });
    const connecting = at.client.connect();
    for (const delayMs of [500, 1_000, 12_000]) {
      expect(await at.reaches("waiting")).toMatchObject({ delayMs });
      at.clock.advance(delayMs - 1);
      expect(at.client.state.status).toBe("waiting");
      at.clock.advance(1);
    }
    expect((await connecting).protocol).toBe(4);
  });

  test("coming back: a connection that ends at once doesn't make the waits small again, one that held does", async () => {
    await using at = await world({});
    await at.client.connect();
    for (const delayMs of [500, 1_000, 2_000]) {
      at.far.sockets.at(-1)?.socket.terminate();
      expect(await at.reaches("waiting")).toMatchObject({ delayMs });
      at.clock.advance(delayMs);
      await at.reaches("connected");
    }
    at.clock.advance(10_000);
    at.far.sockets.at(-1)?.socket.terminate();
    expect(await at.reaches("waiting")).toMatchObject({ delayMs: 500 });
  });

  test("coming back: a gateway that restarts is given the time that it named", async () => {
    await using at = await world({});
    await at.client.connect();
    at.far.sockets[0]?.event("shutdown", { reason: "gateway restarting", restartExpectedMs: 1_500 }, 1);
    at.far.sockets[0]?.socket.close(1012, "service restart");
    expect(await at.reaches("waiting")).toMatchObject({ delayMs: 2_000 });
  });

  test("coming back: the sequence of events begins anew with each connection", async () => {
    await using at = await world({});
    const gaps: unknown[] = [];
    at.client.onGap((gap) => gaps.push(gap));
    await at.client.connect();
    at.far.sockets[0]?.event("tick", { ts: 1 }, 5);
    at.far.sockets[0]?.socket.close(1012);
    await at.reaches("waiting");
    at.clock.advance(500);
    await at.reaches("connected");
    at.far.sockets[1]?.event("tick", { ts: 1 }, 9);
    at.far.sockets[1]?.event("tick", { ts: 1 }, 10);
    await at.client.request("health");
    expect(gaps).toEqual([]);
  });

  test("coming back: a gateway that was of revision 3 and restarts is asked in the newest words first", async () => {
    let script = strictV3({ sharedToken: "shared" });
    await using at = await world(
      { connect: (...args) => script.connect?.(...args) ?? helloV4() },
      { identity: await createDeviceIdentity() },
    );
    expect((await at.client.connect()).protocol).toBe(3);
    script = {};
    at.far.sockets.at(-1)?.socket.close(1012, "service restart");
    await at.reaches("waiting");
    at.clock.advance(60_000);
    expect((await at.reaches("connected")).hello.protocol).toBe(4);
  });

  test("coming back: with reconnect switched off the client says how it ended, and connects when told", async () => {
    await using at = await world({}, { reconnect: false });
    await at.client.connect();
    at.far.sockets[0]?.socket.close(1012, "service restart");
    expect(await at.reaches("idle")).toMatchObject({ error: { closeCode: 1012 } });
    expect(at.clock.waits()).toEqual([]);
    await at.client.connect();
  });

  test("coming back: resume() cuts a wait short", async () => {
    await using at = await world({}, { reconnect: { minDelayMs: 60_000 } });
    await at.client.connect();
    at.far.sockets[0]?.socket.terminate();
    await at.reaches("waiting");
    at.client.resume();
    await at.reaches("connected");
  });

  test("coming back: what only a person can mend pauses it, and resume() tries again", async () => {
    let isTokenRight = false;
    await using at = await world({
      connect: () => (isTokenRight ? helloV4() : refusal("INVALID_REQUEST", "AUTH_TOKEN_MISMATCH")),
    });
    await expect(at.client.connect()).rejects.toMatchObject({ detailCode: "AUTH_TOKEN_MISMATCH" });
    expect(await at.reaches("paused")).toMatchObject({ error: { detailCode: "AUTH_TOKEN_MISMATCH" } });
    expect(at.clock.waits().filter((ms) => ms > 1_000)).toEqual([]);
    at.client.resume();
    at.client.resume();
    await at.reaches("connecting");
    await at.reaches("paused");
    isTokenRight = true;
    at.client.resume();
    await at.reaches("connected");
    expect(at.far.connects).toHaveLength(3);
  });

  test("coming back: words that didn't help either are not kept", async () => {
    await using at = await world({ connect: () => refusal("INVALID_REQUEST", "DEVICE_AUTH_SIGNATURE_INVALID") });
    await expect(at.client.connect()).rejects.toMatchObject({ detailCode: "DEVICE_AUTH_SIGNATURE_INVALID" });
    await expect(at.client.connect()).rejects.toMatchObject({ detailCode: "DEVICE_AUTH_SIGNATURE_INVALID" });
    expect(at.far.connects.map(({ maxProtocol }) => maxProtocol)).toEqual([4, 3, 4, 3]);
  });

  test("coming back: patience that ends while it waits ends the attempts", async () => {
    await using at = await world({ connect: () => refusal("UNAVAILABLE", "STARTING", { retryable: true }) });
    const abort = new AbortController();
    const connecting = at.client.connect({ signal: abort.signal });
    await at.reaches("waiting");
    abort.abort();
    await expect(connecting).rejects.toMatchObject({ code: "ABORTED" });
    expect(at.client.state).toMatchObject({ status: "idle", error: { code: "ABORTED" } });
    at.clock.advance(100_000);
    expect(at.far.sockets).toHaveLength(1);
  });

  test("coming back: a refusal after a loss pauses it as well", async () => {
    await using at = await world({
      connect: (_, __, attempt) => (attempt === 1 ? helloV4() : refusal("INVALID_REQUEST", "AUTH_TOKEN_MISMATCH")),
    });
    await at.client.connect();
    at.far.sockets[0]?.socket.close(1008, "credentials changed");
    await at.reaches("waiting");
    at.clock.advance(500);
    await at.reaches("paused");
  });

  test("coming back: close() ends a wait, and nothing is tried any more", async () => {
    await using at = await world({});
    await at.client.connect();
    at.far.sockets[0]?.socket.terminate();
    await at.reaches("waiting");
    await at.client.close();
    expect(at.client.state.status).toBe("closed");
    expect(at.clock.waits()).toEqual([]);
    at.client.resume();
    at.clock.advance(100_000);
    expect(at.far.sockets).toHaveLength(1);
  });

  test("coming back: close() while connecting rejects whoever waits", async () => {
    await using at = await world({ connect: () => "silence" });
    const connecting = at.client.connect();
    const joined = at.client.connect();
    await at.far.until(() => at.far.connects[0]);
    await at.client.close();
    await expect(connecting).rejects.toMatchObject({ code: "CLOSED" });
    await expect(joined).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("coming back: whoever joins an attempt stops waiting alone", async () => {
    let answer = (): void => {};
    await using at = await world({
      connect: (_, far) => {
        answer = () => far.send({ type: "res", id: "1", ok: true, payload: (helloV4() as { hello: unknown }).hello });
        return "silence";
      },
    });
    const first = at.client.connect();
    const abort = new AbortController();
    const second = at.client.connect({ signal: abort.signal });
    await at.far.until(() => at.far.connects[0]);
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED" });
    answer();
    expect((await first).protocol).toBe(4);
    expect(at.far.sockets).toHaveLength(1);
  });
});

describe("approval", () => {
  const pairing = refusal("NOT_PAIRED", "PAIRING_REQUIRED", {}, { requestId: "r1", pauseReconnect: true });

  test("approval: without a wish to wait, the client pauses with the id that the owner needs", async () => {
    await using at = await world({ connect: () => pairing }, { identity: await createDeviceIdentity() });
    await expect(at.client.connect()).rejects.toMatchObject({ detailCode: "PAIRING_REQUIRED" });
    expect(at.client.state).toMatchObject({ status: "paused", requestId: "r1" });
  });

  test.each([[{}], [{ reconnect: false as const }]])(
    "approval: with one, it asks again until the owner has approved, at most every 30 s (%j)",
    async (options) => {
      await using at = await world(
        { connect: (_, __, attempt) => (attempt < 8 ? pairing : helloV4()) },
        { waitForApproval: true, identity: await createDeviceIdentity(), ...options },
      );
      const connecting = at.client.connect();
      const delays: number[] = [];
      while (delays.length < 7) {
        const { delayMs, requestId } = await at.reaches("waiting");
        expect(requestId).toBe("r1");
        delays.push(delayMs);
        at.clock.advance(delayMs);
      }
      expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
      expect((await connecting).protocol).toBe(4);
    },
  );
});

describe("silence", () => {
  test("silence: a connection on which nothing arrives for two tick intervals is closed with 4000 and replaced", async () => {
    await using at = await world({});
    await at.client.connect();
    at.clock.advance(29_999);
    expect(at.client.state.status).toBe("connected");
    at.clock.advance(1);
    expect(at.client.state).toMatchObject({
      status: "waiting",
      error: { closeCode: 4000, closeReason: "tick timeout" },
    });
    expect(await at.far.until(() => at.far.closes[0])).toEqual({ code: 4000, reason: "tick timeout" });
  });

  test("silence: any frame counts as a sign of life", async () => {
    await using at = await world({});
    await at.client.connect();
    at.clock.advance(20_000);
    await at.client.request("health");
    at.clock.advance(20_000);
    expect(at.client.state.status).toBe("connected");
    at.clock.advance(10_000);
    expect(at.client.state.status).toBe("waiting");
  });

  test("silence: check() gives a connection up that says nothing for a moment, long before the next missed tick", async () => {
    await using at = await world({ request: () => "silence" });
    await at.client.connect();
    at.client.check(5_000);
    await at.far.until(() => at.far.requests[0]);
    at.clock.advance(4_999);
    expect(at.client.state.status).toBe("connected");
    at.clock.advance(1);
    expect(at.client.state).toMatchObject({ status: "waiting", error: { code: "CLOSED", closeCode: 4000 } });
  });

  test("silence: check() leaves a connection alone on which anything arrives, a refusal too", async () => {
    await using at = await world({
      request: (frame, far) => {
        far.send({ type: "res", id: frame.id, ok: false, error: { code: "INVALID_REQUEST", message: "no" } });
        return "silence";
      },
    });
    await at.client.connect();
    at.client.check(5_000);
    await at.far.until(() => at.far.requests[0]);
    await expect(at.client.request("status")).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    at.clock.advance(5_000);
    expect(at.client.state.status).toBe("connected");
  });

  test("silence: check() without a connection tries again now", async () => {
    await using at = await world({
      connect: (_, __, attempt) => (attempt === 1 ? refusal("UNAVAILABLE", "X") : helloV4()),
    });
    void at.client.connect();
    await at.reaches("waiting");
    at.client.check();
    await at.reaches("connected");
  });

  test("silence: while hello-ok is awaited only the time for connecting counts", async () => {
    await using at = await world({ connect: () => "silence" }, { connectTimeoutMs: 600_000 });
    const connecting = at.client.connect();
    await at.far.until(() => at.far.connects[0]);
    at.clock.advance(500_000);
    expect(at.client.state.status).toBe("connecting");
    await at.client.close();
    await expect(connecting).rejects.toMatchObject({ code: "CLOSED" });
  });
});

test.each([
  { requestTimeoutMs: -1 },
  { connectTimeoutMs: 0 },
  { connectTimeoutMs: Number.NaN },
  { maxPendingRequests: 1.5 },
  { challengeTimeoutMs: 3e9 },
  { versions: [4, 3] as const },
  { reconnect: { minDelayMs: 0 } },
  { reconnect: { minDelayMs: 100, maxDelayMs: 50 } },
])("options: %j is refused before anything happens", (options) => {
  expect(() => new GatewayClient({ url: "ws://127.0.0.1:1", ...options })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
