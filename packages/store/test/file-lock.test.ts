import fc from "fast-check";
import { expect, test } from "vitest";
import { FileLock, type FileLockOptions } from "../src/file-lock.ts";
import type { FileSystemPort, Liveness, ProcessIdentity } from "../src/index.ts";
import { livenessOf, ownIdentity } from "../src/process-identity.ts";
import { CrashFileSystem } from "./suites/crash-file-system.ts";

const path = "/paired.json.lock";
const identity = (pid: number): ProcessIdentity => ({ pid, startTime: "1", host: "here", boot: "1", namespace: "1" });

/** Every call of the file system happens when the scheduler says so: in any order between the processes. */
function scheduled(fileSystem: FileSystemPort, scheduler: fc.Scheduler): FileSystemPort {
  const inTurn =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await scheduler.schedule(Promise.resolve());
      return await call(...args);
    };
  return {
    readFile: inTurn((name) => fileSystem.readFile(name)),
    status: inTurn((name) => fileSystem.status(name)),
    create: inTurn((name, mode) => fileSystem.create(name, mode)),
    link: inTurn((from, to) => fileSystem.link(from, to)),
    rename: inTurn((from, to) => fileSystem.rename(from, to)),
    remove: inTurn((name) => fileSystem.remove(name)),
    list: inTurn((name) => fileSystem.list(name)),
    makeDirectory: inTurn((name, mode) => fileSystem.makeDirectory(name, mode)),
    setMode: inTurn((name, mode) => fileSystem.setMode(name, mode)),
    syncDirectory: inTurn((name) => fileSystem.syncDirectory(name)),
  };
}

async function writeFile(fileSystem: FileSystemPort, name: string, text: string): Promise<void> {
  const file = await fileSystem.create(name, 0o600);
  await file.write(new TextEncoder().encode(text));
  await file.close();
}

const holder = (pid: number, nonce: string, createdAtMs = 0): string =>
  JSON.stringify({ ...identity(pid), nonce, createdAtMs });

/** A lock whose clock only moves by waiting. Process 1 is dead, all others live. */
function lockOf(fileSystem: FileSystemPort, pid: number, options: Partial<FileLockOptions> = {}): FileLock {
  let nowMs = 1_000;
  return new FileLock({
    fileSystem,
    identity: identity(pid),
    liveness: (other): Liveness => (other.pid === 1 ? "dead" : "alive"),
    random: () => 0.5,
    now: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
    },
    ...options,
  });
}

test("[store:one-holder] lock: in every order of events there is one holder, also while a dead one's lock is taken over", async () => {
  const leftovers = fc.constantFrom<readonly (readonly [string, string])[]>(
    [],
    [[path, holder(1, "aaaaaaaaaaaa")]],
    [
      [path, holder(1, "aaaaaaaaaaaa")],
      [`${path}.aaaaaaaaaaaa`, holder(1, "bbbbbbbbbbbb")],
    ],
    [
      [path, holder(1, "aaaaaaaaaaaa")],
      [`${path}.aaaaaaaaaaaa`, holder(1, "bbbbbbbbbbbb")],
      [`${path}.aaaaaaaaaaaa.bbbbbbbbbbbb`, holder(1, "cccccccccccc")],
    ],
  );
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), leftovers, async (scheduler, files) => {
      const disk = new CrashFileSystem(() => 0);
      for (const [name, text] of files) await writeFile(disk, name, text);
      const fileSystem = scheduled(disk, scheduler);
      let inside = 0;
      let most = 0;
      let turns = 0;
      const work = async (): Promise<void> => {
        most = Math.max(most, ++inside);
        await scheduler.schedule(Promise.resolve());
        inside -= 1;
        turns += 1;
      };
      const pause = (): Promise<void> => scheduler.schedule(Promise.resolve());
      const takers = [2, 3, 4].map((pid) => lockOf(fileSystem, pid, { pause, now: () => 0 }).hold(path, work));
      await scheduler.waitFor(Promise.all(takers));
      expect({ most, turns }).toEqual({ most: 1, turns: 3 });
      expect(disk.paths()).not.toContain(path);
    }),
    { numRuns: 1_500 },
  );
});

