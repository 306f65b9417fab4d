import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ExecApprovalsFile, type ExecApprovalsFileOptions, execApprovalsPath } from "../src/index.ts";

/** A folder of its own for one test, by its real path. */
export async function makeFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "saltgate-exec-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A state folder with an approvals file in it, or none. */
export async function makeState(content?: string | Uint8Array, options: Partial<ExecApprovalsFileOptions> = {}) {
  const folder = await makeFolder();
  const path = execApprovalsPath(folder);
  if (content !== undefined) await writeFile(path, content, { mode: 0o600 });
  let id = 0;
  const approvals = new ExecApprovalsFile({ path, now: () => 1_000, newId: () => `id${++id}`, ...options });
  return {
    folder,
    path,
    approvals,
    text: () => readFile(path, "utf8"),
    json: async () => JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>,
    names: async () => (await readdir(folder)).sort(),
  };
}
