import { type Bench, format } from "../bench.ts";
import { heapBytesOf, INSPECT } from "../inspector.ts";
import { startLoadGenerator } from "../load-generator.ts";
import { startServer } from "../servers.ts";

/** Messages after which the memory is read, and again. */
const SHORT = { first: 2_000, second: 10_000 } as const;
const LONG = { first: 10_000, second: 100_000 } as const;

export const growth: Bench = {
  name: "growth",
  async run(long) {
    const { first, second } = long ? LONG : SHORT;
    await using server = await startServer("gateway", {
      config: { agents: { defaults: { maxConcurrent: 16 } } },
      flags: [INSPECT],
    });
    await using load = startLoadGenerator();
    const shared = { atOnce: 16, sessions: 2_000 };
    const measure = async (): Promise<{ heap: number; rss: number }> => ({
      heap: await heapBytesOf(server),
      rss: server.rssBytes(),
    });
    await load.run("answered", server, { ...shared, from: 0, count: first });
    const before = await measure();
    await load.run("answered", server, { ...shared, from: first, count: second - first });
    const after = await measure();
    const words = `${first.toLocaleString("en")} → ${second.toLocaleString("en")} messages`;
    const row = (what: string, from: number, to: number) => ({
      what: `${what}, ${words}`,
      budget: "at most 1.2 ×",
      floor: format.megabytes(from),
      gateway: format.megabytes(to),
      ratio: to / from,
      met: to <= from * 1.2,
    });
    return [row("heap", before.heap, after.heap), row("resident memory", before.rss, after.rss)];
  },
};
