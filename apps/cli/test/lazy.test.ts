import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { INSTALLED, Sandbox } from "../../../tests/support/sandbox.ts";

const hook = join(import.meta.dirname, "../../../tests/support/loaded-modules.mjs");

/** How the libraries are told by what is in the bundle: texts that each of them and nothing else holds. */
const MARKS = {
  fastify: "FST_ERR_",
  zod: "ZodError",
  pino: "buildSafeSonicBoom",
  websocket: "Sec-WebSocket-Accept",
} as const;

/** Runs the installed command and tells which libraries it loaded, and how many bytes of code. */
async function appetiteOf(words: readonly string[]): Promise<{ libraries: string[]; bytes: number }> {
  await using sandbox = await Sandbox.create();
  const file = sandbox.path("..", "loaded");
  const env = { ...sandbox.env, SALTGATE_LOADED_MODULES: file };
  await sandbox.run(words, { env, node: ["--import", hook, ...INSTALLED] });
  const addresses = (await readFile(file, "utf8")).trim().split("\n");
  const texts = await Promise.all(addresses.map((address) => readFile(fileURLToPath(address), "utf8")));
  const all = texts.join("\n");
  return {
    libraries: Object.entries(MARKS)
      .filter(([, mark]) => all.includes(mark))
      .map(([name]) => name),
    bytes: all.length,
  };
}

describe("lazy", () => {
  test.each([
    [["--version"]],
    [["--help"]],
    [["devices"]],
    [["devices", "--help"]],
    [["gateway", "--help"]],
    [["setup", "--help"]],
    [["completion", "bash"]],
    [["no-such-command"]],
    [["status", "--no-such-option"]],
  ])("[cli:lazy] cli: %j loads no library and less than 40 kB of code", async (words) => {
    const { libraries, bytes } = await appetiteOf(words);
    expect(libraries).toEqual([]);
    expect(bytes).toBeLessThan(40_000);
  });

  test.each([
    [["status"]],
    [["health"]],
    [["gateway", "status"]],
    [["gateway", "probe"]],
    [["devices", "list"]],
    [["setup", "--yes"]],
  ])("[cli:lazy] cli: %j with no gateway around loads nothing of the server", async (words) => {
    const { libraries } = await appetiteOf(words);
    expect(libraries).not.toContain("fastify");
    expect(libraries).not.toContain("pino");
  });

  test("[cli:lazy] cli: the marks are those of the libraries: a gateway has them all", async () => {
    const { libraries } = await appetiteOf([
      "gateway",
      "--bind",
      "tailnet",
      "--allow-unconfigured",
      "--token",
      "abcdefgh",
    ]);
    expect(libraries.sort()).toEqual(["fastify", "pino", "websocket", "zod"]);
  });
});
