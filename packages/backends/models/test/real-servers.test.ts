import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isBackendError, type TranscriptMessage } from "@saltgate/agent";
import { expect, test } from "vitest";
import { createModelsBackend, type ProviderApi } from "../src/index.ts";
import { remembered, request, textOf, thinkThrough, tool, user } from "./support/world.ts";

/** What a server answers, as it stands on the wire. */
interface Wire {
  readonly api?: ProviderApi;
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const events = (...data: readonly unknown[]): string =>
  data.map((one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`).join("");
const piece = (delta: unknown, finish: string | null = null): unknown => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta, finish_reason: finish }],
});

/** What becomes of one question to a server that answers so. */
async function ask(
  { api = "openai-completions", status = 200, type, headers, body }: Wire,
  messages: readonly TranscriptMessage[] = [user("go")],
) {
  let sent = "";
  const server = createServer((incoming, response) => {
    incoming.setEncoding("utf8").on("data", (part: string) => {
      sent += part;
    });
    incoming.on("end", () => {
      const isStream = status === 200 && type === undefined;
      response.writeHead(status, {
        "content-type": type ?? (isStream ? "text/event-stream" : "application/json"),
        ...headers,
      });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const backend = createModelsBackend({
    providers: [{ id: "emulated", api, baseUrl: `http://127.0.0.1:${port}/v1`, models: [{ id: "m" }] }],
  });
  try {
    const { events: told, error } = await thinkThrough(backend, request(messages, { tools: [tool] }));
    const calls = told.flatMap((event) => (event.type === "toolCall" ? [[event.name, event.arguments]] : []));
    const thinking = told.map((event) => (event.type === "thinking" ? event.delta : "")).join("");
    return { text: textOf(told), thinking, calls, error, told, sent };
  } finally {
    await backend.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const refusals: readonly (readonly [string, Wire, string, RegExp])[] = [
  [
    "Gemini, in a list: too long",
    {
      status: 400,
      body: '[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]',
    },
    "context_length",
    /\/compact/,
  ],
  [
    "Gemini, in a list: a wrong key",
    {
      status: 400,
      body: '[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]',
    },
    "auth",
    /models\.providers\.emulated\.apiKey/,
  ],
  [
    "Gemini, in a list: too fast",
    {
      status: 429,
      body: '[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.\\n* Quota exceeded for metric: generate_content_free_tier_requests, limit: 15\\nPlease retry in 36.5s.","status":"RESOURCE_EXHAUSTED"}}]',
    },
    "rate_limit",
    /retry in 36.5s/,
  ],
  [
    "OpenAI: no quota",
    {
      status: 429,
      body: '{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}',
    },
    "billing",
    /Top it up/,
  ],
  [
    "LM Studio: too long, as a bare text",
    {
      status: 400,
      body: '{"error":"Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens."}',
    },
    "context_length",
    /\/compact/,
  ],
  [
    "LM Studio, in a stream: a bare text",
    { body: `event: error\n${events({ error: "The model has crashed without additional information." })}` },
    "unavailable",
    /has crashed/,
  ],
  [
    "LM Studio, in a stream: too long",
    {
      body: `event: error\n${events({ error: { message: "The number of tokens to keep from the initial prompt is greater than the context length." } })}`,
    },
    "context_length",
    /\/compact/,
  ],
  [
    "Ollama: a model without tools",
    {
      status: 400,
      body: '{"error":{"message":"registry.ollama.ai/library/gemma:2b does not support tools","type":"api_error","param":null,"code":null}}',
    },
    "format",
    /tools\.byProvider/,
  ],
  [
    "vLLM: tools that are not switched on",
    {
      status: 400,
      body: '{"object":"error","message":"\\"auto\\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set","type":"BadRequestError","param":null,"code":400}',
    },
    "format",
    /--enable-auto-tool-choice/,
  ],
  [
    "vLLM: too long",
    {
      status: 400,
      body: '{"object":"error","message":"The decoder prompt (length 5000) is longer than the maximum model length of 4096.","type":"BadRequestError","code":400}',
    },
    "context_length",
    /\/compact/,
  ],
  [
    "FastAPI, in its own words",
    { status: 400, body: '{"detail":"This model\'s maximum context length is 4096 tokens."}' },
    "context_length",
    /\/compact/,
  ],
  [
    "llama.cpp: still loading",
    { status: 503, body: '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}' },
    "unavailable",
    /Loading model/,
  ],
  [
    "OpenRouter, in a stream: its provider is gone",
    {
      body: events(piece({ role: "assistant", content: "" }), {
        id: "c1",
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
        error: { code: 502, message: "Provider disconnected unexpectedly" },
      }),
    },
    "unavailable",
    /Provider disconnected/,
  ],
  [
    "OpenRouter, in a stream: too fast",
    { body: events({ error: { code: 429, message: "Rate limit exceeded" } }) },
    "rate_limit",
    /Rate limit exceeded/,
  ],
  [
    "vLLM, in a stream: too long",
    {
      body: events(
        {
          error: {
            object: "error",
            message: "This model's maximum context length is 4096 tokens.",
            type: "BadRequestError",
            code: 400,
          },
        },
        "[DONE]",
      ),
    },
    "context_length",
    /\/compact/,
  ],
  [
    "vLLM, in a stream, with no frame: too long",
    {
      body: events({ object: "error", message: "maximum context length is 4096", type: "BadRequestError", code: 400 }),
    },
    "context_length",
    /\/compact/,
  ],
  [
    "OpenRouter: flagged",
    {
      status: 403,
      body: '{"error":{"code":403,"message":"m requires moderation on OpenAI. Your input was flagged for \\"violence\\".","metadata":{}}}',
    },
    "refusal",
    /declined/,
  ],
  [
    "OpenAI: not from here",
    {
      status: 403,
      body: '{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","type":"request_forbidden"}}',
    },
    "auth",
    /territory not supported/,
  ],
  [
    "a proxy's page",
    { status: 502, type: "text/html", body: "<html><h1>502 Bad Gateway</h1></html>" },
    "unavailable",
    /HTTP 502/,
  ],
];

for (const [name, wire, kind, words] of refusals)
  test(`[models:failures] ${name}: is ${kind}, in words that say what mends it`, async () => {
    const { error } = await ask(wire);
    if (!isBackendError(error)) throw new Error("not an error of a backend", { cause: error });
    expect([error.kind, error.message]).toEqual([kind, expect.stringMatching(words)]);
  });

test("[models:retry-after] the time to wait may stand in the words alone", async () => {
  const { error } = await ask({
    status: 429,
    body: '[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 36.5s."}}]',
  });
  expect(error).toMatchObject({ kind: "rate_limit", retryAfterMs: 36_500 });
});

const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: unknown) => ({
  ...(index !== undefined && { index }),
  ...(id !== undefined && { id }),
  type: "function",
  function: { ...(name !== undefined && { name }), arguments: args },
});
const answers: readonly (readonly [string, Wire, { text?: string; calls?: unknown }])[] = [
  [
    "remarks between the events, no [DONE], usage in a last piece without choices",
    {
      body: `: OPENROUTER PROCESSING\n\n: keep-alive\n\n${events(piece({ content: "hi" }), piece({}, "stop"), {
        ...(piece({}) as object),
        choices: [],
        usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
      })}`,
    },
    { text: "hi" },
  ],
  ["an end of no known kind", { body: events(piece({ content: "hi" }), piece({}, "eos"), "[DONE]") }, { text: "hi" }],
  [
    "line ends of Windows",
    { body: events(piece({ content: "hi" }), piece({}, "stop")).replaceAll("\n", "\r\n") },
    { text: "hi" },
  ],
  [
    "two calls at once with the index 0 both, whole",
    {
      body: events(
        piece({ tool_calls: [call(0, "a", "read", '{"path":"1"}')] }),
        piece({ tool_calls: [call(0, "b", "read", '{"path":"2"}')] }),
        piece({}, "tool_calls"),
      ),
    },
    {
      calls: [
        ["read", { path: "1" }],
        ["read", { path: "2" }],
      ],
    },
  ],
  [
    "a call without id and index, in two pieces",
    {
      body: events(
        piece({ tool_calls: [call(undefined, undefined, "read", '{"pa')] }),
        piece({ tool_calls: [call(undefined, undefined, undefined, 'th":"1"}')] }),
        piece({}, "stop"),
      ),
    },
    { calls: [["read", { path: "1" }]] },
  ],
  [
    "reasoning beside the text",
    {
      body: events(
        piece({ reasoning: "hm" }),
        piece({ reasoning_content: "hm" }),
        piece({ content: "hi" }),
        piece({}, "stop"),
      ),
    },
    { text: "hi" },
  ],
];
for (const [name, wire, expected] of answers)
  test(`[models:stream] an answer with ${name} is understood`, async () => {
    const { text, calls, error } = await ask(wire);
    expect(error).toBeUndefined();
    expect({ text, calls }).toMatchObject(expected);
  });

const thinkingIn = (...pieces: readonly string[]): Wire => ({
  body: events(...pieces.map((content) => piece({ content })), piece({}, "stop")),
});
const tagged: readonly (readonly [string, readonly string[], string, string])[] = [
  ["in one piece", ["<think>hm</think>hi"], "hm", "hi"],
  ["with tags that come in pieces", ["\n<th", "ink>", "h", "m<", "/thi", "nk>\n\n", "h", "i"], "hm", "hi"],
  ["with a sign that is no tag", ["<think>a < b </ c", "</think>hi"], "a < b </ c", "hi"],
  ["somewhere else, which is text", ["Write <think>hm</think>."], "", "Write <think>hm</think>."],
  ["that only looks like it", ["<thi", "s>"], "", "<this>"],
  ["empty", ["<think>", "\n\n</think>\n\n", "hi"], "\n\n", "hi"],
];
for (const [name, pieces, thought, said] of tagged)
  test(`[models:thinking] thinking in tags within the text, ${name}: isn't shown as the answer`, async () => {
    const { error, text, thinking } = await ask(thinkingIn(...pieces));
    expect({ error, thinking, text }).toEqual({ error: undefined, thinking: thought, text: said });
  });

test("[models:empty] thinking in tags alone is no answer", async () => {
  expect((await ask(thinkingIn("<think>hm</thi", "nk>"))).error).toMatchObject({ kind: "format" });
});

test("[models:tool-calls] what Gemini sends with a call goes back with it, and to no other model", async () => {
  const signed = { ...call(0, "a", "read", '{"path":"1"}'), extra_content: { google: { thought_signature: "sig-1" } } };
  const { told } = await ask({ body: events(piece({ tool_calls: [signed] }), piece({}, "tool_calls")) });
  const round = (model: string): TranscriptMessage[] => [
    user("go"),
    remembered(told, model),
    {
      role: "toolResult",
      toolCallId: "a",
      toolName: "read",
      content: [{ type: "text", text: "one" }],
      isError: false,
      timestamp: 3,
    },
  ];
  const answer = { body: events(piece({ content: "hi" }), piece({}, "stop")) };
  expect((await ask(answer, round("m"))).sent).toContain('"extra_content":{"google":{"thought_signature":"sig-1"}}');
  expect((await ask(answer, round("other"))).sent).not.toContain("sig-1");
});

const ends: readonly (readonly [string, string, string])[] = [
  ["DeepSeek, overloaded", "insufficient_system_resource", "unavailable"],
  ["vLLM, given up", "abort", "unavailable"],
  ["OpenRouter, without saying why", "error", "unavailable"],
  ["Z.AI, cut off", "network_error", "unavailable"],
  ["Z.AI, filtered", "sensitive", "refusal"],
  ["Gemini, filtered", "content_filter: PROHIBITED_CONTENT", "refusal"],
];
for (const [name, reason, kind] of ends)
  test(`[models:failures] ${name}: an answer that ends with ${reason} isn't taken for a whole one`, async () => {
    const { error } = await ask({ body: events(piece({ content: "half an ans" }), piece({}, reason), "[DONE]") });
    expect(error).toMatchObject({ kind });
  });

const anthropic = (...events: readonly Readonly<Record<string, unknown>>[]): Wire => ({
  api: "anthropic-messages",
  body: events.map((one) => `event: ${String(one["type"])}\ndata: ${JSON.stringify(one)}\n\n`).join(""),
});
const begin = (usage: unknown) => ({
  type: "message_start",
  message: { id: "m1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, usage },
});
const block = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hi" } },
  { type: "content_block_stop", index: 0 },
];
for (const [name, wire] of [
  [
    "with pings",
    anthropic(
      begin({ input_tokens: 1, output_tokens: 0 }),
      ...block,
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1 } },
      { type: "message_stop" },
    ),
  ],
  [
    "with an event that is new",
    anthropic(
      begin({ input_tokens: 1, output_tokens: 0 }),
      { type: "something_new", index: 3 },
      ...block,
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
      { type: "message_stop" },
    ),
  ],
] as const)
  test(`[models:stream] Anthropic's language ${name} is understood`, async () => {
    const { error, text } = await ask(wire);
    expect({ error, text }).toEqual({ error: undefined, text: "hi" });
  });
