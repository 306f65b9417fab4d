import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ModelsEmulator } from "../../../../tooling/emulators/src/models/models-emulator.ts";

const index = new URL("../src/index.ts", import.meta.url).href;
const package_ = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program and tells which modules of others it loaded. */
async function loadedBy(program: string): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) { if (url.includes("/node_modules/")) loaded.push(url); return next(url, context); } });
    const { createModelsBackend } = await import(${JSON.stringify(index)});
    ${program}
    console.log(JSON.stringify(loaded));`;
  const args = ["--conditions=@saltgate/source", "--no-warnings", "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: package_ });
  return JSON.parse(stdout) as readonly string[];
}

test("[models:lazy] nothing of the SDK is loaded before the first thought, and then one provider's part of it", async () => {
  await using emulator = await ModelsEmulator.start();
  const made = `
    const backend = createModelsBackend({ providers: [
      { id: "p", api: "openai-completions", baseUrl: ${JSON.stringify(`${emulator.url}/v1`)}, models: [{ id: "m" }] },
    ] });
    backend.models(); backend.serves({ provider: "p", model: "m" });`;
  expect((await loadedBy(made)).filter((url) => /ai-sdk|eventsource/.test(url))).toEqual([]);
  const thought = `${made}
    for await (const _ of backend.think({ runId: "r", sessionKey: "s", agentId: "a", model: { provider: "p", model: "m" },
      system: "", messages: [{ role: "user", content: [{ type: "text", text: "hi" }], timestamp: 1 }], tools: [],
      thinking: "off" }, new AbortController().signal));`;
  const loaded = await loadedBy(thought);
  expect(loaded.some((url) => url.includes("@ai-sdk/openai-compatible"))).toBe(true);
  expect(loaded.some((url) => url.includes("@ai-sdk/anthropic"))).toBe(false);
});
