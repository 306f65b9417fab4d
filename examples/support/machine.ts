import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const command = join(import.meta.dirname, "../../apps/cli/bin/saltgate.mjs");

/** Another machine, as far as Saltgate is concerned: a state folder of its own, which is gone afterwards. */
export interface StoryMachine extends AsyncDisposable {
  /** Runs a `saltgate` command there and gives what it says. Rejects with how it ended, when that isn't well. */
  saltgate(...words: string[]): Promise<string>;
  /** Starts `saltgate node run` there, and waits until it is connected. */
  startNode(): Promise<void>;
}

/** A new machine, with what may run on it (its `exec-approvals.json`); without that nothing may. */
export async function newMachine(approvals?: unknown): Promise<StoryMachine> {
  const stateDir = await mkdtemp(join(tmpdir(), "saltgate-story-"));
  if (approvals !== undefined)
    await writeFile(join(stateDir, "exec-approvals.json"), JSON.stringify(approvals), { mode: 0o600 });
  const env = { PATH: process.env["PATH"] ?? "", HOME: stateDir, SALTGATE_STATE_DIR: stateDir };
  const nodes: ChildProcess[] = [];
  const start = (words: readonly string[]): ChildProcess =>
    spawn(process.execPath, [command, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  return {
    saltgate: (...words) =>
      new Promise((resolve, reject) => {
        const child = start(words);
        let said = "";
        for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += String(chunk)));
        child.once("close", (code) =>
          code === 0 ? resolve(said) : reject(new Error(`${words.slice(0, 2).join(" ")} ended with ${code}: ${said}`)),
        );
      }),
    startNode: () =>
      new Promise((resolve, reject) => {
        const node = start(["node", "run"]);
        nodes.push(node);
        let said = "";
        node.stderr?.on("data", (chunk) => {
          said += String(chunk);
          if (/^Connected to /m.test(said)) resolve();
        });
        node.once("close", () => reject(new Error(`the node ended: ${said}`)));
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        nodes.map((node) => {
          const ended = new Promise((resolve) => (node.exitCode === null ? node.once("exit", resolve) : resolve(0)));
          node.kill("SIGTERM");
          return ended;
        }),
      );
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
