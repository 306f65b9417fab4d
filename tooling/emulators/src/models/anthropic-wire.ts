import type { ModelAnswer } from "./model-script.ts";
import { type SeenRequest, signatureOf } from "./seen-request.ts";
import { inPieces, usageOf } from "./spoken.ts";

const event = (data: { readonly type: string } & Readonly<Record<string, unknown>>): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** The events of a streamed answer in Anthropic's language, each as it stands on the wire. Pure. */
export function anthropicEvents(answer: ModelAnswer, request: SeenRequest, id: string): readonly string[] {
  const { input, output, cached } = usageOf(answer, request);
  const usage = { input_tokens: input, cache_read_input_tokens: cached, cache_creation_input_tokens: 0 };
  const blocks: string[] = [];
  let index = 0;
  const block = (start: unknown, deltas: readonly unknown[]): void => {
    blocks.push(
      event({ type: "content_block_start", index, content_block: start }),
      ...deltas.map((delta) => event({ type: "content_block_delta", index, delta })),
      event({ type: "content_block_stop", index }),
    );
    index += 1;
  };
  const { thinking = "", text = "", chunkChars } = answer;
  if (thinking !== "")
    block({ type: "thinking", thinking: "", signature: "" }, [
      ...inPieces(thinking, chunkChars).map((part) => ({ type: "thinking_delta", thinking: part })),
      { type: "signature_delta", signature: signatureOf(thinking) },
    ]);
  if (text !== "")
    block(
      { type: "text", text: "" },
      inPieces(text, chunkChars).map((part) => ({ type: "text_delta", text: part })),
    );
  for (const call of callsOf(answer, id))
    block(
      { type: "tool_use", id: call.id, name: call.name, input: {} },
      inPieces(call.text, chunkChars).map((part) => ({ type: "input_json_delta", partial_json: part })),
    );
  return [
    event({
      type: "message_start",
      message: {
        id,
        type: "message",
        role: "assistant",
        model: request.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    }),
    event({ type: "ping" }),
    ...blocks,
    event({
      type: "message_delta",
      delta: { stop_reason: stopOf(answer), stop_sequence: null },
      usage: { output_tokens: output },
    }),
    event({ type: "message_stop" }),
  ];
}

/** The same answer in one piece. Pure. */
export function anthropicBody(answer: ModelAnswer, request: SeenRequest, id: string): unknown {
  const { input, output, cached } = usageOf(answer, request);
  const { thinking = "", text = "" } = answer;
  return {
    id,
    type: "message",
    role: "assistant",
    model: request.model,
    content: [
      ...(thinking === "" ? [] : [{ type: "thinking", thinking, signature: signatureOf(thinking) }]),
      ...(text === "" ? [] : [{ type: "text", text }]),
      ...(answer.toolCalls ?? []).map((call, at) => ({
        type: "tool_use",
        id: call.id ?? `toolu_${id.slice(-6)}_${at}`,
        name: call.name,
        input: call.arguments,
      })),
    ],
    stop_reason: stopOf(answer),
    stop_sequence: null,
    usage: {
      input_tokens: input,
      output_tokens: output,
      cache_read_input_tokens: cached,
      cache_creation_input_tokens: 0,
    },
  };
}

function callsOf({ toolCalls = [] }: ModelAnswer, id: string) {
  return toolCalls.map((call, at) => ({
    id: call.id ?? `toolu_${id.slice(-6)}_${at}`,
    name: call.name,
    text: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
  }));
}

function stopOf({ stop, toolCalls = [] }: ModelAnswer): string {
  if (stop === "length") return "max_tokens";
  if (stop === "refusal") return "refusal";
  return toolCalls.length > 0 ? "tool_use" : "end_turn";
}
