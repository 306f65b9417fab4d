import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { type LoadGenerator, startLoadGenerator } from "../load-generator.ts";
import { type RunningServer, SIDES, type Side, startServer } from "../servers.ts";
import { median } from "../statistics.ts";

/**
 * Measures both sides in turn, several times, each time with fresh processes, so that what else the machine does
 * falls on both alike. Gives the median of each.
 */
export async function alternating<K extends string>(
  rounds: number,
  measure: (server: RunningServer, load: LoadGenerator) => Promise<Readonly<Record<K, number>>>,
): Promise<Readonly<Record<Side, Readonly<Record<K, number>>>>> {
  const samples: Record<Side, Readonly<Record<K, number>>[]> = { floor: [], gateway: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
      await using server = await startServer(side);
      await using load = startLoadGenerator();
      samples[side].push(await measure(server, load));
    }
  }
  const middle = (of: readonly Readonly<Record<K, number>>[]): Record<K, number> => {
    const keys = Object.keys(of[0] ?? {}) as K[];
    return Object.fromEntries(keys.map((key) => [key, median(of.map((sample) => sample[key]))])) as Record<K, number>;
  };
  return { floor: middle(samples.floor), gateway: middle(samples.gateway) };
}

/**
 * Keeps server and clients on cores of their own: where each message waits for the one before, what is measured
 * otherwise is whether the scheduler happened to put both on one.
 */
export function keepApart(server: RunningServer, load: LoadGenerator): void {
  if (cpus().length < 2) return;
  for (const [core, { pid }] of [server, load].entries())
    execFileSync("taskset", ["--cpu-list", "--pid", String(core), String(pid)], { stdio: "ignore" });
}
