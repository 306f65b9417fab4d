import type { createAnthropic } from "@ai-sdk/anthropic";
import type { ModelProvider } from "./models-options.ts";

/** A model as the AI SDK's providers make it. */
export type SdkModel = ReturnType<ReturnType<typeof createAnthropic>>;
export type SdkCall = Parameters<SdkModel["doStream"]>[0];
export type SdkPrompt = SdkCall["prompt"];
export type SdkMessage = SdkPrompt[number];
export type SdkPart =
  Awaited<ReturnType<SdkModel["doStream"]>>["stream"] extends ReadableStream<infer Part> ? Part : never;
export type SdkUsage = Extract<SdkPart, { type: "finish" }>["usage"];

/** What stands in for a key where a server asks for none; the SDK would look for one in the environment otherwise. */
const NO_KEY = "none";

/** What the SDK knows OpenAI's language by. It gives some names a meaning of their own; this one has none. */
export const SDK_PROVIDER = "saltgate";

/**
 * Makes a model. Loads the provider's part of the SDK at its first use, and never before: it costs some 70 ms.
 * The provider's models are called directly: one request, no retry, no tool is run, nothing is logged.
 */
export async function sdkModel(
  provider: ModelProvider,
  model: string,
  fetch: typeof globalThis.fetch,
): Promise<SdkModel> {
  const { baseUrl: baseURL, apiKey, headers = {} } = provider;
  if (provider.api === "anthropic-messages") {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic({ baseURL, apiKey: apiKey ?? NO_KEY, headers, fetch })(model);
  }
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  return createOpenAICompatible({
    name: SDK_PROVIDER,
    baseURL,
    headers,
    fetch,
    includeUsage: true,
    ...(apiKey !== undefined && { apiKey }),
    transformRequestBody: (body) => bodyFor(new URL(baseURL).hostname, body),
  })(model);
}

type Body = Readonly<Record<string, unknown>>;

/** Services that think aloud under a name of their own, and refuse every field that they don't know. */
const REFUSE_REASONING: ReadonlySet<string> = new Set([
  "api.groq.com",
  "api.mistral.ai",
  "api.cerebras.ai",
  "generativelanguage.googleapis.com",
]);

/** What is asked, as the service at an address takes it. Pure. */
export function bodyFor(hostname: string, body: Body): Record<string, unknown> {
  if (hostname === "api.openai.com") return withCompletionTokens(body);
  return REFUSE_REASONING.has(hostname) ? withoutReasoning(body) : { ...body };
}

/** OpenAI's own models that reason refuse the older name of this bound. */
function withCompletionTokens({ max_tokens: max, ...body }: Body): Record<string, unknown> {
  return max === undefined ? body : { ...body, max_completion_tokens: max };
}

function withoutReasoning({ messages, ...body }: Body): Record<string, unknown> {
  const said = Array.isArray(messages) ? (messages as readonly Body[]) : [];
  const fields = (message: Body) => Object.entries(message).filter(([name]) => name !== "reasoning_content");
  return { ...body, messages: said.map((message) => Object.fromEntries(fields(message))) };
}
