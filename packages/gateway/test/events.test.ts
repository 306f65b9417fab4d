import { createInProcessBus } from "@saltgate/bus";
import { CODECS, EVENTS, type EventFrame } from "@saltgate/protocol";
import { describe, expect, test } from "vitest";
import type { Clock } from "../src/clock.ts";
import type { Connection } from "../src/connection/connection.ts";
import type { Peer } from "../src/connection/peer.ts";
import { ConnectionRegistry } from "../src/connection/registry.ts";
import { createEventPublisher, EventHub, mayReceive } from "../src/events/event-hub.ts";
import { startWorld } from "./support/world.ts";

const everything = ["operator.admin"];

function peer(role: "operator" | "node", scopes: readonly string[], version: 3 | 4 = 4): Peer {
  const client = {
    id: "test",
    mode: "ui",
    displayName: undefined,
    version: "1",
    platform: "linux",
    deviceFamily: undefined,
    modelIdentifier: undefined,
    instanceId: undefined,
  };
  return {
    connId: "x",
    version,
    role,
    scopes,
    deviceId: undefined,
    client,
    authMethod: "token",
    local: true,
    asksFor: [],
    remoteIp: undefined,
  };
}

/** A connection that keeps what it is sent, and whose reader can be made slow. */
class Reader {
  readonly got: { name: string; json: string }[] = [];
  bufferedBytes = 0;
  closed = false;
  phase = "ready";
  readonly device = undefined;
  readonly origin = { attribution: { bucket: "x" } };
  readonly peer: Peer;
  constructor(who: Peer) {
    this.peer = who;
  }
  get codec() {
    return CODECS[this.peer.version];
  }
  sendEvent(name: string, json: string): void {
    this.got.push({ name, json });
  }
  closeSlow(): void {
    this.closed = true;
    this.phase = "closed";
  }
  asConnection(): Connection {
    return this as unknown as Connection;
  }
}

function stage(...readers: Reader[]) {
  const due: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    after(_delay, task) {
      due.push(task);
      return () => {};
    },
    every: () => () => {},
  };
  const bus = createInProcessBus();
  const registry = new ConnectionRegistry({ maxConnections: 10, maxPreAuth: 10, maxPreAuthPerAddress: 10 });
  for (const reader of readers) registry.promote(reader.asConnection());
  const hub = new EventHub(bus, registry, { maxBufferedBytes: 1_000, coalesceAboveBytes: 100 }, clock);
  const passTime = () => {
    for (const task of due.splice(0)) task();
  };
  return { events: createEventPublisher(bus), hub, passTime };
}

describe("events", () => {
  test("[R-20] events: every event has a rule, a node gets none that is for operators, and a targeted one goes to nobody by broadcast", () => {
    for (const [name, description] of Object.entries(EVENTS)) {
      const forNobody = mayReceive(description, peer("operator", []));
      expect(forNobody, name).toBe(description.audience === "everyone");
      expect(mayReceive(description, peer("node", everything)), name).toBe(description.audience === "everyone");
      expect(mayReceive(description, peer("operator", everything)), name).toBe(description.audience !== "target");
    }
  });

  test("[gateway:slow-reader] events: a slow reader misses what the next event replaces, gets the newest once he has caught up, and holds up nobody", () => {
    const slow = new Reader(peer("operator", everything));
    const quick = new Reader(peer("operator", everything));
    const { events, passTime } = stage(slow, quick);
    slow.bufferedBytes = 500;
    for (const ts of [1, 2, 3])
      events.publish("presence", { presence: [{ ts }] }, { stateVersion: { presence: ts, health: 1 } });
    events.publish("tick", { ts: 9 });
    expect(quick.got).toHaveLength(4);
    expect(slow.got).toEqual([]);
    passTime();
    expect(slow.got).toEqual([]);
    slow.bufferedBytes = 0;
    passTime();
    expect(slow.got).toEqual([{ name: "presence", json: '{"presence":[{"ts":3}]}' }]);
    passTime();
    expect(slow.got).toHaveLength(1);
  });

  test("[gateway:slow-consumer] events: a reader above the limit is ended by an event that may not be dropped, and by no other", () => {
    const slow = new Reader(peer("operator", everything));
    const { events } = stage(slow);
    slow.bufferedBytes = 2_000;
    events.publish("tick", { ts: 1 });
    expect(slow.closed).toBe(false);
    events.publish("device.pair.resolved", { requestId: "r", deviceId: "d", decision: "rejected", ts: 1 });
    expect(slow.closed).toBe(true);
  });

  test("[gateway:seq] events: each connection counts its own events from one, without gaps, whatever it may not see", async () => {
    await using world = await startWorld({ limits: { tickIntervalMs: 40 } });
    const [reader, pairer] = [world.dial(), world.dial()];
    await reader.connect({ scopes: ["operator.read"] });
    await pairer.connect({ scopes: ["operator.pairing"] });
    for (let round = 0; round < 3; round += 1) await reader.request("health", { probe: true });
    await pairer.event("tick");
    await reader.event("tick");
    for (const wire of [reader, pairer]) {
      const seqs = wire.frames.flatMap((frame) =>
        frame.type === "event" && frame.event !== "connect.challenge" ? [(frame as EventFrame).seq] : [],
      );
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    }
    expect(reader.frames.length).toBeGreaterThan(pairer.frames.length);
  });

  test("[gateway:state-version] events: presence and health carry both counters, other events none", async () => {
    await using world = await startWorld({ limits: { tickIntervalMs: 40 } });
    const wire = world.dial();
    await wire.connect({ scopes: ["operator.read"] });
    await wire.request("health", { probe: true });
    const health = await wire.event("health");
    const presence = await wire.event("presence");
    const tick = await wire.event("tick");
    expect(health.stateVersion).toEqual({ presence: expect.any(Number), health: expect.any(Number) });
    expect(presence.stateVersion).toEqual({ presence: expect.any(Number), health: expect.any(Number) });
    expect(tick).not.toHaveProperty("stateVersion");
  });

  test("[gateway:shutdown] events: a gateway that restarts says so and when it will be back, then closes with 1012", async () => {
    await using world = await startWorld();
    const wire = world.dial();
    await wire.connect({ scopes: [] });
    const unfinished = world.dial();
    await unfinished.nonce();
    await world.gateway.stop({ reason: "gateway restarting", restartExpectedMs: 1_500 });
    expect(await wire.event("shutdown")).toMatchObject({
      payload: { reason: "gateway restarting", restartExpectedMs: 1_500 },
    });
    expect(await wire.end()).toEqual({ code: 1012, reason: "service restart" });
    expect((await unfinished.end()).code).toBe(1012);
  });
});
