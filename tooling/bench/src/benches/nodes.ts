import { againstFloor, type Bench, format } from "../bench.ts";
import { alternating, keepApart } from "./alternating.ts";

const NODES = 500;
/** Idle means that the handshakes are over, and so is clearing up after them. */
const IDLE_MS = 8_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const invoke: Bench = {
  name: "invoke",
  async run() {
    const { floor, gateway } = await alternating(7, (server, load) => {
      keepApart(server, load);
      return load.run("invokeOne", server, { count: 4_000, inFlight: 32, total: 20_000 });
    });
    return [
      againstFloor({
        what: "node.invoke, one after another",
        floor: floor.perSecond,
        gateway: gateway.perSecond,
        kind: "perSecond",
        limit: { atLeast: 0.6 },
      }),
      againstFloor({
        what: "node.invoke, 32 in flight",
        floor: floor.manyPerSecond,
        gateway: gateway.manyPerSecond,
        kind: "perSecond",
        limit: { atLeast: 0.5 },
      }),
    ];
  },
};

export const nodes: Bench = {
  name: "nodes",
  async run() {
    const { floor, gateway } = await alternating(3, async (first, load) => {
      // Nodes are introduced once in their lives. What they cost is what a gateway needs that they come back to.
      await load.run("introduceNodes", first, { count: NODES });
      await using server = await first.again();
      keepApart(server, load);
      // The first ones load what nodes need, which is not the cost of each.
      await load.run("holdNodes", server, { count: 16 });
      await pause(500);
      const before = server.rssBytes();
      await load.run("holdNodes", server, { count: NODES - 16 });
      await pause(IDLE_MS);
      const each = (server.rssBytes() - before) / (NODES - 16);
      const among = await load.run("amongNodes", server, { count: 2_000, lists: 200 });
      await load.run("releaseNodes", server, undefined);
      return { each, ...among };
    });
    const list = ({ listP50Us, listP99Us }: typeof floor): string =>
      `${format.ms(listP50Us / 1_000)}, ${format.ms(listP99Us / 1_000)}`;
    const ask = ({ oneP50Us, anyP50Us }: typeof floor): string => `${format.us(oneP50Us)} → ${format.us(anyP50Us)}`;
    const spread = gateway.anyP50Us / gateway.oneP50Us;
    return [
      {
        what: `${NODES} connected nodes, memory of each`,
        budget: "(none set)",
        floor: format.kilobytes(floor.each),
        gateway: format.kilobytes(gateway.each),
        ratio: gateway.each / floor.each,
        met: true,
      },
      {
        what: `node.list of ${NODES} nodes, p50 and p99`,
        budget: "(none set)",
        floor: list(floor),
        gateway: list(gateway),
        ratio: gateway.listP50Us / floor.listP50Us,
        met: true,
      },
      {
        what: `node.invoke, p50: always one of ${NODES} nodes → any of them`,
        budget: "within 2 ×",
        floor: ask(floor),
        gateway: ask(gateway),
        ratio: spread,
        met: spread <= 2,
      },
    ];
  },
};
