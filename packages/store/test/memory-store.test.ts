import { MemoryStore } from "../src/index.ts";
import { describeDocuments } from "./suites/document-behaviour.ts";

/** Opening again means the same object here: what is in memory is not seen from elsewhere. */
async function memoryEngine() {
  const store = new MemoryStore();
  return { open: async () => store, remove: () => store.close() };
}

describeDocuments("memory documents", memoryEngine);
