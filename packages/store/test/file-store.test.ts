import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStore } from "../src/index.ts";
import { describeDocuments } from "./suites/document-behaviour.ts";

async function fileEngine() {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-store-"));
  return {
    open: async () => new FileStore({ directory: join(directory, "state") }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

describeDocuments("file documents", fileEngine);
