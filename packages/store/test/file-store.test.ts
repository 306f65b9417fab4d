import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileStore, nodeFileSystem, updateDocument, writeFileAtomically } from "../src/index.ts";
import { counterShape } from "./suites/counter-shape.ts";
import { describeDocuments } from "./suites/document-behaviour.ts";

async function fileEngine() {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  return {
    open: async () => new FileStore({ directory: join(directory, "state") }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

describeDocuments("file documents", fileEngine);

async function openFolder() {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  const store = new FileStore({ directory });
  onTestFinished(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, store, path: join(directory, "counter.json"), document: store.document("counter", counterShape) };
}

const set = (document: ReturnType<FileStore["document"]>, count: number): Promise<void> =>
  updateDocument(document, () => ({ next: { count }, result: undefined }));
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test("file store: a document is a pretty JSON file that people can read", async () => {
  const { directory, store } = await openFolder();
  await set(store.document("devices/paired", counterShape), 1);
  expect(await readFile(join(directory, "devices", "paired.json"), "utf8")).toBe('{\n  "count": 1\n}\n');
});

test("[store:modes] file store: files are 0600 and folders 0700, whatever they were before", async () => {
  const { directory, document, path, store } = await openFolder();
  await writeFile(path, '{"count":1}', { mode: 0o644 });
  await mkdir(join(directory, "devices"), { mode: 0o755 });
  await chmod(directory, 0o755);
  await document.read();
  expect(await modeOf(path)).toBe(0o600);
  await set(document, 2);
  await set(store.document("devices/paired", counterShape), 1);
  const paths = [path, join(directory, "devices", "paired.json"), directory, join(directory, "devices")];
  expect(await Promise.all(paths.map(modeOf))).toEqual([0o600, 0o600, 0o700, 0o700]);
});

test("file store: reading creates nothing", async () => {
  const { directory, store } = await openFolder();
  await store.document("devices/paired", counterShape).read();
  expect(await readdir(directory)).toEqual([]);
});

test("file store: a byte order mark from an editor doesn't matter", async () => {
  const { document, path } = await openFolder();
  await writeFile(path, '\uFEFF{"count":5}');
  expect((await document.read()).value).toEqual({ count: 5 });
});

test.each<[string, string | Uint8Array]>([
  ["empty", ""],
  ["cut off", '{"count":'],
  ["of another kind", "[]"],
  ["not UTF-8", Uint8Array.of(...new TextEncoder().encode('{"count":1,"note":"'), 0xff, 0x22, 0x7d)],
  ["too large", `{"count":1,"note":"${"x".repeat(1_001)}"}`],
  ["JSON5", "{count:1}"],
])("[R-57] file store: a file that is %s is an error, is kept, and is never overwritten", async (_what, content) => {
  const { directory, document, path } = await openFolder();
  await writeFile(path, content);
  for (let attempt = 0; attempt < 2; attempt++) {
    const reads = await Promise.allSettled([document.read(), document.read(), document.read()]);
    for (const read of reads) expect(read).toMatchObject({ status: "rejected", reason: { code: "corrupt", path } });
    await expect(set(document, 1)).rejects.toMatchObject({ code: "corrupt" });
    expect(await document.replace({ count: 1 }, "absent")).toBe(false);
  }
  expect(await readFile(path)).toEqual(Buffer.from(content));
  const copies = (await readdir(directory)).filter((name) => name.startsWith("counter.json.corrupt-"));
  expect(copies).toHaveLength(1);
  expect(await readFile(join(directory, copies[0]!))).toEqual(Buffer.from(content));
});

test("[R-57] file store: the error names the file, its copy and what to do, and never what is in it", async () => {
  const { document, path } = await openFolder();
  await writeFile(path, '{"token":"s3cret", oops');
  const error: Error = await document.read().then(
    () => new Error("read"),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/^.*counter\.json is damaged: .*copy: .*counter\.json\.corrupt-\d+.*Mend the file/s);
  expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.toContain("s3cret");
});

test("[R-57] file store: cutting a file off anywhere gains nobody an empty document", async () => {
  const { document, path } = await openFolder();
  await set(document, 12_345);
  const { size } = await stat(path);
  const whole = await readFile(path);
  for (let length = 0; length < size - 1; length++) {
    await writeFile(path, whole);
    await truncate(path, length);
    await expect(document.read(), `${length} of ${size} bytes`).rejects.toMatchObject({ code: "corrupt" });
  }
  await writeFile(path, whole.subarray(0, size - 1)); // only the final newline is missing
  expect((await document.read()).value).toEqual({ count: 12_345 });
});

test("[R-57] file store: mending the file, or moving it away, ends the error", async () => {
  const { directory, document, path } = await openFolder();
  await writeFile(path, "{");
  await expect(document.read()).rejects.toMatchObject({ code: "corrupt" });
  await writeFile(path, '{"count":8}');
  expect((await document.read()).value).toEqual({ count: 8 });
  await writeFile(path, "{");
  await expect(document.read()).rejects.toMatchObject({ code: "corrupt" });
  await rename(path, join(directory, "away"));
  expect((await document.read()).value).toEqual({ count: 0 });
  await set(document, 1);
});

test("[R-57] file store: a folder where a file should be is an error, not an empty document", async () => {
  const { document, path } = await openFolder();
  await mkdir(path);
  await expect(document.read()).rejects.toMatchObject({ code: "corrupt" });
});

test("file store: what another program writes is read, also twice within one tick of the clock", async () => {
  const { document, path } = await openFolder();
  for (let count = 10; count < 60; count++) {
    await writeFile(path, `{"count":${count}}`);
    expect((await document.read()).value).toEqual({ count });
  }
});

test("file store: a file that hasn't changed for a while isn't read again", async () => {
  const { directory, document } = await openFolder();
  await set(document, 1);
  let reads = 0;
  const readFile = (path: string): Promise<Uint8Array> => {
    reads += 1;
    return nodeFileSystem.readFile(path);
  };
  const later = new FileStore({
    directory,
    fileSystem: { ...nodeFileSystem, readFile },
    now: () => Date.now() + 60_000,
  }).document("counter", counterShape);
  const first = await later.read();
  expect((await later.read()).value).toBe(first.value);
  expect(reads).toBe(1);
  await set(document, 2);
  expect((await later.read()).value).toEqual({ count: 2 });
});

test("file store: a full disk acknowledges nothing, keeps the old document, and leaves nothing behind", async () => {
  const { directory, document } = await openFolder();
  await set(document, 1);
  const full: typeof nodeFileSystem = {
    ...nodeFileSystem,
    async create(path, mode) {
      const file = await nodeFileSystem.create(path, mode);
      if (path.includes(".lock")) return file;
      return {
        ...file,
        write: () => Promise.reject(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" })),
      };
    },
  };
  const store = new FileStore({ directory, fileSystem: full });
  await expect(set(store.document("counter", counterShape), 2)).rejects.toMatchObject({
    code: "io",
    message: expect.stringContaining("ENOSPC"),
  });
  expect((await document.read()).value).toEqual({ count: 1 });
  expect(await readdir(directory)).toEqual(["counter.json"]);
});

test("file store: what a crash left behind is swept, other files aren't", async () => {
  const { directory, store } = await openFolder();
  const leftovers = [
    "counter.json.0123456789ab.tmp",
    "counter.json.lock.0123456789ab.tmp",
    "counter.json.lock.aaaaaaaaaaaa",
  ];
  const others = ["counter.json.bak", "counter2.json.0123456789ab.tmp", "notes.tmp"];
  for (const name of [...leftovers, ...others]) await writeFile(join(directory, name), "x");
  await store.document("counter", counterShape).read();
  expect((await readdir(directory)).toSorted()).toEqual(others.toSorted());
});

test("file store: close waits for the write that was begun", async () => {
  const { directory, document, store } = await openFolder();
  const { revision } = await document.read();
  const writing = document.replace({ count: 1 }, revision);
  await store.close();
  expect(await readFile(join(directory, "counter.json"), "utf8")).toContain("1");
  expect(await writing).toBe(true);
});

test("file store: a listener hears of what another process wrote, by rename or in place", async () => {
  const { document, path } = await openFolder();
  const seen = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const stop = document.changed!(() => {
        void document.read().then(({ value }) => {
          if (value.count !== count) return;
          stop();
          resolve();
        });
      });
    });
  const first = seen(1);
  await writeFileAtomically(path, '{"count":1}');
  await first;
  const second = seen(2);
  await writeFile(path, '{"count":2}');
  await second;
});

test("file store: changes in one go are told once, changes of other files never", async () => {
  const { directory } = await openFolder();
  let tell: (name: string | undefined) => void = () => undefined;
  let watching = false;
  const store = new FileStore({
    directory,
    watchDirectory: (_directory, listener) => {
      tell = listener;
      watching = true;
      return () => {
        watching = false;
      };
    },
  });
  let calls = 0;
  let heard = (): void => undefined;
  const once = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  const begun = once();
  const stop = store.document("counter", counterShape).changed!(() => {
    calls += 1;
    heard();
  });
  await begun; // what happened before the watch stood
  const next = once();
  tell("other.json");
  for (let change = 0; change < 20; change++) tell("counter.json");
  await next;
  expect(calls).toBe(2);
  stop();
  tell("counter.json");
  expect(watching).toBe(false);
});

test("atomic file: it is written whole, private, and only if absent when asked", async () => {
  const { directory } = await openFolder();
  const path = join(directory, "new", "a.txt");
  expect(await writeFileAtomically(path, "one", { onlyIfAbsent: true })).toBe(true);
  expect(await writeFileAtomically(path, "two", { onlyIfAbsent: true })).toBe(false);
  expect(await readFile(path, "utf8")).toBe("one");
  expect(await writeFileAtomically(path, "three")).toBe(true);
  expect(await readFile(path, "utf8")).toBe("three");
  expect([await modeOf(path), await modeOf(join(directory, "new"))]).toEqual([0o600, 0o700]);
  expect(await readdir(join(directory, "new"))).toEqual(["a.txt"]);
});
