import type { AssistantMessage, MessagePart, ToolResultMessage, TranscriptMessage } from "../transcript.ts";

/** About how many characters a token has, on the safe side. */
const charsPerToken = 3.5;
const imageTokens = 1_600;

/** About how many tokens a message takes. */
function estimateTokens(message: TranscriptMessage): number {
  let chars = 0;
  let images = 0;
  for (const part of message.content) {
    if (part.type === "image") images += 1;
    else
      chars +=
        part.type === "text"
          ? part.text.length
          : part.type === "thinking"
            ? part.thinking.length
            : JSON.stringify(part.arguments ?? null).length + 40;
  }
  return Math.ceil(chars / charsPerToken) + images * imageTokens + 8;
}

/**
 * What a model is told of a transcript: the newest that fits, beginning where a person spoke, every tool call with a result and
 * no result without its call; without what was cut off and says nothing.
 * @param maxTokens for the messages alone
 */
export function modelContext(messages: readonly TranscriptMessage[], maxTokens: number): readonly TranscriptMessage[] {
  const usable = mendCalls(
    messages.map(withoutBroken).filter((message) => message.content.length > 0 || message.role === "toolResult"),
  );
  let tokens = 0;
  let start = usable.length;
  for (let index = usable.length - 1; index >= 0; index--) {
    const message = usable[index];
    if (message === undefined) break;
    tokens += estimateTokens(message);
    if (tokens > maxTokens && start < usable.length) break;
    if (message.role === "user") start = index;
  }
  return start < usable.length ? usable.slice(start) : usable.slice(-1);
}

/** Thinking that was cut off has no signature, which providers refuse. */
function withoutBroken(message: TranscriptMessage): TranscriptMessage {
  if (message.role !== "assistant" || (message.stopReason !== "error" && message.stopReason !== "aborted"))
    return message;
  return {
    ...message,
    content: message.content.filter(
      (part) => part.type !== "thinking" && !(part.type === "text" && part.text.trim() === ""),
    ),
  };
}

/** Gives each call its result, right after it: the first of its id that stands before the next message of the model. */
function mendCalls(messages: readonly TranscriptMessage[]): readonly TranscriptMessage[] {
  const mended: TranscriptMessage[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === "toolResult") continue;
    mended.push(message);
    if (message.role !== "assistant" || !message.content.some((part) => part.type === "toolCall")) continue;
    const rest = messages.slice(index + 1);
    const next = rest.findIndex(({ role }) => role === "assistant");
    const results = next < 0 ? rest : rest.slice(0, next);
    for (const call of toolCallsOf(message)) {
      const result = results.find(
        (one): one is ToolResultMessage => one.role === "toolResult" && one.toolCallId === call.id,
      );
      mended.push(result ?? lostResult(call, message.timestamp));
    }
  }
  return mended;
}

/** A tool call in a message. */
export type ToolCallPart = Extract<MessagePart, { readonly type: "toolCall" }>;

/** The tool calls of a message. */
export function toolCallsOf(message: AssistantMessage): readonly ToolCallPart[] {
  return message.content.filter((part) => part.type === "toolCall");
}

/** The result of a call of which nobody knows what became of it. */
export function lostResult(call: ToolCallPart, timestamp: number): ToolResultMessage {
  return {
    role: "toolResult",
    toolCallId: call.id,
    toolName: call.name,
    isError: true,
    content: [
      {
        type: "text",
        text: "The gateway was restarted during this call. Nobody knows whether it took effect: look before you do it again.",
      },
    ],
    timestamp,
  };
}
