import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startWorld, TOKEN, type Wire, type World } from "./support/world.ts";

/** Opens many sockets that never say anything. */
async function crowd(world: World, count: number): Promise<WebSocket[]> {
  const sockets = Array.from({ length: count }, () => new WebSocket(world.url));
  for (const socket of sockets) socket.on("error", () => {});
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once("open", resolve).once("close", resolve))),
  );
  return sockets;
}

async function readsUntilClosed(wire: Wire): Promise<{ code: number; reason: string }> {
  return wire.end();
}

describe("flood", () => {
  test("[R-50] flood: a thousand silent sockets don't keep a new client out, and are bounded", async () => {
    await using world = await startWorld({ limits: { maxPreAuth: 64, maxPreAuthPerAddress: 32 } });
    const sockets = await crowd(world, 1_000);
    expect(await world.dial().connect({ scopes: ["operator.read"] })).toMatchObject({ ok: true });
    const metrics = await (
      await fetch(`${world.url.replace("ws:", "http:")}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).text();
    expect(Number(/saltgate_handshakes_unfinished (\d+)/.exec(metrics)?.[1])).toBeLessThanOrEqual(32);
    for (const socket of sockets) socket.terminate();
  });

  test("[R-50] flood: brackets without end are refused by name, and end neither the connection nor the gateway", async () => {
    await using world = await startWorld();
    const wire = world.dial();
    await wire.connect({ scopes: ["operator.write", "operator.read"] });
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const params = `{"nodeId":"attic","command":"a.b","idempotencyKey":"k","params":${deep}}`;
    wire.socket.send(`{"type":"req","id":"deep","method":"node.invoke","params":${params}}`);
    expect(await wire.response("deep")).toMatchObject({ ok: false, error: { details: { code: "INVALID_FRAME" } } });
    expect(await wire.request("health", {})).toMatchObject({ ok: true });
  });

  test("[R-50] flood: before hello-ok a frame above 64 KiB ends the connection, complete or not", async () => {
    await using world = await startWorld();
    const whole = world.dial();
    await whole.nonce();
    whole.send({ type: "req", id: "c", method: "connect", params: { padding: "x".repeat(70_000) } });
    expect([1000, 1006, 1009]).toContain((await readsUntilClosed(whole)).code);

    const drip: Socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    drip.on("error", () => {});
    drip.write(
      `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await new Promise((resolve) => drip.once("data", resolve));
    // A frame that announces 16 MiB and begins to arrive.
    drip.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));
    drip.write(Buffer.alloc(200_000));
    await new Promise((resolve) => drip.once("close", resolve));
    expect(await world.dial().connect({ scopes: [] })).toMatchObject({ ok: true });
  });

  test("[gateway:handshake-deadline] flood: a handshake that is not finished in time is hung up on, without a word", async () => {
    await using world = await startWorld({ limits: { handshakeTimeoutMs: 50 } });
    const wire = world.dial();
    await wire.nonce();
    expect(await wire.end()).toEqual({ code: 1000, reason: "" });
  });

  test("[gateway:full] flood: a gateway that is full says so, and when to try again", async () => {
    await using world = await startWorld({ limits: { maxConnections: 1 } });
    await world.dial().connect({ scopes: [] });
    const second = world.dial();
    expect(await second.connect({ scopes: [] })).toMatchObject({
      ok: false,
      error: { code: "UNAVAILABLE", retryable: true, retryAfterMs: 2_000, details: { code: "OVERLOADED" } },
    });
    expect((await second.end()).code).toBe(1013);
  });

  test("[gateway:too-large] flood: after hello-ok a frame above the limit closes with 1009", async () => {
    await using world = await startWorld({ limits: { maxPayloadBytes: 100_000 } });
    const wire = world.dial();
    await wire.connect({ scopes: [] });
    wire.send({ type: "req", id: "big", method: "health", params: { x: "x".repeat(100_000) } });
    expect((await wire.end()).code).toBe(1009);
  });

  test("[gateway:dead-peer] flood: a peer that answers neither messages nor pings for two ticks is gone", async () => {
    let nowMs = 1_000_000;
    let passesMs = 0;
    const now = (): number => (nowMs += passesMs);
    await using world = await startWorld({ limits: { tickIntervalMs: 30 }, now });
    const wire = world.dial();
    await wire.connect({ scopes: ["operator.read"] });
    // From now on it is mute, and time goes by, whatever of it is still on the way.
    wire.socket.pong = () => {};
    passesMs = 10;
    expect([1006, 4000]).toContain((await wire.end()).code);
  });
});
