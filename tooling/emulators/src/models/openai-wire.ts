import type { ModelAnswer } from "./model-script.ts";
import type { SeenRequest } from "./seen-request.ts";
import { countTokens, inPieces, usageOf } from "./spoken.ts";

/** The events of a streamed answer in OpenAI's language, each as it stands on the wire. Pure. */
export function openAiEvents(answer: ModelAnswer, request: SeenRequest, id: string): readonly string[] {
  const chunk = (more: Readonly<Record<string, unknown>>): string =>
    `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created: 1_800_000_000, model: request.model, ...more })}\n\n`;
  const said = (delta: unknown, finish: string | null = null): string =>
    chunk({ choices: [{ index: 0, delta, finish_reason: finish }] });
  const calls = callsOf(answer, id);
  const wantsUsage = (request.body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage;
  return [
    said({ role: "assistant", content: "" }),
    ...inPieces(answer.thinking ?? "", answer.chunkChars).map((text) => said({ reasoning_content: text })),
    ...inPieces(answer.text ?? "", answer.chunkChars).map((content) => said({ content })),
    ...calls.flatMap(({ id: callId, type, function: { name, arguments: text } }, index) => [
      said({ tool_calls: [{ index, id: callId, type, function: { name, arguments: "" } }] }),
      ...inPieces(text, answer.chunkChars).map((part) =>
        said({ tool_calls: [{ index, function: { arguments: part } }] }),
      ),
    ]),
    said({}, finishOf(answer)),
    ...(wantsUsage === true ? [chunk({ choices: [], usage: wireUsage(answer, request) })] : []),
    "data: [DONE]\n\n",
  ];
}

/** The same answer in one piece. Pure. */
export function openAiBody(answer: ModelAnswer, request: SeenRequest, id: string): unknown {
  const calls = callsOf(answer, id);
  return {
    id,
    object: "chat.completion",
    created: 1_800_000_000,
    model: request.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: answer.text ?? null,
          ...(answer.thinking !== undefined && { reasoning_content: answer.thinking }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        finish_reason: finishOf(answer),
      },
    ],
    usage: wireUsage(answer, request),
  };
}

function callsOf({ toolCalls = [] }: ModelAnswer, id: string) {
  return toolCalls.map((call, index) => ({
    id: call.id ?? `call_${id.slice(-6)}_${index}`,
    type: "function",
    function: {
      name: call.name,
      arguments: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
    },
  }));
}

function finishOf({ stop, toolCalls = [] }: ModelAnswer): string {
  if (stop === "length") return "length";
  if (stop === "refusal") return "content_filter";
  return toolCalls.length > 0 ? "tool_calls" : "stop";
}

function wireUsage(answer: ModelAnswer, request: SeenRequest): unknown {
  const { input, output, cached } = usageOf(answer, request);
  return {
    prompt_tokens: input + cached,
    completion_tokens: output,
    total_tokens: input + cached + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: countTokens(answer.thinking ?? "") },
  };
}
