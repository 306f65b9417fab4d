import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ModelRule } from "../../emulators/src/models/model-script.ts";
import { ours } from "./servers.ts";

/** A model API on loopback, in a process of its own. */
export interface ModelsProcess extends AsyncDisposable {
  /** Without a path. */
  readonly url: string;
}

/** Starts one that answers by these rules. */
export async function startModels(...rules: readonly ModelRule[]): Promise<ModelsProcess> {
  const main = join(import.meta.dirname, "../../emulators/src/models-main.ts");
  const child = ours(spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "inherit"] }));
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  child.stdin.write(`${JSON.stringify({ do: "script", rules })}\n`);
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "close");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** The configuration of a gateway that thinks with it. */
export function thinkingWith({ url }: ModelsProcess, maxConcurrent = 4): Readonly<Record<string, unknown>> {
  return {
    models: { providers: { emulated: { baseUrl: `${url}/v1`, api: "openai-completions", models: [{ id: "m" }] } } },
    agents: { defaults: { model: { primary: "emulated/m" }, maxConcurrent } },
  };
}
