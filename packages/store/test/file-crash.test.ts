import { expect, test } from "vitest";
import { FileStore, type ProcessIdentity, updateDocument } from "../src/index.ts";
import { counterShape } from "./suites/counter-shape.ts";
import { CrashFileSystem, type CrashPoint, type Loss } from "./suites/crash-file-system.ts";

const losses: readonly Loss[] = ["killed", "power-cut", "power-cut-names-kept"];

interface World {
  nowMs: number;
}

/** A process on the disk `fileSystem`. Processes with a lower pid are dead. */
function startProcess(world: World, fileSystem: CrashFileSystem, pid: number) {
  const identity: ProcessIdentity = { pid, startTime: "1", host: "here", boot: "1", namespace: "1" };
  const store = new FileStore({
    directory: "/state",
    fileSystem,
    watchDirectory: () => () => undefined,
    now: () => world.nowMs,
    lock: {
      identity,
      liveness: (other) => (other.pid < pid ? "dead" : "alive"),
      random: () => 0.5,
      pause: async (ms) => {
        world.nowMs += ms;
      },
    },
  });
  return store.document("devices/paired", counterShape);
}

/** A disk on which the document has been written `times` times. */
async function diskWith(world: World, times: number): Promise<CrashFileSystem> {
  const disk = new CrashFileSystem(() => world.nowMs);
  const document = startProcess(world, disk, 1);
  for (let count = 1; count <= times; count++) {
    await updateDocument(document, () => ({ next: { count }, result: undefined }));
  }
  return disk.fork();
}

/** Every moment of one update at which the world can end. */
async function crashPoints(world: World, disk: CrashFileSystem): Promise<CrashPoint[]> {
  const rehearsal = disk.fork();
  await updateDocument(startProcess(world, rehearsal, 2), () => ({ next: { count: 99 }, result: undefined }));
  return rehearsal.operations.flatMap(({ bytes }, operation) =>
    Array.from({ length: Math.max(1, bytes) }, (_, written) => ({ operation, bytes: written })),
  );
}

test.each([
  ["a document that exists", 2],
  ["the first write of all", 0],
])(
  "[store:crash-at-any-byte] crash: at any operation and byte, %s is old or new afterwards, and nothing blocks",
  async (_what, times) => {
    const world: World = { nowMs: 1_000_000 };
    const disk = await diskWith(world, times);
    const points = await crashPoints(world, disk);
    expect(points.length).toBeGreaterThan(100);
    const outcomes = new Set<number>();
    for (const point of points) {
      for (const loss of losses) {
        const doomed = disk.fork(point);
        const update = updateDocument(startProcess(world, doomed, 2), () => ({
          next: { count: 99 },
          result: undefined,
        }));
        const acknowledged = await update.then(
          () => true,
          () => false,
        );
        const found = doomed.afterCrash(loss);
        const next = startProcess(world, found, 3);
        const { count } = (await next.read()).value;
        const where = `${JSON.stringify(point)} ${loss}`;
        expect(acknowledged ? [99] : [times, 99], where).toContain(count);
        outcomes.add(count);
        await updateDocument(next, (value) => ({ next: { count: value.count + 1 }, result: undefined }));
        expect((await next.read()).value, where).toEqual({ count: count + 1 });
        expect(found.paths(), where).toEqual(["/", "/state", "/state/devices", "/state/devices/paired.json"]);
      }
    }
    expect(outcomes).toEqual(new Set([times, 99])); // both happened: the crash points are not all before or all after
  },
);

test("[store:crash-at-any-byte] crash: what was acknowledged survives a power cut right after", async () => {
  for (const loss of losses) {
    const world: World = { nowMs: 1_000_000 };
    const disk = new CrashFileSystem(() => world.nowMs);
    await updateDocument(startProcess(world, disk, 1), () => ({ next: { count: 7 }, result: undefined }));
    expect((await startProcess(world, disk.afterCrash(loss), 2).read()).value).toEqual({ count: 7 });
  }
});

test("crash: two takers of a dead process's lock never both hold it", async () => {
  const world: World = { nowMs: 1_000_000 };
  const disk = await diskWith(world, 1);
  // The lock is on the disk when the process is killed right before its content is renamed into place.
  const rehearsal = disk.fork();
  await updateDocument(startProcess(world, rehearsal, 2), () => ({ next: { count: 99 }, result: undefined }));
  const operation = rehearsal.operations.findIndex(({ kind }) => kind === "rename");
  const doomed = disk.fork({ operation, bytes: 0 });
  const update = updateDocument(startProcess(world, doomed, 2), () => ({ next: { count: 99 }, result: undefined }));
  await expect(update).rejects.toThrow();
  const found = doomed.afterCrash("killed");
  expect(found.paths()).toContain("/state/devices/paired.json.lock");
  // One pid for all of them: to each, the others are alive and process 2 is dead.
  const alike = Array.from({ length: 5 }, () => startProcess(world, found, 3));
  await Promise.all(
    alike.map((taker) => updateDocument(taker, ({ count }) => ({ next: { count: count + 1 }, result: undefined }))),
  );
  expect((await alike[0]!.read()).value).toEqual({ count: 6 });
});

test("[store:modes] crash: folders are created 0700 and files 0600", async () => {
  const disk = await diskWith({ nowMs: 1_000_000 }, 1);
  expect(["/state", "/state/devices", "/state/devices/paired.json"].map((path) => disk.modeOf(path))).toEqual([
    0o700, 0o700, 0o600,
  ]);
});
