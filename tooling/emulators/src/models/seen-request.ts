import type { IncomingHttpHeaders } from "node:http";

/** The two languages that the emulator speaks. */
export type ModelApi = "openai-completions" | "anthropic-messages";

/** A request as it came in, and what matters of it in the same words for both languages. */
export interface SeenRequest {
  readonly api: ModelApi;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly isStream: boolean;
  readonly system: string;
  /** What a person said last. */
  readonly lastUserText: string;
  /** Results of tools that the request ends with. */
  readonly toolResults: readonly string[];
  /** Names of the tools that are offered. */
  readonly tools: readonly string[];
  /** Images in all messages. */
  readonly images: number;
}

interface WireMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: readonly { readonly id: string; readonly function?: { readonly name?: string } }[];
  readonly tool_call_id?: string;
}

interface WireBlock {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly thinking?: string;
  readonly signature?: string;
}

const blocksOf = (content: unknown): readonly WireBlock[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : Array.isArray(content) ? content : [];

const textOf = (content: unknown): string =>
  blocksOf(content)
    .map(({ text }) => text ?? "")
    .filter((text) => text !== "")
    .join("\n");

const messagesOf = (body: Readonly<Record<string, unknown>>): readonly WireMessage[] =>
  Array.isArray(body["messages"]) ? body["messages"] : [];

/** Reads what matters of a request's body. Pure. */
export function readRequest(
  api: ModelApi,
  path: string,
  headers: IncomingHttpHeaders,
  body: Readonly<Record<string, unknown>>,
): SeenRequest {
  const messages = messagesOf(body);
  const isPerson = ({ role, content }: WireMessage): boolean =>
    role === "user" && blocksOf(content).some(({ type }) => type !== "tool_result");
  const tools = Array.isArray(body["tools"]) ? body["tools"] : [];
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => textOf(content));
  const blocks = messages.flatMap(({ content }) => blocksOf(content));
  const inResults = blocks.flatMap(({ type, content }) => (type === "tool_result" ? blocksOf(content) : []));
  return {
    api,
    path,
    headers,
    body,
    model: String(body["model"]),
    isStream: body["stream"] === true,
    system: api === "anthropic-messages" ? textOf(body["system"]) : system.join("\n"),
    lastUserText: textOf(messages.findLast(isPerson)?.content),
    toolResults: trailingResults(api, messages),
    tools: tools.map((tool) => String(tool?.function?.name ?? tool?.name)),
    images: [...blocks, ...inResults].filter(({ type }) => type === "image" || type === "image_url").length,
  };
}

/** None when a person said something after them. */
function trailingResults(api: ModelApi, messages: readonly WireMessage[]): readonly string[] {
  if (api === "anthropic-messages") {
    const last = blocksOf(messages.at(-1)?.content);
    return last.every(({ type }) => type === "tool_result") ? last.map(({ content }) => textOf(content)) : [];
  }
  const since = messages.slice(messages.findLastIndex(({ role }) => role === "assistant") + 1);
  return since.every(({ role }) => role === "tool") ? since.map(({ content }) => textOf(content)) : [];
}

/** Why the real service would refuse a request with 400, or `undefined`. Pure. */
export function mistakeOf({ api, body, headers }: SeenRequest): string | undefined {
  const messages = messagesOf(body);
  if (messages.length === 0) return "messages: at least one message is required";
  if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(body)))
    return "The request body is not valid JSON: no low surrogate in string";
  return api === "anthropic-messages" ? mistakeForAnthropic(body, headers, messages) : mistakeForOpenAi(messages);
}

function mistakeForOpenAi(messages: readonly WireMessage[]): string | undefined {
  let open = new Set<string>();
  for (const { role, tool_calls: calls, tool_call_id: id } of messages) {
    if (role === "tool") {
      if (!open.delete(id ?? "")) return "messages with role 'tool' must follow a message with 'tool_calls' of that id";
    } else if (open.size > 0) return `tool_calls without an answer: ${[...open].join(", ")}`;
    if (role === "assistant") open = new Set(calls?.map((call) => call.id));
    if (calls?.some((call) => call.id.length > 40)) return "tool_calls.id: string too long, expected at most 40";
    if (calls?.some((call) => !isToolName(call.function?.name))) return "tool_calls.function.name: not a name";
  }
  return open.size > 0 ? `tool_calls without an answer: ${[...open].join(", ")}` : undefined;
}

function isToolName(name: string | undefined): boolean {
  return /^[a-zA-Z0-9_-]{1,64}$/.test(name ?? "");
}

function mistakeForAnthropic(
  body: Readonly<Record<string, unknown>>,
  headers: IncomingHttpHeaders,
  messages: readonly WireMessage[],
): string | undefined {
  if (headers["anthropic-version"] === undefined) return "anthropic-version: header is required";
  if (typeof body["max_tokens"] !== "number") return "max_tokens: Field required";
  if (messages[0]?.role !== "user") return "messages: first message must use the user role";
  let open: ReadonlySet<string> = new Set();
  const all = new Set<string>();
  for (const [index, { role, content }] of messages.entries()) {
    const blocks = blocksOf(content);
    const at = `messages.${index}`;
    if (blocks.some(({ type, text }) => type === "text" && text === "")) return `${at}: text must not be empty`;
    const results = blocks.filter(({ type }) => type === "tool_result").map(({ tool_use_id: id }) => id ?? "");
    if (results.some((id) => !open.has(id))) return `${at}: unexpected tool_use_id in tool_result`;
    if ([...open].some((id) => !results.includes(id))) return `${at}: tool_use without tool_result`;
    const calls = blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id ?? "");
    if (calls.some((id) => !/^[a-zA-Z0-9_-]+$/.test(id)))
      return `${at}: tool_use.id has a character that isn't allowed`;
    if (blocks.some(({ name, type }) => type === "tool_use" && !isToolName(name)))
      return `${at}: tool_use.name isn't one`;
    if (calls.some((id) => all.has(id))) return `${at}: tool_use ids must be unique`;
    for (const id of calls) all.add(id);
    const forged = blocks.some(({ type, thinking, signature }) =>
      type === "thinking" ? signature !== signatureOf(thinking ?? "") : false,
    );
    if (forged) return `${at}: Invalid signature in thinking block`;
    open = new Set(role === "assistant" ? calls : []);
  }
  return open.size > 0 ? "tool_use without tool_result at the end" : undefined;
}

/** What the emulator signs thinking with; it refuses thinking that comes back changed. Pure. */
export function signatureOf(thinking: string): string {
  let sum = 7;
  for (const character of thinking) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return `signed-${sum}-${thinking.length}`;
}
