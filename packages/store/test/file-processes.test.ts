import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { FileStore } from "../src/index.ts";
import { counterShape } from "./suites/counter-shape.ts";

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function start(program: string, ...args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL(`./children/${program}`, import.meta.url));
  return spawn(process.execPath, ["--conditions=@saltgate/source", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const countIn = async (directory: string): Promise<number> =>
  (await new FileStore({ directory }).document("counter", counterShape).read()).value.count;

test("[store:updates-lose-nothing] processes: two that write at once lose nothing", async () => {
  const directory = await makeDirectory();
  const children = [start("increment.ts", directory, "200"), start("increment.ts", directory, "200")];
  expect(await Promise.all(children.map((child) => once(child, "exit")))).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(await countIn(directory)).toBe(400);
  expect(await readdir(directory)).toEqual(["counter.json"]);
});

/** A small generator of repeatable numbers, 0 up to 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("[store:survives-kill] processes: kill -9 at random moments loses no acknowledged write and blocks nobody", async () => {
  const directory = await makeDirectory();
  const random = seeded(20_261_120);
  let before = 0;
  for (let round = 0; round < 12; round++) {
    const child = start("write-until-killed.ts", directory);
    const exited = once(child, "exit");
    const killAfter = 1 + Math.floor(random() * 12);
    let lines = 0;
    let acknowledged = before;
    for await (const line of createInterface({ input: child.stdout! })) {
      acknowledged = Number(line);
      lines += 1;
      // The child is already at its next write; some turns of this loop later it is somewhere else in it.
      if (lines === killAfter) {
        for (let turn = Math.floor(random() * 40); turn > 0; turn--) await new Promise((next) => setImmediate(next));
        child.kill("SIGKILL");
      }
    }
    expect(await exited).toEqual([null, "SIGKILL"]);
    const found = await countIn(directory);
    // One more may be durable without anybody having heard of it.
    expect([acknowledged, acknowledged + 1], `round ${round}`).toContain(found);
    expect(acknowledged).toBeGreaterThanOrEqual(before + killAfter);
    before = found;
  }
});
