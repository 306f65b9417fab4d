import type { AgentBackend, ModelInfo, ModelRef, ThinkRequest, ThoughtEvent } from "../backend.ts";
import { textOf } from "../session/transcripts.ts";
import type { RunPrincipal } from "../tool.ts";
import type { HouseFacts } from "./house-facts.ts";

const info: ModelInfo = { provider: "saltgate", model: "built-in", name: "Built-in answers (no model)" };
const pieceChars = 48;

/** What the built-in backend is made of. */
export interface BuiltInOptions {
  readonly facts: HouseFacts;
  /** On whose behalf a run works: what the gateway knows of itself is for its owner alone. */
  readonly whoAsks: (runId: string) => RunPrincipal | undefined;
  readonly now: () => number;
}

/**
 * Answers without any model: how the gateway is, what is connected, what time it is; and for everything else, how to connect a
 * model. It never pretends to think.
 */
export class BuiltInBackend implements AgentBackend {
  readonly id = "saltgate";
  readonly #options: BuiltInOptions;

  constructor(options: BuiltInOptions) {
    this.#options = options;
  }

  models(): readonly ModelInfo[] {
    return [info];
  }

  serves({ model, provider }: ModelRef): boolean {
    return provider === info.provider && model === info.model;
  }

  async *think(request: ThinkRequest, signal: AbortSignal): AsyncGenerator<ThoughtEvent> {
    const question = request.messages.findLast((message) => message.role === "user");
    const answer = this.#answer(question === undefined ? "" : textOf(question), this.#options.whoAsks(request.runId));
    for (let at = 0; at < answer.length; at += pieceChars) {
      signal.throwIfAborted();
      yield { type: "text", delta: answer.slice(at, at + pieceChars) };
      await Promise.resolve();
    }
    yield { type: "end", stopReason: "stop", usage: { input: 0, output: 0, totalTokens: 0, costUsd: 0 } };
  }

  async close(): Promise<void> {}

  #answer(text: string, principal: RunPrincipal | undefined): string {
    const asks = (...words: readonly string[]) => words.some((word) => new RegExp(`\\b${word}\\b`, "iu").test(text));
    const isShort = text.length <= 200;
    const isOwner = principal?.isOwner === true;
    if (isShort && asks("time", "date", "clock", "uhr")) return `It is ${new Date(this.#options.now()).toString()}.`;
    if (isShort && asks("who am i", "whoami")) return whoIs(principal);
    if (isShort && asks("status", "health", "uptime")) return isOwner ? this.#status() : ownersOnly;
    if (isShort && asks("nodes?", "devices?")) return isOwner ? this.#nodes() : ownersOnly;
    if (isShort && asks("channels?")) return isOwner ? this.#channels() : ownersOnly;
    if (isShort && asks("models?")) return isOwner ? this.#models() : ownersOnly;
    if (isShort && asks("help", "hello", "hi", "commands?"))
      return `${whatIAm}\n\n${whatYouCanAsk}\n\n${isOwner ? howToConnect : askTheOwner}`;
    return `${whatIAm} So I can't answer that.\n\n${isOwner ? `${howToConnect}\n\n${whatYouCanAsk}` : askTheOwner}`;
  }

  #status(): string {
    const { clients, problems, startedAtMs, version } = this.#options.facts.gatewayStatus();
    const minutes = Math.max(0, Math.floor((this.#options.now() - startedAtMs) / 60_000));
    const up = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    const lines = [`Saltgate ${version}, up for ${up}, ${clients} connected.`];
    lines.push(
      ...(problems.length === 0 ? ["No problems are known."] : problems.slice(0, 10).map((problem) => `- ${problem}`)),
    );
    return lines.join("\n");
  }

  #nodes(): string {
    const nodes = this.#options.facts.nodes();
    if (nodes.length === 0)
      return "No node is paired. On the machine that is to be one: `saltgate node run`, then here: `saltgate devices approve`.";
    return list(
      nodes.map(({ isConnected, name, platform }) => `${name} (${platform}): ${isConnected ? "connected" : "away"}`),
    );
  }

  #channels(): string {
    const channels = this.#options.facts.channels();
    if (channels.length === 0) return "No channel is configured. Add one: `saltgate channels add telegram`.";
    return list(
      channels.map(
        ({ account, fix, label, state }) => `${label} (${account}): ${state}${fix === undefined ? "" : `; ${fix}`}`,
      ),
    );
  }

  #models(): string {
    const models = this.#options.facts.models();
    if (models.length === 0) return howToConnect;
    return `${list(models.map((model) => `${model.provider}/${model.model}`))}\nChoose one here with /model <name>, or for good: \`agents.defaults.model.primary\` in the configuration.`;
  }
}

const whatIAm = "I am the gateway itself: no model is connected here, and I don't think.";
const whatYouCanAsk = "I know: status, nodes, channels, models, time, who am I. /help lists the commands.";
const askTheOwner = "The owner of this gateway can connect one.";
const ownersOnly = "Only the owner of this gateway may ask that.";
const howToConnect = `To connect a model, add one of these to the configuration; \`saltgate models\` then shows what there is.

A model on this machine, through Ollama:
\`\`\`json5
{
  models: { providers: { ollama: { baseUrl: "http://127.0.0.1:11434/v1", api: "openai-completions", models: [{ id: "qwen3" }] } } },
  agents: { defaults: { model: { primary: "ollama/qwen3" } } },
}
\`\`\`
Any service that speaks OpenAI's API:
\`\`\`json5
{
  models: { providers: { mine: { baseUrl: "https://api.example.com/v1", api: "openai-completions", apiKey: "\${MY_API_KEY}", models: [{ id: "the-model" }] } } },
  agents: { defaults: { model: { primary: "mine/the-model" } } },
}
\`\`\`
Anthropic, with ANTHROPIC_API_KEY in the environment:
\`\`\`json5
{ agents: { defaults: { model: { primary: "anthropic/claude-opus-4-5" } } } }
\`\`\``;

function whoIs(principal: RunPrincipal | undefined): string {
  if (principal === undefined) return "I can't tell. Say /whoami.";
  const { channel, isOwner, senderId } = principal;
  return `You are ${isOwner ? "the owner of this gateway" : "somebody the owner let in"}, on ${channel}${senderId === undefined ? "" : `, with the id ${senderId}`}.`;
}

function list(lines: readonly string[]): string {
  const shown = lines.slice(0, 50).map((line) => `- ${line}`);
  return [...shown, ...(lines.length > 50 ? [`- and ${lines.length - 50} more`] : [])].join("\n");
}
