import { spawn } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FileJournalOptions, memoryJournal, openFileJournal } from "../src/index.ts";
import { decodeLine, encodeLine } from "../src/journal/journal-lines.ts";
import { judgeRepeat } from "../src/repeat.ts";

const digest = "a".repeat(64);
const done = { ok: true, payloadJSON: '{"exitCode":0}' } as const;

async function folder(): Promise<AsyncDisposable & { file: string; path: string }> {
  const path = await mkdtemp(join(tmpdir(), "saltgate-journal-"));
  return {
    path,
    file: join(path, "node", "journal.jsonl"),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

describe("journal", () => {
  test("[node-host:journal] journal: what began and what came of it is there after a restart, in a file of its owner alone", async () => {
    await using at = await folder();
    const first = await openFileJournal(at.file, { now: () => 1_000 });
    await first.begin({ key: "a", digest, command: "system.run" });
    await first.end("a", done);
    await first.begin({ key: "b", digest, command: "system.run" });
    await first.close();
    const second = await openFileJournal(at.file, { now: () => 2_000 });
    expect(second.find("a")).toEqual({ key: "a", digest, command: "system.run", beganAtMs: 1_000, outcome: done });
    expect(second.find("b")?.outcome).toBe("unknown");
    expect(second.find("c")).toBeUndefined();
    await second.close();
    expect((await stat(at.file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(at.path, "node"))).mode & 0o777).toBe(0o700);
  });

  test("[node-host:outcome-unknown] journal: a repeat of what was cut off is told so and not run again", () => {
    const remembered = { key: "k", digest, command: "system.run", beganAtMs: 1, outcome: "unknown" } as const;
    expect(judgeRepeat(digest, undefined, remembered)).toMatchObject({
      do: "answer",
      outcome: { ok: false, error: { code: "UNAVAILABLE", message: expect.stringMatching(/^OUTCOME_UNKNOWN: /) } },
    });
    expect(judgeRepeat(digest, undefined, { ...remembered, outcome: "not-kept" })).toMatchObject({
      outcome: { error: { message: expect.stringMatching(/^OUTCOME_NOT_KEPT: /) } },
    });
    expect(judgeRepeat("b".repeat(64), undefined, remembered)).toMatchObject({
      outcome: { error: { code: "INVALID_REQUEST" } },
    });
  });

  test("journal: a torn last line is no line, and doesn't swallow the next one", async () => {
    await using at = await folder();
    const first = await openFileJournal(at.file);
    await first.begin({ key: "a", digest, command: "x.y" });
    await first.begin({ key: "b", digest, command: "x.y" });
    await first.close();
    const { size } = await stat(at.file);
    await truncate(at.file, size - 10);
    const second = await openFileJournal(at.file);
    expect(second.find("a")).toBeDefined();
    expect(second.find("b")).toBeUndefined();
    await second.begin({ key: "c", digest, command: "x.y" });
    await second.close();
    const third = await openFileJournal(at.file);
    expect([third.find("a"), third.find("c")].every((entry) => entry !== undefined)).toBe(true);
    await third.close();
    expect(await readdir(join(at.path, "node"))).toEqual(["journal.jsonl"]);
  });

  test("journal: lines that can't be read are told of, and a copy stays", async () => {
    await using at = await folder();
    const first = await openFileJournal(at.file);
    await first.begin({ key: "a", digest, command: "x.y" });
    await first.close();
    await appendFile(at.file, 'garbage\n{"is":"begun","key":7}\n');
    const log: unknown[] = [];
    const second = await openFileJournal(at.file, { now: () => 7, log: (...line) => log.push(line) });
    expect(log).toEqual([
      ["error", expect.stringContaining("can't be read"), { unreadable: 2, copy: `${at.file}.corrupt-7` }],
    ]);
    expect(second.find("a")).toBeDefined();
    await second.close();
    expect(await readFile(`${at.file}.corrupt-7`, "utf8")).toContain("garbage");
    expect(await readFile(at.file, "utf8")).not.toContain("garbage");
  });

  test("journal: a file that can't be read at all is an error, not an empty journal", async () => {
    await using at = await folder();
    await writeFile(at.path.replace(/$/, "/flat"), "");
    await expect(openFileJournal(join(at.path, "flat", "journal.jsonl"))).rejects.toThrow();
  });

  test.each(["memory", "file"] as const)("journal: it is bounded in time, number and size (%s)", async (kind) => {
    await using at = await folder();
    let now = 0;
    const limits: FileJournalOptions = {
      ttlMs: 1_000,
      maxEntries: 3,
      maxAnswerChars: 50,
      maxAllAnswersChars: 60,
      now: () => now,
    };
    const journal = kind === "file" ? await openFileJournal(at.file, limits) : memoryJournal(limits);
    const run = async (key: string, payloadJSON?: string): Promise<void> => {
      await journal.begin({ key, digest, command: "x.y" });
      if (payloadJSON !== undefined) await journal.end(key, { ok: true, payloadJSON });
    };
    await run("large", "x".repeat(51));
    expect(journal.find("large")?.outcome).toBe("not-kept");
    await run("a", "a".repeat(40));
    await run("b", "b".repeat(40));
    expect(journal.find("a")?.outcome).toBe("not-kept");
    expect(journal.find("b")?.outcome).toMatchObject({ ok: true });
    await run("open");
    await run("c", "c");
    expect(journal.find("large")).toBeUndefined(); // the oldest that has ended went first
    await run("d", "d");
    await run("e", "e");
    expect(journal.find("open")?.outcome).toBe("unknown"); // what may still run is forgotten last
    now = 1_001;
    expect(journal.find("e")).toBeUndefined();
    await journal.close();
  });

  test("journal: a file that grows is written anew without what is over", async () => {
    await using at = await folder();
    const journal = await openFileJournal(at.file, { maxEntries: 5, maxFileBytes: 4_096 });
    for (let round = 0; round < 200; round += 1) {
      await journal.begin({ key: `k${round}`, digest, command: "x.y" });
      await journal.end(`k${round}`, done);
      expect((await stat(at.file)).size).toBeLessThan(5_500);
    }
    await journal.close();
    const again = await openFileJournal(at.file, { maxEntries: 5 });
    expect(again.find("k199")?.outcome).toEqual(done);
    await again.close();
  });

  test("journal: many beginnings at once all are on disk when they are told so", async () => {
    await using at = await folder();
    const journal = await openFileJournal(at.file);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => journal.begin({ key: `k${index}`, digest, command: "x.y" })),
    );
    const lines = (await readFile(at.file, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(100);
    await journal.close();
    await expect(journal.begin({ key: "late", digest, command: "x.y" })).rejects.toThrow(/closed/);
  });

  test("[node-host:journal] journal: what was begun before a kill -9 is known to have begun after it, again and again", async () => {
    await using at = await folder();
    const begun = new Set<string>();
    const ended = new Set<string>();
    for (const lines of [3, 8, 21]) {
      const child = spawn(
        process.execPath,
        ["--conditions=@saltgate/source", join(import.meta.dirname, "children/journal-child.ts"), at.file],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const over = new Promise((resolve) => child.once("close", resolve));
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.split("\n").length > lines) child.kill("SIGKILL");
      });
      await over;
      for (const line of text.split("\n").slice(0, -1)) {
        const [what, key = ""] = line.split(" ");
        (what === "begun" ? begun : ended).add(key);
      }
    }
    const journal = await openFileJournal(at.file);
    expect(begun.size).toBeGreaterThan(10);
    for (const key of begun) expect(journal.find(key), key).toBeDefined();
    for (const key of ended) expect(journal.find(key)?.outcome, key).toMatchObject({ ok: true });
    await journal.close();
  });

  test("journal: lines survive the way to the file and back, and no text makes reading throw", () => {
    const outcome = fc.oneof(
      fc.constant("not-kept" as const),
      fc.record({ ok: fc.constant(true as const), payloadJSON: fc.string() }),
      fc.record({ ok: fc.constant(false as const), error: fc.record({ code: fc.string(), message: fc.string() }) }),
    );
    const line = fc.oneof(
      fc.record({
        is: fc.constant("begun" as const),
        key: fc.string(),
        digest: fc.string(),
        command: fc.string(),
        atMs: fc.nat(),
      }),
      fc.record({ is: fc.constant("ended" as const), key: fc.string(), outcome }),
    );
    fc.assert(
      fc.property(line, (each) => {
        const text = encodeLine(each);
        expect(text.indexOf("\n")).toBe(text.length - 1);
        expect(decodeLine(text)).toEqual(each);
      }),
    );
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeLine(text)));
  });
});
