import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { againstFloor, type Bench, format } from "../bench.ts";
import { LoadClient } from "../load/load-client.ts";
import { ours, SALTGATE } from "../servers.ts";
import { median } from "../statistics.ts";
import { alternating } from "./alternating.ts";

/** How long a server is left alone before its memory is read, in milliseconds. */
const SETTLE_MS = 2_000;
const ROUNDS = 7;

export const start: Bench = {
  name: "start",
  async run() {
    const { floor, gateway } = await alternating(ROUNDS, async (server) => {
      const client = await LoadClient.connect(server);
      const helloMs = performance.now() - server.spawnedAt;
      await client.close();
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return { helloMs, rss: server.rssBytes() };
    });
    return [
      againstFloor({
        what: "spawn to first hello-ok",
        floor: floor.helloMs,
        gateway: gateway.helloMs,
        kind: "ms",
        limit: { atMost: 3 },
      }),
      againstFloor({
        what: "idle resident memory",
        floor: floor.rss,
        gateway: gateway.rss,
        kind: "megabytes",
        limit: { atMost: 1.5 },
      }),
    ];
  },
};

async function timeOf(words: readonly string[], env: Record<string, string>): Promise<number> {
  const from = performance.now();
  const child = ours(spawn(process.execPath, words, { env: { PATH: process.env["PATH"], ...env }, stdio: "ignore" }));
  await new Promise((resolve) => child.once("close", resolve));
  return performance.now() - from;
}

export const command: Bench = {
  name: "command",
  async run() {
    const home = mkdtempSync(join(tmpdir(), "saltgate-bench-"));
    // A port that nothing listens on: the discard service's.
    const env = { HOME: home, SALTGATE_STATE_DIR: home, SALTGATE_GATEWAY_PORT: "9" };
    const samples: Record<"node" | "version" | "help" | "failing", number[]> = {
      node: [],
      version: [],
      help: [],
      failing: [],
    };
    try {
      for (let round = 0; round < 21; round += 1) {
        samples.node.push(await timeOf(["-e", "0"], env));
        samples.version.push(await timeOf([SALTGATE, "--version"], env));
        samples.help.push(await timeOf([SALTGATE, "--help"], env));
        samples.failing.push(await timeOf([SALTGATE, "health"], env));
      }
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
    const node = median(samples.node);
    const row = (what: string, measured: readonly number[]): ReturnType<typeof againstFloor> =>
      againstFloor({ what, floor: node, gateway: median(measured), kind: "ms", limit: { atMost: 1.7 } });
    const failing = median(samples.failing);
    return [
      row("saltgate --version", samples.version),
      row("saltgate --help", samples.help),
      {
        what: "saltgate health, no gateway running",
        budget: "within 300 ms",
        floor: format.ms(node),
        gateway: format.ms(failing),
        ratio: failing / node,
        met: failing <= 300,
      },
    ];
  },
};
