import { againstFloor, type Bench, format } from "../bench.ts";
import { alternating } from "./alternating.ts";

export const requests: Bench = {
  name: "requests",
  async run() {
    const { floor, gateway } = await alternating(5, async (server, load) => ({
      p50: (await load.run("latency", server, { method: "system-presence", count: 4_000 })).p50Us,
      health: (await load.run("latency", server, { method: "health", count: 4_000 })).p50Us,
      many: (
        await load.run("throughput", server, { method: "system-presence", clients: 8, inFlight: 32, total: 40_000 })
      ).perSecond,
    }));
    return [
      againstFloor({
        what: "system-presence, one client, p50",
        floor: floor.p50,
        gateway: gateway.p50,
        kind: "us",
        limit: { atMost: 1.15 },
      }),
      againstFloor({
        what: "system-presence, 8 clients × 32 in flight",
        floor: floor.many,
        gateway: gateway.many,
        kind: "perSecond",
        limit: { atLeast: 0.75 },
      }),
      againstFloor({
        what: "health, one client, p50",
        floor: floor.health,
        gateway: gateway.health,
        kind: "us",
        limit: { atMost: 1.3 },
      }),
    ];
  },
};

export const events: Bench = {
  name: "events",
  async run() {
    const { floor, gateway } = await alternating(5, (server, load) =>
      load.run("broadcast", server, { readers: 500, events: 60 }),
    );
    return [
      againstFloor({
        what: "small event to 500 clients, deliveries",
        floor: floor.perSecond,
        gateway: gateway.perSecond,
        kind: "perSecond",
        limit: { atLeast: 0.9 },
      }),
    ];
  },
};

export const presence: Bench = {
  name: "presence",
  async run() {
    const { floor, gateway } = await alternating(3, (server, load) =>
      load.run("presence", server, { devices: 200, perSecond: 20, seconds: 5 }),
    );
    return [
      {
        what: "presence, 200 devices, 20 changes/s, p99",
        budget: "100 ms, nothing unseen",
        floor: format.ms(floor.p99Ms),
        gateway: `${format.ms(gateway.p99Ms)}, ${gateway.unseen} unseen`,
        ratio: gateway.p99Ms / floor.p99Ms,
        met: gateway.p99Ms <= 100 && gateway.unseen === 0,
      },
    ];
  },
};

export const handshakes: Bench = {
  name: "handshakes",
  async run() {
    const { floor, gateway } = await alternating(5, async (server, load) => ({
      one: (await load.run("handshakes", server, { count: 600, atOnce: 1 })).perSecond,
      many: (await load.run("handshakes", server, { count: 1_600, atOnce: 16 })).perSecond,
    }));
    return [
      againstFloor({
        what: "known device's handshake, one after another",
        floor: floor.one,
        gateway: gateway.one,
        kind: "perSecond",
        limit: { atLeast: 0.6 },
      }),
      againstFloor({
        what: "known device's handshake, 16 at once",
        floor: floor.many,
        gateway: gateway.many,
        kind: "perSecond",
        limit: { atLeast: 0.5 },
      }),
    ];
  },
};
