import { copyFile, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SqliteDatabase, SqliteStore } from "../src/index.ts";

const notes = {
  name: "notes",
  versions: ["CREATE TABLE notes (seq INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT"],
};

async function makeFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-database-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "state", "state.db");
}

function openDatabase(file: string, parts = [notes], now = Date.now): SqliteDatabase {
  const database = new SqliteDatabase({ file, parts, now });
  onTestFinished(() => database.close());
  return database;
}

test("sqlite database: what a transaction changed is there for whoever opens the file next", async () => {
  const file = await makeFile();
  const first = openDatabase(file);
  await first.write((sql) => sql.run("INSERT INTO notes (text) VALUES (?)", "one"));
  await first.close();
  const second = openDatabase(file);
  expect(await second.read((sql) => sql.all("SELECT text FROM notes"))).toEqual([{ text: "one" }]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("sqlite database: a transaction that fails undoes itself, and nothing of those beside it", async () => {
  const database = openDatabase(await makeFile());
  const results = await Promise.allSettled([
    database.write((sql) => sql.run("INSERT INTO notes (text) VALUES (?)", "kept")),
    database.write((sql) => {
      sql.run("INSERT INTO notes (text) VALUES (?)", "undone");
      sql.run("INSERT INTO notes (text) VALUES (?)", "kept");
    }),
    database.write((sql) => {
      sql.run("INSERT INTO notes (text) VALUES (?)", "undone too");
      throw new Error("a decision");
    }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(await database.read((sql) => sql.all("SELECT text FROM notes"))).toEqual([{ text: "kept" }]);
});

test("sqlite database: a part is brought to its newest version, keeping what it held", async () => {
  const file = await makeFile();
  const old = openDatabase(file);
  await old.write((sql) => sql.run("INSERT INTO notes (text) VALUES ('one')"));
  await old.close();
  const newer = { name: "notes", versions: [...notes.versions, "ALTER TABLE notes ADD COLUMN mood TEXT"] };
  const database = openDatabase(file, [newer]);
  expect(await database.read((sql) => sql.all("SELECT text, mood FROM notes"))).toEqual([{ text: "one", mood: null }]);
  await database.close();
  const older = openDatabase(file);
  await expect(older.read((sql) => sql.all("SELECT 1"))).rejects.toMatchObject({ code: "invalid" });
});

test("sqlite database: it shares its file with a store", async () => {
  const file = await makeFile();
  const store = new SqliteStore({ file });
  onTestFinished(() => store.close());
  const table = store.table("kept", { parse: (json) => json as string, maxRows: 10, maxBytes: 1_000 });
  await table.put("a", "in the store");
  const database = openDatabase(file);
  await database.write((sql) => sql.run("INSERT INTO notes (text) VALUES ('beside it')"));
  expect(await table.get("a")).toBe("in the store");
});

test("sqlite database: a write is flushed, alone or with others, unless all that share its transaction may wait", async () => {
  const file = await makeFile();
  const database = openDatabase(file);
  const full = 2;
  const normal = 1;
  const level = (sql: { get<Row>(text: string): Row | undefined }): number | undefined =>
    sql.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous;
  expect(await database.write(level)).toBe(full);
  expect(await database.write(level, { flush: "later" })).toBe(normal);
  expect(await Promise.all([database.write(level), database.write(level, { flush: "later" })])).toEqual([full, full]);
  await expect(
    database.write(
      () => {
        throw new Error("a decision");
      },
      { flush: "later" },
    ),
  ).rejects.toThrow("a decision");
  expect(await database.write(level)).toBe(full);
  // Whoever else has the file open sees it at once, as the next process would.
  await database.write((sql) => sql.run("INSERT INTO notes (text) VALUES ('soon')"), { flush: "later" });
  expect(await openDatabase(file).read((sql) => sql.all("SELECT text FROM notes"))).toEqual([{ text: "soon" }]);
});

test("sqlite database: what the work itself throws reaches its caller as it is, and what SQLite refuses as a failure of the store", async () => {
  const database = openDatabase(await makeFile());
  const decision = Object.assign(new Error("a decision"), { code: "no" });
  const decide = (): never => {
    throw decision;
  };
  await expect(database.write(decide)).rejects.toBe(decision);
  await expect(database.read(decide)).rejects.toBe(decision);
  const mistaken = (sql: { run(text: string): unknown }): unknown => sql.run("INSERT INTO nowhere VALUES (1)");
  await expect(database.write(mistaken)).rejects.toMatchObject({ name: "StoreError", code: "io" });
});

test("[store:acknowledged-is-kept] sqlite database: a moment after its file was deleted or replaced nothing is acknowledged any more", async () => {
  const file = await makeFile();
  let nowMs = 0;
  const database = openDatabase(file, [notes], () => nowMs);
  const note = (text: string) => {
    nowMs += 250;
    return database.write((sql) => sql.run("INSERT INTO notes (text) VALUES (?)", text));
  };
  await note("kept");
  await rename(file, `${file}.away`);
  await expect(note("lost")).rejects.toMatchObject({
    code: "io",
    message: expect.stringMatching(/was deleted or moved.*Put the file back, or restart/s),
  });
  await copyFile(`${file}.away`, file);
  await expect(note("lost too")).rejects.toMatchObject({ code: "io", message: expect.stringContaining("replaced") });
  await rename(`${file}.away`, file);
  await note("kept again");
  await database.close();
  expect(await openDatabase(file).read((sql) => sql.all("SELECT text FROM notes"))).toEqual([
    { text: "kept" },
    { text: "kept again" },
  ]);
});
