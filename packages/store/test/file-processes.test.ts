import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileStore } from "../src/index.ts";
import { killAtRandom, seeded, startChild } from "./suites/child-processes.ts";
import { counterShape } from "./suites/counter-shape.ts";

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const countIn = async (directory: string): Promise<number> =>
  (await new FileStore({ directory }).document("counter", counterShape).read()).value.count;

test("[store:updates-lose-nothing] processes: two that write at once lose nothing", async () => {
  const directory = await makeDirectory();
  const children = [startChild("increment.ts", directory, "200"), startChild("increment.ts", directory, "200")];
  expect(await Promise.all(children.map((child) => once(child, "exit")))).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(await countIn(directory)).toBe(400);
  expect(await readdir(directory)).toEqual(["counter.json"]);
});

test("[store:survives-kill] processes: kill -9 at random moments loses no acknowledged write and blocks nobody", async () => {
  const directory = await makeDirectory();
  const random = seeded(20_261_120);
  let before = 0;
  for (let round = 0; round < 12; round++) {
    const { acknowledged, exit, lines } = await killAtRandom(startChild("write-until-killed.ts", directory), random);
    expect(exit).toEqual([null, "SIGKILL"]);
    const found = await countIn(directory);
    // One more may be durable without anybody having heard of it.
    expect([acknowledged, acknowledged + 1], `round ${round}`).toContain(found);
    expect(acknowledged).toBe(before + lines);
    before = found;
  }
});
