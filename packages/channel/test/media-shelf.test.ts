import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MediaShelf, type MediaShelfOptions } from "../src/index.ts";
import { makeDirectory } from "./worlds.ts";

const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(7);

async function makeShelf(options: Partial<MediaShelfOptions> = {}) {
  const root = await makeDirectory();
  const directory = join(root, "media");
  const shelf = new MediaShelf({ directory, now: Date.now, ...options });
  /** Puts a file, and makes it so many seconds old. */
  const putOld = async (count: number, ageS: number): Promise<string> => {
    const id = await shelf.put(bytes(count));
    const at = new Date(Date.now() - ageS * 1_000);
    await utimes(join(directory, id), at, at);
    return id;
  };
  return { root, directory, shelf, putOld };
}

test("[channels:media-shelf] media shelf: what is put is found under a name of ours, 0600 in 0700, until it is let go", async () => {
  const { shelf, directory } = await makeShelf();
  const id = await shelf.put(bytes(3));
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect([...(await shelf.get(id))]).toEqual([7, 7, 7]);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, id))).mode & 0o777).toBe(0o600);
  await shelf.remove(id);
  await shelf.remove(id);
  await expect(shelf.get(id)).rejects.toThrow(/ENOENT/);
});

test("[channels:media-shelf] media shelf: no name is ever a path", async () => {
  const { shelf, root } = await makeShelf();
  await shelf.put(bytes(1));
  await writeFile(join(root, "secret"), "secret");
  const id = "3f2b8c1e-0000-4000-8000-000000000000";
  for (const name of [
    "../secret",
    "",
    ".",
    "/etc/passwd",
    `${id}/../../secret`,
    `${id}\0`,
    id.toUpperCase(),
    `${id}.tmp`,
    ` ${id}`,
  ]) {
    await expect(shelf.get(name), name).rejects.toThrow(TypeError);
    await shelf.remove(name);
  }
  expect((await stat(join(root, "secret"))).size).toBe(6);
});

test("[channels:media-shelf] media shelf: the oldest go when there are too many, or too many bytes", async () => {
  const few = await makeShelf({ maxFiles: 2 });
  const [a, b] = [await few.putOld(1, 30), await few.putOld(1, 20)];
  const c = await few.putOld(1, 10);
  expect((await readdir(few.directory)).toSorted()).toEqual([b, c].toSorted());
  await expect(few.shelf.get(a)).rejects.toThrow();

  const small = await makeShelf({ maxBytes: 100 });
  await small.putOld(40, 30);
  const kept = await small.putOld(40, 20);
  const last = await small.shelf.put(bytes(60));
  expect((await readdir(small.directory)).toSorted()).toEqual([kept, last].toSorted());
});

test("[channels:media-shelf] media shelf: a file that is larger than all of it is refused, and pushes nothing out", async () => {
  const { shelf } = await makeShelf({ maxBytes: 100 });
  const id = await shelf.put(bytes(50));
  await expect(shelf.put(bytes(101))).rejects.toMatchObject({ name: "StoreError", code: "too-large" });
  expect(await shelf.get(id)).toHaveLength(50);
});

test("[channels:media-shelf] media shelf: what is too old goes, and what a crash left behind", async () => {
  const { shelf, directory, putOld } = await makeShelf({ maxAgeMs: 60_000 });
  await putOld(1, 120);
  const left = join(directory, "3f2b8c1e-0000-4000-8000-000000000000.abcdef012345.tmp");
  await writeFile(left, "half");
  const at = new Date(Date.now() - 120_000);
  await utimes(left, at, at);
  await writeFile(join(directory, "not ours"), "stays");
  await utimes(join(directory, "not ours"), at, at);
  const young = await shelf.put(bytes(1));
  expect((await readdir(directory)).toSorted()).toEqual([young, "not ours"].toSorted());
});

test("[channels:media-shelf] media shelf: many at once stay within the bounds, and none is lost on the way", async () => {
  const { shelf, directory } = await makeShelf({ maxFiles: 5 });
  const ids = await Promise.all(Array.from({ length: 30 }, () => shelf.put(bytes(10))));
  const left = await readdir(directory);
  expect(left).toHaveLength(5);
  expect(left.every((name) => ids.includes(name))).toBe(true);
});
