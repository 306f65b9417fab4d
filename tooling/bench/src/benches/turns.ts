import { type Bench, format } from "../bench.ts";
import { startLoadGenerator } from "../load-generator.ts";
import { startModels, thinkingWith } from "../models-process.ts";
import { startServer } from "../servers.ts";
import { median } from "../statistics.ts";

/** The middle of each number of several runs. */
function middle<K extends string>(of: readonly Readonly<Record<K, number>>[]): Record<K, number> {
  const keys = Object.keys(of[0] ?? {}) as K[];
  return Object.fromEntries(keys.map((key) => [key, median(of.map((sample) => sample[key]))])) as Record<K, number>;
}

export const turns: Bench = {
  name: "turns",
  async run() {
    const samples: { direct: Record<string, number>; gateway: Record<string, number> }[] = [];
    for (let round = 0; round < 3; round += 1) {
      await using models = await startModels({ answer: { text: "a word ".repeat(30), chunkChars: 7 } });
      await using server = await startServer("gateway", { config: thinkingWith(models) });
      await using load = startLoadGenerator();
      const { direct, gateway } = await load.run("turns", server, { modelUrl: models.url, count: 300 });
      samples.push({ direct: { ...direct }, gateway: { ...gateway } });
    }
    const direct = middle(samples.map((sample) => sample.direct));
    const gateway = middle(samples.map((sample) => sample.gateway));
    const row = (what: string, key: string, limitMs?: number) => {
      const floor = direct[key] ?? 0;
      const whole = gateway[key] ?? 0;
      const added = whole - floor;
      return {
        what,
        budget: limitMs === undefined ? "(none set)" : `at most ${limitMs} ms more`,
        floor: format.ms(floor),
        gateway: `${format.ms(whole)}: ${format.ms(added)} more`,
        ratio: whole / floor,
        met: limitMs === undefined || added <= limitMs,
      };
    };
    return [
      row("a turn, chat.send to its end, p50", "endP50", 5),
      row("a turn, chat.send to its end, p99", "endP99", 15),
      row("a turn, chat.send to its first words, p50", "firstP50"),
      row("a turn, chat.send to its first words, p99", "firstP99"),
    ];
  },
};

/** Streams at once, pieces of each, and the pause between two pieces in milliseconds. */
const CROWD = { sessions: 200, pieces: 30, paceMs: 100 } as const;
/** Words of one answer are told at most so often, in milliseconds: that long they may wait. */
const INTERVAL_MS = 150;

export const streams: Bench = {
  name: "streams",
  async run() {
    const { paceMs, pieces, sessions } = CROWD;
    const samples: Record<"direct" | "gateway", Record<string, number>[]> = { direct: [], gateway: [] };
    for (let round = 0; round < 3; round += 1) {
      await using models = await startModels({
        answer: { text: "{{now}} ".repeat(pieces), chunkChars: 8 },
        pace: paceMs,
      });
      await using server = await startServer("gateway", { config: thinkingWith(models, sessions) });
      await using load = startLoadGenerator();
      const idleBytes = server.rssBytes();
      for (const side of ["direct", "gateway"] as const) {
        const result = await load.run("streams", server, { modelUrl: models.url, sessions, direct: side === "direct" });
        samples[side].push({ ...result, rss: server.rssBytes(), idle: idleBytes });
      }
    }
    const direct = middle(samples.direct);
    const gateway = middle(samples.gateway);
    const fewest = Math.min(...samples.gateway.map(({ finished = 0 }) => finished));
    const { perSecond = 0, delayP99Ms = 0, delayP50Ms = 0, rss = 0, idle = 0 } = gateway;
    return [
      {
        what: `${sessions} streams at once, pieces of answers`,
        budget: `all end; at least 0.8 ×`,
        floor: format.perSecond(direct["perSecond"] ?? 0),
        gateway: `${format.perSecond(perSecond)}, ${fewest} ended`,
        ratio: perSecond / (direct["perSecond"] ?? 1),
        met: fewest === sessions && perSecond >= 0.8 * (direct["perSecond"] ?? 0),
      },
      {
        what: `${sessions} streams at once, delay of a piece, p50 and p99`,
        budget: `${INTERVAL_MS + 100} ms`,
        floor: `${format.ms(direct["delayP50Ms"] ?? 0)}, ${format.ms(direct["delayP99Ms"] ?? 0)}`,
        gateway: `${format.ms(delayP50Ms)}, ${format.ms(delayP99Ms)}`,
        ratio: undefined,
        met: delayP99Ms <= INTERVAL_MS + 100,
      },
      {
        what: `${sessions} streams at once, resident memory`,
        budget: "(none set)",
        floor: "",
        gateway: `${format.megabytes(idle)} → ${format.megabytes(rss)}`,
        ratio: undefined,
        met: true,
      },
    ];
  },
};
