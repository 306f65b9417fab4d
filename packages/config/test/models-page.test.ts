import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configuredAgents, decodeConfig } from "../src/index.ts";

const page = await readFile(new URL("../../../docs/models.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^## (.+)\n(?:(?!^## )[\s\S])*?```json5\n([\s\S]*?)```/gm)].map(
  ([, title = "", text = ""]) => ({ title, text }),
);

test("[models:page] docs/models.md: has an example for every kind of provider, and for what else it tells", () => {
  expect(examples.map(({ title }) => title)).toEqual([
    "Services that everybody knows",
    "Ollama",
    "LM Studio",
    "vLLM",
    "Any server that speaks OpenAI's language",
    "Anthropic, and servers that speak its language",
    "What may be used up",
    "Which tools agents have",
  ]);
});

test.each(examples)("[models:page] docs/models.md: the example of $title is a configuration", async ({ text }) => {
  const env = { VLLM_API_KEY: "k1", HOUSE_LLM_KEY: "k2", HOUSE_TEAM: "k3", ANTHROPIC_API_KEY: "k4" };
  const decoded = await decodeConfig(text, { fileName: "saltgate.json", env });
  if (!decoded.ok) throw new Error(decoded.problems.map(({ message }) => message).join("\n"));
  expect(decoded.warnings).toEqual([]);
  const { providers } = decoded.config.models;
  const known = Object.entries(providers).flatMap(([id, { models }]) => models.map((model) => `${id}/${model.id}`));
  const [agent] = configuredAgents(decoded.config);
  const chosen = [agent?.model.primary ?? [], agent?.model.fallbacks ?? []].flat();
  if (known.length > 0) expect(known).toEqual(expect.arrayContaining(chosen));
});
