import { once } from "node:events";
import { chmod, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore, updateDocument } from "../src/index.ts";
import { auditShape } from "./suites/audit-shape.ts";
import { killAtRandom, seeded, startChild } from "./suites/child-processes.ts";
import { counterShape } from "./suites/counter-shape.ts";
import { describeDocuments } from "./suites/document-behaviour.ts";
import { describeRecords } from "./suites/record-behaviour.ts";

async function sqliteEngine() {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  const clock = { nowMs: 1_000 };
  return {
    clock,
    open: async () => new SqliteStore({ file: join(directory, "state.db"), now: () => clock.nowMs }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

describeDocuments("sqlite documents", sqliteEngine);
describeRecords("sqlite records", sqliteEngine);

async function makeFile(): Promise<{ directory: string; file: string }> {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { directory, file: join(directory, "state", "state.db") };
}

function openStore(file: string, options: Partial<ConstructorParameters<typeof SqliteStore>[0]> = {}): SqliteStore {
  const store = new SqliteStore({ file, ...options });
  onTestFinished(() => store.close());
  return store;
}

test("sqlite store: nothing is created before the first use", async () => {
  const { directory, file } = await makeFile();
  const store = openStore(file);
  store.document("counter", counterShape);
  store.log("audit", auditShape);
  expect(await readdir(directory)).toEqual([]);
});

test("[store:modes] sqlite store: the database and its helper files are 0600 in a folder 0700", async () => {
  const { file, directory } = await makeFile();
  await openStore(file).log("audit", auditShape).append("x");
  const names = await readdir(join(directory, "state"));
  expect(names.toSorted()).toEqual(["state.db", "state.db-shm", "state.db-wal"]);
  for (const name of names) expect((await stat(join(directory, "state", name))).mode & 0o777, name).toBe(0o600);
  expect((await stat(join(directory, "state"))).mode & 0o777).toBe(0o700);
});

test("[store:modes] sqlite store: a database that others could read is closed to them", async () => {
  const { file } = await makeFile();
  const first = openStore(file);
  await first.log("audit", auditShape).append("x");
  await first.close();
  await chmod(file, 0o644);
  await openStore(file).log("audit", auditShape).read();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("sqlite store: commits are flushed before they are acknowledged", async () => {
  const { file } = await makeFile();
  const store = openStore(file);
  await store.log("audit", auditShape).append("x");
  const beside = new DatabaseSync(file);
  expect(beside.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  beside.close();
});

test("[R-57] sqlite store: a file that is no database is an error, and stays as it is", async () => {
  const { directory } = await makeFile();
  const file = join(directory, "state.db");
  const content = "this is no database, and somebody may want it back".repeat(100);
  await writeFile(file, content);
  const store = openStore(file);
  await expect(store.document("counter", counterShape).read()).rejects.toMatchObject({ code: "corrupt", path: file });
  await expect(store.log("audit", auditShape).append("x")).rejects.toMatchObject({ code: "corrupt" });
  expect(await readFile(file, "utf8")).toBe(content);
});

test("[R-57] sqlite store: a database that was damaged is an error when the damage is met", async () => {
  const { file } = await makeFile();
  const first = openStore(file);
  const entries = Array.from({ length: 500 }, (_, index) => `entry ${index} ${"x".repeat(100)}`);
  await first.log("audit", auditShape).append("first", ...entries);
  await first.close();
  const raw = await open(file, "r+");
  const { size } = await raw.stat();
  await raw.write(Buffer.alloc(size - 4096, 0xab), 0, size - 4096, 4096);
  await raw.close();
  await expect(openStore(file).log("audit", auditShape).read({ limit: 1_000 })).rejects.toMatchObject({
    code: "corrupt",
  });
});

test("sqlite store: a database of another program, or of a newer version, is refused and left alone", async () => {
  const { directory } = await makeFile();
  const foreign = join(directory, "foreign.db");
  const database = new DatabaseSync(foreign);
  database.exec("CREATE TABLE theirs (x)");
  await expect(openStore(foreign).log("audit", auditShape).append("x")).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("belongs to another program"),
  });
  expect(database.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "theirs" }]);
  database.close();

  const newer = join(directory, "newer.db");
  const store = openStore(newer);
  await store.log("audit", auditShape).append("x");
  await store.close();
  const ours = new DatabaseSync(newer);
  ours.exec("PRAGMA user_version = 2");
  ours.close();
  await expect(openStore(newer).log("audit", auditShape).append("x")).rejects.toMatchObject({
    message: expect.stringContaining("newer version (2)"),
  });
});

test("sqlite store: waiting for another writer is bounded and doesn't block the event loop", async () => {
  const { file } = await makeFile();
  let nowMs = 0;
  let pauses = 0;
  const store = openStore(file, {
    now: () => nowMs,
    waitMs: 1_000,
    pause: async (ms) => {
      pauses += 1;
      nowMs += ms;
    },
  });
  const log = store.log("audit", auditShape);
  await log.append("x");
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  await expect(log.append("y")).rejects.toMatchObject({ code: "busy" });
  expect(pauses).toBeGreaterThan(5);
  expect((await log.read()).map(({ entry }) => entry)).toEqual(["x"]); // readers don't wait
  other.exec("ROLLBACK");
  other.close();
  expect(await log.append("z")).toBe(2);
});

test("sqlite store: one write that fails takes no other down with it", async () => {
  const { file } = await makeFile();
  const store = openStore(file);
  const document = store.document("counter", counterShape);
  const { revision } = await document.read();
  const results = await Promise.all([
    document.replace({ count: 1 }, revision),
    document.replace({ count: 2 }, revision),
    store.log("audit", auditShape).append("x"),
  ]);
  expect(results).toEqual([true, false, 1]);
  expect((await document.read()).value).toEqual({ count: 1 });
});

test("sqlite store: a listener hears of what another store on the same file wrote", async () => {
  const { file } = await makeFile();
  const mine = openStore(file).document("counter", counterShape);
  const theirs = openStore(file).document("counter", counterShape);
  await mine.read();
  const heard = new Promise<void>((resolve) => {
    mine.changed!(() => void mine.read().then(({ value }) => value.count === 1 && resolve()));
  });
  await updateDocument(theirs, () => ({ next: { count: 1 }, result: undefined }));
  await heard;
});

test("[store:updates-lose-nothing] sqlite processes: two that append at once lose nothing", async () => {
  const { file } = await makeFile();
  const children = [startChild("append.ts", file, "150"), startChild("append.ts", file, "150")];
  expect(await Promise.all(children.map((child) => once(child, "exit")))).toEqual([
    [0, null],
    [0, null],
  ]);
  const found = await openStore(file).log("audit", auditShape).read({ limit: 1_000 });
  expect(found.map(({ seq }) => seq)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
});

test("[store:survives-kill] sqlite processes: kill -9 at random moments loses no acknowledged entry", async () => {
  const { file } = await makeFile();
  const random = seeded(20_261_121);
  for (let round = 0; round < 6; round++) {
    const { acknowledged, exit } = await killAtRandom(startChild("append-until-killed.ts", file), random);
    expect(exit).toEqual([null, "SIGKILL"]);
    const store = openStore(file);
    const [newest] = await store.log("audit", auditShape).read({ order: "newest-first", limit: 1 });
    expect([acknowledged, acknowledged + 1], `round ${round}`).toContain(newest?.seq);
    await store.close();
  }
});
