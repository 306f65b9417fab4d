import { expect, test } from "vitest";
import { withWellKnownProviders } from "../src/index.ts";

test("[models:well-known] a key in the environment is enough for the services that everybody knows", () => {
  expect(withWellKnownProviders([], { ANTHROPIC_API_KEY: "k1", OPENAI_API_KEY: "" })).toEqual([
    { id: "anthropic", api: "anthropic-messages", baseUrl: "https://api.anthropic.com/v1", apiKey: "k1", models: [] },
  ]);
});

test("[models:well-known] what is configured stays, and a key of the environment goes to its own service alone", () => {
  const own = {
    id: "openai",
    api: "openai-completions" as const,
    baseUrl: "https://api.openai.com/v1",
    models: [{ id: "m" }],
  };
  const elsewhere = { ...own, baseUrl: "http://127.0.0.1:9/v1" };
  expect(withWellKnownProviders([own], { OPENAI_API_KEY: "k" })).toEqual([{ ...own, apiKey: "k" }]);
  expect(withWellKnownProviders([{ ...own, apiKey: "mine" }], { OPENAI_API_KEY: "k" })).toEqual([
    { ...own, apiKey: "mine" },
  ]);
  expect(withWellKnownProviders([elsewhere], { OPENAI_API_KEY: "k" })).toEqual([elsewhere]);
});