test("lock: waiting for a living holder is bounded, and the error names the holder and the file", async () => {
  const disk = new CrashFileSystem(() => 0);
  await writeFile(disk, path, holder(7, "aaaaaaaaaaaa"));
  let pauses = 0;
  let nowMs = 0;
  const pause = async (ms: number): Promise<void> => {
    pauses += 1;
    nowMs += ms;
  };
  const lock = lockOf(disk, 2, { waitMs: 5_000, now: () => nowMs, pause });
  await expect(lock.hold(path, async () => undefined)).rejects.toMatchObject({
    code: "busy",
    path,
    message: expect.stringMatching(/held by process 7 on here.*remove that file/),
  });
  expect(nowMs).toBeGreaterThanOrEqual(5_000);
  expect(pauses).toBeLessThan(100); // no busy loop
  expect(disk.paths()).toEqual(["/", path]);
});

test.each([
  ["torn by a power cut", "{"],
  ["empty", ""],
  ["of an unknown kind", JSON.stringify({ pid: 7, nonce: "../../etc", createdAtMs: 0 })],
])("lock: one that is %s counts as dead when it is old, not before", async (_what, text) => {
  let nowMs = 0;
  const disk = new CrashFileSystem(() => nowMs);
  await writeFile(disk, path, text);
  const wait = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  const lock = lockOf(disk, 2, { now: () => nowMs, pause: wait, unknownOwnerMs: 15_000 });
  let takenAtMs = 0;
  await lock.hold(path, async () => {
    takenAtMs = nowMs;
  });
  expect(takenAtMs).toBeGreaterThan(15_000);
  expect(takenAtMs).toBeLessThan(16_000);
});

test("lock: who holds it and lives can be asked, without waiting", async () => {
  const disk = new CrashFileSystem(() => 0);
  const lock = lockOf(disk, 2);
  expect(await lock.livingHolder(path)).toBeUndefined();
  await lockOf(disk, 7).hold(path, async () => {
    expect(await lock.livingHolder(path)).toMatchObject({ pid: 7, host: "here" });
  });
  await writeFile(disk, path, holder(1, "aaaaaaaaaaaa"));
  expect(await lock.livingHolder(path)).toBeUndefined(); // process 1 is dead
  expect(disk.paths()).toContain(path); // asking takes nothing over
});

test("lock: a holder of whom nothing is known lives as long as its file is touched", async () => {
  let nowMs = 0;
  const disk = new CrashFileSystem(() => nowMs);
  const file = await disk.create(path, 0o600);
  await file.write(new TextEncoder().encode(holder(7, "aaaaaaaaaaaa")));
  const lock = lockOf(disk, 2, { now: () => nowMs, liveness: () => "unknown", unknownOwnerMs: 15_000 });
  nowMs = 14_000;
  await file.write(new Uint8Array()); // touched
  nowMs = 28_000;
  expect(await lock.livingHolder(path)).toMatchObject({ pid: 7 });
  nowMs = 30_000;
  expect(await lock.livingHolder(path)).toBeUndefined();
});

test("lock: it is free again after work that failed", async () => {
  const disk = new CrashFileSystem(() => 0);
  const lock = lockOf(disk, 2);
  await expect(lock.hold(path, () => Promise.reject(new Error("work")))).rejects.toThrow("work");
  expect(await lock.hold(path, async () => "again")).toBe("again");
});

test("process identity: this process lives, a pid without a process is dead, a reused pid is another process", () => {
  const own = ownIdentity();
  expect(livenessOf(own, own)).not.toBe("dead");
  expect(livenessOf({ ...own, pid: 2 ** 22 + 1 }, own)).toBe("dead");
  expect(livenessOf({ ...own, boot: "another" }, own)).toBe("dead");
  expect(livenessOf({ ...own, host: "elsewhere" }, own)).toBe("unknown");
  expect(livenessOf({ ...own, namespace: "another container" }, own)).toBe("unknown");
  if (own.startTime !== "") expect(livenessOf({ ...own, startTime: "1" }, own)).toBe("dead");
});
