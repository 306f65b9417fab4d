import { execFile } from "node:child_process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { DeliveryWorld } from "./support/delivery-world.ts";
import { Flow } from "./support/flow.ts";
import { verdictOn } from "./support/verdict.ts";

const run = promisify(execFile);

test("[delivery:database-locked] while another process holds the database for some seconds, what comes in waits and is answered once", {
  timeout: 120_000,
}, async () => {
  await using world = await DeliveryWorld.create({ lineMs: 5 });
  await world.serve();
  const flow = new Flow(world);
  for (const place of world.places) flow.ask(place);
  await world.settled();
  const other = new DatabaseSync(world.sandbox.path("state.db"));
  try {
    other.exec("BEGIN IMMEDIATE");
    for (const place of world.places) flow.ask(place);
    const said = flow.say("agent:main:web-1");
    // How long it is held; nothing is expected of this time.
    await pause(4_000);
    expect(world.bot.queue.pending.length).toBeGreaterThan(0);
    expect(flow.taken).toEqual([]);
    other.exec("COMMIT");
    await said;
  } finally {
    other.close();
  }
  await world.settled();
  expect((await verdictOn(world, flow)).broken).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "[delivery:disk-full] while nothing can be written nothing is acknowledged, and everything is answered when there is room",
  { timeout: 120_000 },
  async () => {
    await using world = await DeliveryWorld.create({ lineMs: 5 });
    const gateway = await world.serve();
    const flow = new Flow(world);
    for (const place of world.places) flow.ask(place);
    await world.settled();
    // As on a full disk: no file grows any more, and none is written beyond its first page.
    const limit = (bytes: string) => run("prlimit", ["--pid", String(gateway.pid), `--fsize=${bytes}:unlimited`]);
    await limit("4096");
    for (const place of world.places) flow.ask(place);
    const said = flow.say("agent:main:web-1");
    await gateway.until("it says so", ({ stdout }) => (stdout.includes("could not be written") ? true : undefined));
    expect(world.bot.queue.pending.length).toBeGreaterThan(0);
    expect(flow.taken).toEqual([]);
    await limit("unlimited");
    await said;
    await world.settled();
    expect((await verdictOn(world, flow)).broken).toEqual([]);
  },
);
