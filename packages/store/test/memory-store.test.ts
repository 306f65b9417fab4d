import { MemoryStore } from "../src/index.ts";
import { describeDocuments } from "./suites/document-behaviour.ts";
import { describeRecords } from "./suites/record-behaviour.ts";

/** Opening again means the same object here: what is in memory is not seen from elsewhere. */
async function memoryEngine() {
  const clock = { nowMs: 1_000 };
  const store = new MemoryStore({ now: () => clock.nowMs });
  return { open: async () => store, remove: () => store.close(), clock };
}

describeDocuments("memory documents", memoryEngine);
describeRecords("memory records", memoryEngine);
