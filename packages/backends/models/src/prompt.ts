import type {
  AssistantMessage,
  MessagePart,
  ThinkRequest,
  ToolDescription,
  ToolResultMessage,
  TranscriptMessage,
} from "@saltgate/agent";
import type { ConfiguredModel, ProviderApi } from "./models-options.ts";
import { SDK_PROVIDER, type SdkCall, type SdkMessage, type SdkPrompt } from "./sdk-model.ts";
import { thinkingToSend } from "./thinking-signature.ts";
import { argumentsToSend } from "./tool-arguments.ts";

type Content<Role extends SdkMessage["role"]> = Exclude<Extract<SdkMessage, { role: Role }>["content"], string>[number];
type ToolOutput = Extract<Content<"tool">, { type: "tool-result" }>["output"];

const NO_RESULT = "There is no result: the run ended before this was done.";
const BEGINNING = "(The conversation begins here.)";
const NOTHING = "(nothing)";
const NO_IMAGE = "[An image was left out: this model takes no images.]";
const CACHED = { anthropic: { cacheControl: { type: "ephemeral" } } };

/** Who is asked, as far as it changes how things are said. */
export interface Asked {
  readonly api: ProviderApi;
  readonly model: ConfiguredModel;
}

/**
 * A transcript as a provider takes it. Every call of a tool gets exactly one result, right behind it: transcripts of runs
 * that were cut short have calls without one, and providers refuse those. Pure.
 */
export function promptOf(request: Pick<ThinkRequest, "system" | "messages" | "model">, asked: Asked): SdkPrompt {
  const messages = paired(request.messages);
  const ids = new CallIds(asked.api);
  const prompt: SdkMessage[] = request.system === "" ? [] : [{ role: "system", content: request.system }];
  for (const [index, message] of messages.entries()) {
    if (message.role === "user") {
      const content = userContent(message.content, asked);
      // Anthropic refuses texts of blanks alone, and with them the whole conversation.
      prompt.push({ role: "user", content: content.length > 0 ? content : [{ type: "text", text: NOTHING }] });
    } else if (message.role === "assistant") {
      const content = assistantContent(message, isOfModel(message, request.model), asked, ids);
      if (content.length > 0) prompt.push({ role: "assistant", content });
    } else {
      prompt.push({ role: "tool", content: [resultOf(message, asked, ids)] });
      const isLast = messages[index + 1]?.role !== "toolResult";
      if (isLast) prompt.push(...imagesBehind(messages, index, asked));
    }
  }
  // A transcript may begin with something that the agent was made to say; providers want a person first.
  const first = prompt.findIndex(({ role }) => role !== "system");
  if (prompt[first]?.role === "assistant")
    prompt.splice(first, 0, { role: "user", content: [{ type: "text", text: BEGINNING }] });
  return asked.api === "anthropic-messages" ? withCacheMarks(prompt) : prompt;
}

/** Tools as a provider takes them. Pure. */
export function toolsOf(tools: readonly ToolDescription[]): SdkCall["tools"] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    name,
    description,
    inputSchema: parameters as never,
  }));
}

/** Calls and results in pairs: what has no result gets one that says so, and results without a call are left out. */
function paired(messages: readonly TranscriptMessage[]): readonly TranscriptMessage[] {
  const open = new Map<string, { readonly name: string; readonly timestamp: number }>();
  const all: TranscriptMessage[] = [];
  const close = (): void => {
    for (const [toolCallId, { name, timestamp }] of open)
      all.push({
        role: "toolResult",
        toolCallId,
        toolName: name,
        content: [{ type: "text", text: NO_RESULT }],
        isError: true,
        timestamp,
      });
    open.clear();
  };
  for (const message of messages) {
    if (message.role === "toolResult") {
      if (open.delete(message.toolCallId)) all.push(message);
      continue;
    }
    close();
    all.push(message);
    if (message.role !== "assistant") continue;
    for (const part of message.content)
      if (part.type === "toolCall") open.set(part.id, { name: part.name, timestamp: message.timestamp });
  }
  close();
  return all;
}

function isOfModel({ provider, model }: AssistantMessage, asked: ThinkRequest["model"]): boolean {
  return provider === asked.provider && model === asked.model;
}

function userContent(parts: readonly MessagePart[], { model }: Asked): Content<"user">[] {
  return parts.flatMap((part): Content<"user">[] => {
    if (part.type === "text") return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
    if (part.type !== "image") return [];
    return takesImages(model) ? [imagePart(part)] : [{ type: "text", text: NO_IMAGE }];
  });
}

