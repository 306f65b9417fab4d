import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileStore, joinStores, SqliteStore } from "../src/index.ts";
import { auditShape } from "./suites/audit-shape.ts";
import { describeDocuments } from "./suites/document-behaviour.ts";
import { describeRecords } from "./suites/record-behaviour.ts";

async function stateFolder() {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  const clock = { nowMs: 1_000 };
  return {
    directory,
    clock,
    open: async () =>
      joinStores({
        documents: new FileStore({ directory }),
        records: new SqliteStore({ file: join(directory, "state.db"), now: () => clock.nowMs }),
      }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

describeDocuments("state folder documents", stateFolder);
describeRecords("state folder records", stateFolder);

test("joined stores: a part that is never used leaves nothing behind", async () => {
  const { directory, open, remove } = await stateFolder();
  const store = await open();
  store.log("audit", auditShape);
  await store.close();
  expect(await readdir(directory)).toEqual([]);
  await remove();
});
