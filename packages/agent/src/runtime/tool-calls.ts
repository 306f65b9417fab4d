import type { ToolCallPart } from "../prompt/model-context.ts";
import { untrusted } from "../prompt/untrusted-text.ts";
import type { Tool, ToolContext, ToolOutcome } from "../tool.ts";
import type { MessagePart, ToolResultMessage } from "../transcript.ts";
import { deferred } from "./deferred.ts";

/** Longest text of a tool's result that is kept, in characters; of a longer one its middle goes. */
const maxResultChars = 200_000;
/** Most images of a tool's result, and all of them together, in characters of base64. */
const maxResultImages = 8;
const maxImageChars = 14_000_000;

/** What a call needs besides its tool. */
export interface ToolCallPort {
  readonly tools: readonly Tool[];
  readonly contextFor: (call: ToolCallPart) => ToolContext;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Called when a call has ended, in the order in which they end. May write it down; the next call waits for it. */
  readonly onResult: (call: ToolCallPart, result: ToolResultMessage, outcome: ToolOutcome) => Promise<void>;
  readonly onStart: (call: ToolCallPart) => void;
}

/**
 * Does the calls of one step: side by side, but for tools that want to be alone.
 * @throws the signal's reason when that ended them; those without a result have none then
 */
export async function callTools(calls: readonly ToolCallPart[], port: ToolCallPort): Promise<void> {
  const toolOf = (call: ToolCallPart) => port.tools.find(({ description }) => description.name === call.name);
  let together: ToolCallPart[] = [];
  const flush = async () => {
    const batch = together;
    together = [];
    const settled = await Promise.allSettled(batch.map((call) => callTool(call, toolOf(call), port)));
    for (const result of settled) if (result.status === "rejected") throw result.reason;
  };
  for (const call of calls) {
    if (toolOf(call)?.isSequential === true) {
      await flush();
      together.push(call);
      await flush();
    } else together.push(call);
  }
  await flush();
}

async function callTool(call: ToolCallPart, tool: Tool | undefined, port: ToolCallPort): Promise<void> {
  port.signal.throwIfAborted();
  port.onStart(call);
  const outcome = await outcomeOf(call, tool, port);
  const result: ToolResultMessage = {
    role: "toolResult",
    toolCallId: call.id,
    toolName: call.name,
    content: boundedContent(outcome.content, tool?.untrustedOutput === true ? `output of ${call.name}` : undefined),
    isError: outcome.isError,
    timestamp: port.now(),
  };
  await port.onResult(call, result, outcome);
}

async function outcomeOf(call: ToolCallPart, tool: Tool | undefined, port: ToolCallPort): Promise<ToolOutcome> {
  if (tool === undefined) {
    const names = port.tools.map(({ description }) => description.name).join(", ");
    return failure(
      `There is no tool ${JSON.stringify(call.name)} here. ${names === "" ? "There are none." : `There are: ${names}.`}`,
    );
  }
  const { promise: stopped, reject } = deferred<never>();
  const stop = () => reject(port.signal.reason as Error);
  port.signal.addEventListener("abort", stop, { once: true });
  stopped.catch(() => undefined);
  try {
    // A tool that doesn't heed the signal is left to itself.
    return await Promise.race([tool.call(call.arguments, port.contextFor(call)), stopped]);
  } catch (error) {
    port.signal.throwIfAborted();
    return failure(`${call.name} failed: ${error instanceof Error ? error.message : "for an unknown reason"}`);
  } finally {
    port.signal.removeEventListener("abort", stop);
  }
}

function failure(text: string): ToolOutcome {
  return { content: [{ type: "text", text }], isError: true };
}

function boundedContent(content: readonly MessagePart[], source: string | undefined): readonly MessagePart[] {
  const parts: MessagePart[] = [];
  let left = maxResultChars;
  let images = 0;
  let imageChars = 0;
  for (const part of content) {
    if (part.type === "text") {
      const text = left <= 0 ? "" : cutMiddle(part.text, left);
      left -= part.text.length;
      if (text !== "") parts.push({ type: "text", text: source === undefined ? text : untrusted(source, text) });
    } else if (part.type === "image") {
      images += 1;
      imageChars += part.data.length;
      if (images <= maxResultImages && imageChars <= maxImageChars) parts.push(part);
      else parts.push({ type: "text", text: "[an image that was left out: too many, or too large]" });
    }
  }
  return parts.length > 0 ? parts : [{ type: "text", text: "(no output)" }];
}

function cutMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const half = Math.floor((maxChars - 60) / 2);
  if (half <= 0) return "";
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters left out …]\n${text.slice(-half)}`;
}
