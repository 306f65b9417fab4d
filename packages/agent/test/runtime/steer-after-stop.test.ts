import type { SqlDatabase } from "@saltgate/store";
import { expect, test } from "vitest";
import type { Tool } from "../../src/index.ts";
import { databaseFile, openDatabase } from "../session/world.ts";
import { calls, openWorld, says, turn, until } from "./world.ts";

const authorized = { commandAuthorized: true };

/** A world in which messages join the run that goes on, and that run calls one tool. */
function openSteered(file: string, database: SqlDatabase, onCall: () => Promise<void>): ReturnType<typeof openWorld> {
  const look: Tool = {
    description: { name: "look", description: "look", parameters: { type: "object" } },
    groups: [],
    ownerOnly: false,
    untrustedOutput: false,
    async call() {
      await onCall();
      return { content: [{ type: "text", text: "looked" }], isError: false };
    },
  };
  let steps = 0;
  return openWorld({
    file,
    scripts: { m: () => (steps++ === 0 ? calls(["c", "look"]) : says("done")) },
    tools: [look],
    change: (settings) => ({ ...settings, queue: { ...settings.queue, mode: "steer" } }),
    options: { database },
  });
}

test("[runs:steer] runtime: what is said after a stop doesn't join the run that is stopping, and is answered", async () => {
  const file = await databaseFile();
  const database = openDatabase(file);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: toolIsDone, resolve: toolDone } = Promise.withResolvers<void>();
  let holds = false;
  // The disk is slow with the result of the tool: while it is written the run is between two steps, and is stopped.
  const slow: SqlDatabase = {
    file,
    read: (work) => database.read(work),
    async write(work, options) {
      if (holds) {
        holds = false;
        toolDone();
        await released;
      }
      return database.write(work, options);
    },
    close: () => database.close(),
  };
  const world = await openSteered(file, slow, async () => {
    holds = true;
  });
  await world.runtime.submit(turn("r1", "Look"), authorized);
  await toolIsDone;
  await world.runtime.abort({ sessionKey: "agent:main:main", stopReason: "stop" });
  await world.runtime.submit(turn("r2", "Do this instead"), authorized);
  // Another session's turn is dealt out after it: then it waits.
  await world.runtime.submit(turn("r3", "Hello", { sessionKey: "agent:main:other" }), authorized);
  await world.runtime.wait("r3", 60_000);
  release();
  expect(await world.runtime.wait("r1", 60_000)).toMatchObject({ ending: { state: "aborted", stopReason: "stop" } });
  expect(await world.runtime.wait("r2", 60_000)).toMatchObject({ ending: { state: "final" }, text: "done" });
});

test("[runs:steer] runtime: a message whose joining can't be written at once isn't forgotten", async () => {
  const file = await databaseFile();
  const database = openDatabase(file);
  let writes = 0;
  let fails = 0;
  const full: SqlDatabase = {
    file,
    read: (work) => database.read(work),
    async write(work, options) {
      writes -= 1;
      // The first write after the tool is its result, the second is that of the message that joins.
      if (writes === 0) {
        fails += 1;
        throw new Error("the disk is full");
      }
      return database.write(work, options);
    },
    close: () => database.close(),
  };
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const world = await openSteered(file, full, async () => {
    await released;
    writes = 2;
  });
  await world.runtime.submit(turn("r1", "Look"), authorized);
  await until("the tool works", () => world.events.some((event) => event.type === "tool"));
  await world.runtime.submit(turn("r2", "and there"), authorized);
  await world.runtime.submit(turn("r3", "Hello", { sessionKey: "agent:main:other" }), authorized);
  await world.runtime.wait("r3", 60_000);
  release();
  await until("it can't be written", () => fails === 1);
  await until("it is tried again", () => {
    world.clock.move(1_000);
    return world.events.some(({ runId, type }) => runId === "r1" && type === "ended");
  });
  expect(await world.runtime.wait("r1", 60_000)).toMatchObject({ ending: { state: "final" } });
  expect(await world.runtime.wait("r2", 60_000)).toMatchObject({ ending: { state: "final" } });
});
