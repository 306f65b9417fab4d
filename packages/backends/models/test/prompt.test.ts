import type { TranscriptMessage } from "@saltgate/agent";
import { expect, test } from "vitest";
import { promptOf } from "../src/prompt.ts";
import { type SdkPart, sdkModel } from "../src/sdk-model.ts";
import { signatureIn } from "../src/thinking-signature.ts";
import { user } from "./support/world.ts";

const model = { provider: "p", model: "m" };

test("[models:thinking] prompt: thinking that came encrypted is kept as it is, and goes back as it was", () => {
  const part: SdkPart = {
    type: "reasoning-start",
    id: "0",
    providerMetadata: { anthropic: { redactedData: "c2VjcmV0" } },
  };
  const thinkingSignature = signatureIn(part);
  const message: TranscriptMessage = {
    role: "assistant",
    timestamp: 2,
    ...model,
    stopReason: "stop",
    content: [
      { type: "thinking", thinking: "", thinkingSignature: thinkingSignature! },
      { type: "thinking", thinking: "cut off" },
      { type: "text", text: "done" },
    ],
  };
  const prompt = promptOf(
    { system: "", messages: [user("go"), message, user("on")], model },
    { api: "anthropic-messages", model: { id: "m" } },
  );
  expect(prompt[1]?.content).toEqual([
    { type: "reasoning", text: "", providerOptions: { anthropic: { redactedData: "c2VjcmV0" } } },
    { type: "text", text: "done" },
  ]);
});

test("[models:prompt] prompt: OpenAI's own service is told the longest answer under the name that all of its models take", async () => {
  const bodies: Record<string, unknown>[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    bodies.push(JSON.parse(String(init?.body)) as Record<string, unknown>);
    return new Response("{}", { status: 500 });
  };
  for (const baseUrl of ["https://api.openai.com/v1", "https://other.example/v1"]) {
    const provider = { id: "p", api: "openai-completions" as const, baseUrl, models: [] };
    const sdk = await sdkModel(provider, "m", fetch);
    const prompt = promptOf({ system: "", messages: [user("go")], model }, { api: provider.api, model: { id: "m" } });
    await expect(sdk.doStream({ prompt, maxOutputTokens: 77 })).rejects.toThrow();
  }
  expect(bodies).toMatchObject([{ max_completion_tokens: 77 }, { max_tokens: 77 }]);
  expect(bodies[0]).not.toHaveProperty("max_tokens");
});

test("[models:repair] prompt: texts and results of blanks alone, which Anthropic refuses, are sent as nothing", () => {
  const call: TranscriptMessage = {
    role: "assistant",
    timestamp: 2,
    stopReason: "toolUse",
    content: [{ type: "toolCall", id: "a", name: "exec", arguments: {} }],
  };
  const result: TranscriptMessage = {
    role: "toolResult",
    toolCallId: "a",
    toolName: "exec",
    content: [{ type: "text", text: "\n" }],
    isError: false,
    timestamp: 3,
  };
  const image = { type: "image" as const, data: "aa", mimeType: "image/png" };
  const photo: TranscriptMessage = { role: "user", content: [{ type: "text", text: " " }, image], timestamp: 4 };
  const prompt = promptOf(
    { system: "", messages: [user("go"), call, result, photo, user(" \n")], model },
    { api: "anthropic-messages", model: { id: "m", input: ["text", "image"] } },
  );
  expect(prompt.slice(2)).toMatchObject([
    { role: "tool", content: [{ output: { type: "text", value: "(nothing)" } }] },
    { role: "user", content: [{ type: "file" }] },
    { role: "user", content: [{ type: "text", text: "(nothing)" }] },
  ]);
});
