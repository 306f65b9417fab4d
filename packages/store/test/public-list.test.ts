import { expect, test } from "vitest";
import * as store from "../src/index.ts";

test("store: the public list is exactly this", () => {
  expect(Object.keys(store).toSorted()).toEqual([
    "FileLock",
    "FileStore",
    "MemoryStore",
    "RunningLock",
    "SqliteDatabase",
    "SqliteStore",
    "StoreError",
    "StoreErrorCode",
    "defaultMaxDocumentBytes",
    "joinStores",
    "maxKeyBytes",
    "maxUpdateAttempts",
    "nodeFileSystem",
    "updateDocument",
    "writeFileAtomically",
  ]);
});