function assistantContent(
  { content }: AssistantMessage,
  isSameModel: boolean,
  { api }: Asked,
  ids: CallIds,
): Content<"assistant">[] {
  return content.flatMap((part): Content<"assistant">[] => {
    switch (part.type) {
      case "text":
        return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
      case "thinking":
        return isSameModel ? thinkingToSend(part, api) : [];
      case "toolCall":
        return [
          {
            type: "tool-call",
            toolCallId: ids.ofCall(part.id),
            toolName: nameToSend(part.name),
            input: argumentsToSend(part.arguments),
            ...(isSameModel &&
              part.thoughtSignature !== undefined && {
                providerOptions: { [SDK_PROVIDER]: { thoughtSignature: part.thoughtSignature } },
              }),
          },
        ];
      default:
        return [];
    }
  });
}

function resultOf(
  { toolCallId, toolName, content, isError }: ToolResultMessage,
  asked: Asked,
  ids: CallIds,
): Content<"tool"> {
  const text = content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const images = content.filter((part) => part.type === "image");
  const result = (output: ToolOutput): Content<"tool"> => ({
    type: "tool-result",
    toolCallId: ids.ofResult(toolCallId),
    toolName: nameToSend(toolName),
    output,
  });
  if (images.length === 0)
    return result({ type: isError ? "error-text" : "text", value: text.trim() === "" ? NOTHING : text });
  if (!takesImages(asked.model)) return result({ type: "text", value: `${text}\n${NO_IMAGE}`.trim() });
  if (asked.api === "openai-completions")
    return result({ type: "text", value: `${text}\n[Its image follows.]`.trim() });
  return result({
    type: "content",
    value: [
      ...(text.trim() === "" ? [] : [{ type: "text" as const, text }]),
      ...images.map((image) => imagePart(image)),
    ],
  });
}

/** OpenAI's language has no images in results of tools: they follow as if a person had sent them. */
function imagesBehind(messages: readonly TranscriptMessage[], last: number, { api, model }: Asked): SdkMessage[] {
  if (api !== "openai-completions" || !takesImages(model)) return [];
  const first = messages.findLastIndex(({ role }, index) => index <= last && role !== "toolResult") + 1;
  const images = messages
    .slice(first, last + 1)
    .flatMap(({ content }) => content.flatMap((part) => (part.type === "image" ? [imagePart(part)] : [])));
  return images.length === 0
    ? []
    : [{ role: "user", content: [{ type: "text", text: "[Images that the tools returned]" }, ...images] }];
}

function takesImages({ input }: ConfiguredModel): boolean {
  return input?.includes("image") ?? false;
}

function imagePart({ data, mimeType }: Extract<MessagePart, { type: "image" }>) {
  return { type: "file" as const, mediaType: mimeType, data: { type: "data" as const, data } };
}

/** What stays the same from step to step is read from the provider's cache: the system text, and everything so far. */
function withCacheMarks(prompt: readonly SdkMessage[]): SdkPrompt {
  return prompt.map((message, index) =>
    message.role === "system" || index === prompt.length - 1 ? { ...message, providerOptions: CACHED } : message,
  );
}

/** What the providers take as the id of a call: OpenAI no more than 40 characters, Anthropic few different ones. */
const TAKEN_IDS: Readonly<Record<ProviderApi, RegExp>> = {
  "openai-completions": /^[\s\S]{1,40}$/,
  "anthropic-messages": /^[a-zA-Z0-9_-]{1,64}$/,
};

/**
 * Ids of calls as a provider takes them, each for one call alone: Anthropic refuses an id that comes twice, and other
 * providers count anew in every answer. A result belongs to the last call of its id.
 */
class CallIds {
  readonly #api: ProviderApi;
  readonly #sent = new Set<string>();
  readonly #last = new Map<string, string>();

  constructor(api: ProviderApi) {
    this.#api = api;
  }

  ofCall(id: string): string {
    const isTaken = TAKEN_IDS[this.#api].test(id) && !this.#sent.has(id);
    const sent = isTaken ? id : `call_${this.#sent.size}_${id.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 28)}`;
    this.#sent.add(sent);
    this.#last.set(id, sent);
    return sent;
  }

  ofResult(id: string): string {
    return this.#last.get(id) ?? id;
  }
}

/** Names that models make up stand in a transcript, and no provider takes back what can't be a name. Pure. */
function nameToSend(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64);
}
