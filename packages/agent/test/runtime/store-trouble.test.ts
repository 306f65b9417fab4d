import { type SqlDatabase, StoreError, StoreErrorCode } from "@saltgate/store";
import { expect, test } from "vitest";
import { databaseFile, openDatabase } from "../session/world.ts";
import { hangs, openWorld, route, says, turn, until } from "./world.ts";

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

test("[runs:one-ending] runtime: a turn waits for the disk before it begins, and isn't refused for it", async () => {
  const { file, port, trouble } = await troubled();
  const world = await openWorld({ file, options: { database: port } });
  const from = trouble.writeCount;
  // The first write is its acceptance, the next ones are its beginning.
  trouble.writes = (nth) => nth > from + 1 && nth <= from + 9;
  await world.runtime.submit(turn("r1", "Hi", { reply: route }), authorized);
  await until("the disk is well again", () => {
    world.clock.move(20_000);
    return trouble.writeCount > from + 9;
  });
  expect(await world.runtime.wait("r1", 600_000)).toMatchObject({ ending: { state: "final" }, text: "Hello!" });
  expect(await world.replies()).toMatchObject([{ runId: "r1", text: "Hello!" }]);
});

test("[runs:one-ending] runtime: an answer waits for the disk as long as it takes, without another start", async () => {
  const { file, port, trouble } = await troubled();
  let isFull = false;
  trouble.writes = () => isFull;
  const world = await openWorld({
    file,
    scripts: {
      m: () => {
        isFull = true;
        return says("Hello!");
      },
    },
    options: { database: port },
  });
  await world.runtime.submit(turn("r1", "Hi", { reply: route }), authorized);
  const from = trouble.writeCount;
  await until("it was tried for minutes", () => {
    world.clock.move(20_000);
    return trouble.writeCount > from + 20;
  });
  isFull = false;
  await until("it is written", () => {
    world.clock.move(20_000);
    return world.events.some(({ type }) => type === "ended");
  });
  expect(await world.replies()).toMatchObject([{ runId: "r1", text: "Hello!" }]);
  expect(world.backend.requests).toHaveLength(1);
});

test("[runs:drain] runtime: a stopped run whose end can't be written doesn't hold up the end of the gateway", async () => {
  const { file, port, trouble } = await troubled();
  const world = await openWorld({
    file,
    scripts: { m: (_, signal) => hangs(signal, "On it") },
    options: { database: port },
  });
  await world.runtime.submit(turn("r1", "Work", { reply: route }), authorized);
  await until("it works", () => world.events.some(({ type }) => type === "text"));
  const from = trouble.writeCount;
  trouble.writes = (nth) => nth > from + 1; // the stop itself is written
  await world.runtime.abort({ sessionKey: "agent:main:main", stopReason: "stop" });
  await until("its end can't be written", () => trouble.writeCount > from + 1);
  await world.runtime.close();
  trouble.writes = () => false;
  const again = await openWorld({ file, clock: world.clock });
  expect(await again.runtime.wait("r1", 60_000)).toMatchObject({ ending: { state: "aborted", stopReason: "stop" } });
  expect(again.backend.requests).toEqual([]);
});
