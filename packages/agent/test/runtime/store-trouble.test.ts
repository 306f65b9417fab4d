import { type SqlDatabase, StoreError, StoreErrorCode } from "@saltgate/store";
import { expect, test } from "vitest";
import { databaseFile, openDatabase } from "../session/world.ts";
import { hangs, openWorld, turn, until } from "./world.ts";

const authorized = { commandAuthorized: true };

/** A database that can be told to fail, as one on a full disk does. */
async function troubled() {
  const file = await databaseFile();
  const database = openDatabase(file);
  const trouble = { reads: (_nth: number) => false, writes: (_nth: number) => false, readCount: 0, writeCount: 0 };
  const full = () => new StoreError(StoreErrorCode.Io, "no space is left on the disk");
  const port: SqlDatabase = {
    file,
    read: async (work) => {
      trouble.readCount += 1;
      if (trouble.reads(trouble.readCount)) throw full();
      return database.read(work);
    },
    write: async (work, options) => {
      trouble.writeCount += 1;
      if (trouble.writes(trouble.writeCount)) throw full();
      return database.write(work, options);
    },
    close: () => database.close(),
  };
  return { database, file, port, trouble };
}

test("[runs:one-ending] runtime: what a command did is told and done, also when the disk fails just after it", async () => {
  const { file, port, trouble } = await troubled();
  const world = await openWorld({
    file,
    scripts: { m: (_, signal) => hangs(signal, "On it") },
    options: { database: port },
  });
  await world.runtime.submit(turn("r1", "Work"), authorized);
  await until("it works", () => world.events.some(({ type }) => type === "text"));
  await world.runtime.submit(turn("r2", "And this"), authorized);
  await until("nothing is read any more", async () => {
    const before = trouble.readCount;
    for (let turns = 0; turns < 10; turns++) await new Promise((next) => setImmediate(next));
    return before === trouble.readCount;
  });
  // The first read finds the command, the second what it ended.
  const from = trouble.readCount;
  trouble.reads = (nth) => nth === from + 2;
  await world.runtime.submit(turn("r3", "/stop"), authorized);
  const ended = () => world.events.flatMap(({ runId, type }) => (type === "ended" ? [runId] : []));
  await until("the disk fails", () => trouble.readCount >= from + 2);
  await until("all of it ends", () => {
    world.clock.move(1_000);
    return ended().length === 3;
  });
  expect(ended().toSorted()).toEqual(["r1", "r2", "r3"]);
});
