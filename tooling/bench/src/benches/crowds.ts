import { againstFloor, type Bench, format, type Measurement } from "../bench.ts";
import { alternating } from "./alternating.ts";

const CONNECTIONS = 2_000;
/** Idle means that the handshakes are over, and so is clearing up after them: V8 does that in quiet seconds. */
const IDLE_MS = 12_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const idle: Bench = {
  name: "idle",
  async run() {
    const { floor, gateway } = await alternating(3, async (server, load) => {
      // A first connection loads what connections need, which is not the cost of each.
      await load.run("hold", server, { connections: 16 });
      await pause(500);
      const before = server.rssBytes();
      await load.run("hold", server, { connections: CONNECTIONS });
      await pause(IDLE_MS);
      const each = (server.rssBytes() - before) / CONNECTIONS;
      await load.run("release", server, undefined);
      return { each };
    });
    return [
      againstFloor({
        what: `${CONNECTIONS.toLocaleString("en")} idle connections, memory of each`,
        floor: floor.each,
        gateway: gateway.each,
        kind: "kilobytes",
        limit: { atMost: 1.5 },
      }),
    ];
  },
};

const TROUBLES = [
  { by: "slow-reader", count: 2_000, what: "a slow reader" },
  { by: "garbage", count: 1_000, what: "1,000 garbage connections" },
  { by: "half-open", count: 200, what: "200 half-open sockets" },
] as const;

export const troubles: Bench = {
  name: "troubles",
  async run() {
    const rows: Measurement[] = [];
    for (const { by, count, what } of TROUBLES) {
      const { floor, gateway } = await alternating(3, (server, load) => load.run("disturbed", server, { by, count }));
      const change = (side: typeof floor): number => side.busyP99Us / side.quietP99Us;
      const words = (side: typeof floor): string =>
        `${format.us(side.quietP99Us)} → ${format.us(side.busyP99Us)}; hello ${format.ms(side.helloMs)}`;
      rows.push({
        what: `${what}: p99 of others; a new client's hello-ok`,
        budget: "p99 within 2 ×; in at once (100 ms)",
        floor: words(floor),
        gateway: words(gateway),
        ratio: change(gateway),
        met: change(gateway) <= 2 && gateway.helloMs <= 100,
      });
    }
    return rows;
  },
};
