import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Starts one of `test/children` in a Node of its own. */
export function startChild(program: string, ...args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL(`../children/${program}`, import.meta.url));
  return spawn(process.execPath, ["--conditions=@saltgate/source", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** A small generator of repeatable numbers, 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Kills a child that prints a number per acknowledged write, at a random moment.
 * @returns the last number it printed, and how it ended.
 */
export async function killAtRandom(
  child: ChildProcess,
  random: () => number,
): Promise<{ readonly acknowledged: number; readonly lines: number; readonly exit: unknown }> {
  const exited = once(child, "exit");
  const killAfter = 1 + Math.floor(random() * 12);
  let lines = 0;
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    acknowledged = Number(line);
    lines += 1;
    if (lines !== killAfter) continue;
    // The child is already at its next write; some turns of this loop later it is somewhere else in it.
    for (let turn = Math.floor(random() * 40); turn > 0; turn--) await new Promise((next) => setImmediate(next));
    child.kill("SIGKILL");
  }
  return { acknowledged, lines, exit: await exited };
}
