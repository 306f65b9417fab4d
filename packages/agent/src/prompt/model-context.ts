import type { AssistantMessage, MessagePart, ToolResultMessage, TranscriptMessage } from "../transcript.ts";

/** About how many characters a token has, on the safe side. */
const charsPerToken = 3.5;
const imageTokens = 1_600;

/** About how many tokens a message takes. */
export function estimateTokens(message: TranscriptMessage): number {
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

function mendCalls(messages: readonly TranscriptMessage[]): readonly TranscriptMessage[] {
  const results = new Map<string, ToolResultMessage>();
  for (const message of messages) if (message.role === "toolResult") results.set(message.toolCallId, message);
  const mended: TranscriptMessage[] = [];
  for (const message of messages) {
    if (message.role === "toolResult") continue;
    mended.push(message);
    if (message.role !== "assistant") continue;
    for (const call of toolCallsOf(message)) {
      mended.push(results.get(call.id) ?? lostResult(call, message.timestamp));
      results.delete(call.id);
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
