import type { AssistantMessage, MessagePart, ToolResultMessage, TranscriptMessage } from "../transcript.ts";
import { lineMarkOf } from "./untrusted-text.ts";

/** About how many characters a token has, on the safe side. */
const charsPerToken = 3.5;
const imageTokens = 1_600;

/** Most of one request, in characters of texts and of images in base64: providers refuse far larger ones, whatever their tokens. */
const maxRequestChars = 16_000_000;
/** Of a result that is cut so many characters are left, at its beginning and at its end. */
const cutResultChars = 1_500;

/** What a message takes: about how many tokens, and how many characters on the way. */
interface Size {
  readonly tokens: number;
  readonly chars: number;
}

function sizeOf(message: TranscriptMessage): Size {
  let chars = 0;
  let images = 0;
  let imageChars = 0;
  for (const part of message.content) {
    if (part.type === "image") {
      images += 1;
      imageChars += part.data.length;
    } else
      chars +=
        part.type === "text"
          ? part.text.length
          : part.type === "thinking"
            ? part.thinking.length
            : JSON.stringify(part.arguments ?? null).length + 40;
  }
  return { tokens: Math.ceil(chars / charsPerToken) + images * imageTokens + 8, chars: chars + imageChars };
}

/**
 * What a model is told of a transcript: the newest that fits, beginning where a person spoke, every tool call with a result and
 * no result without its call; without what was cut off and says nothing. Where what came since a person last spoke is too much
 * by itself, results of tools go: the oldest as a whole, then the middle of those that are left.
 * @param maxTokens for the messages alone
 */
export function modelContext(messages: readonly TranscriptMessage[], maxTokens: number): readonly TranscriptMessage[] {
  const usable = mendCalls(
    messages.map(withoutBroken).filter((message) => message.content.length > 0 || message.role === "toolResult"),
  );
  const fits = ({ chars, tokens }: Size) => tokens <= maxTokens && chars <= maxRequestChars;
  let size: Size = { tokens: 0, chars: 0 };
  let start = usable.length;
  for (let index = usable.length - 1; index >= 0; index--) {
    const message = usable[index];
    if (message === undefined) break;
    size = sum(size, sizeOf(message));
    if (!fits(size) && start < usable.length) break;
    if (message.role === "user") start = index;
  }
  return withSmallerResults(start < usable.length ? usable.slice(start) : usable.slice(-1), fits);
}

const sum = (a: Size, b: Size): Size => ({ tokens: a.tokens + b.tokens, chars: a.chars + b.chars });

/** The same messages with as much less of tools' results as it takes to fit, those of the last step last. */
function withSmallerResults(
  messages: readonly TranscriptMessage[],
  fits: (size: Size) => boolean,
): readonly TranscriptMessage[] {
  let size = messages.map(sizeOf).reduce(sum, { tokens: 0, chars: 0 });
  if (fits(size)) return messages;
  const smaller = [...messages];
  const lastStep = messages.findLastIndex(({ role }) => role === "assistant");
  const shrink = (from: number, to: number, change: (message: ToolResultMessage) => ToolResultMessage) => {
    for (let index = from; index < to && !fits(size); index++) {
      const message = smaller[index];
      if (message?.role !== "toolResult") continue;
      const changed = change(message);
      const [before, after] = [sizeOf(message), sizeOf(changed)];
      if (after.tokens >= before.tokens) continue;
      size = { tokens: size.tokens - before.tokens + after.tokens, chars: size.chars - before.chars + after.chars };
      smaller[index] = changed;
    }
  };
  shrink(0, lastStep, (message) => ({ ...message, content: [{ type: "text", text: leftOut }] }));
  shrink(lastStep + 1, smaller.length, (message) => ({ ...message, content: message.content.map(cutPart) }));
  return smaller;
}

const leftOut =
  "[This result was left out: the conversation is longer than the model takes. Call the tool again if it matters.]";

function cutPart(part: MessagePart): MessagePart {
  if (part.type === "image") return { type: "text", text: "[an image that was left out: there is no room for it]" };
  if (part.type !== "text" || part.text.length <= 2 * cutResultChars) return part;
  const { text } = part;
  const gone = text.length - 2 * cutResultChars;
  // The cut goes through a line, and what is quoted stays so.
  const mark = lineMarkOf(text);
  const middle = `${mark}[… ${gone} characters left out: there is no room for them …]`;
  return {
    type: "text",
    text: [text.slice(0, cutResultChars), middle, `${mark}${text.slice(-cutResultChars)}`].join("\n"),
  };
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
