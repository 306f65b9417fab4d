import type { AgentBackend, ThinkRequest, ThoughtEvent, TranscriptMessage } from "@saltgate/agent";
import type { ModelsEmulator } from "../../../../../tooling/emulators/src/models/models-emulator.ts";
import { createModelsBackend, type ModelProvider, type ModelsOptions, type ProviderApi } from "../../src/index.ts";

export const bothApis: readonly ProviderApi[] = ["openai-completions", "anthropic-messages"];

/** A key that must never be seen anywhere. */
export const testKey = "sk-test-0123456789abcdef";

function providerAt(emulator: ModelsEmulator, api: ProviderApi, more: Partial<ModelProvider> = {}): ModelProvider {
  return {
    id: "emulated",
    api,
    baseUrl: `${emulator.url}/v1`,
    apiKey: testKey,
    models: [{ id: "m", reasoning: true, input: ["text", "image"] }],
    ...more,
  };
}

export function backendAt(
  emulator: ModelsEmulator,
  api: ProviderApi,
  more: Partial<ModelProvider> = {},
  options: Partial<ModelsOptions> = {},
): AgentBackend {
  return createModelsBackend({ providers: [providerAt(emulator, api, more)], ...options });
}

export const user = (text: string): TranscriptMessage => ({
  role: "user",
  content: [{ type: "text", text }],
  timestamp: 1,
});

export const tool = {
  name: "read",
  description: "Reads a file.",
  parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

export function request(messages: readonly TranscriptMessage[], more: Partial<ThinkRequest> = {}): ThinkRequest {
  return {
    runId: "r",
    sessionKey: "agent:main:main",
    agentId: "main",
    model: { provider: "emulated", model: "m" },
    system: "You are a test.",
    messages,
    tools: [],
    thinking: "off",
    ...more,
  };
}

/** Everything that a step told, and the error that it ended with. */
export async function thinkThrough(
  backend: AgentBackend,
  asked: ThinkRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly events: ThoughtEvent[]; readonly error: unknown }> {
  const events: ThoughtEvent[] = [];
  try {
    for await (const event of backend.think(asked, signal)) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

export const textOf = (events: readonly ThoughtEvent[]): string =>
  events.map((event) => (event.type === "text" ? event.delta : "")).join("");

/** What a transcript keeps of a step. */
export function remembered(events: readonly ThoughtEvent[], model = "m"): TranscriptMessage {
  const thinking = events.filter((event) => event.type === "thinking");
  const text = textOf(events);
  const signature = thinking.find((event) => event.signature !== undefined)?.signature;
  return {
    role: "assistant",
    timestamp: 2,
    provider: "emulated",
    model,
    stopReason: "toolUse",
    content: [
      ...(thinking.length === 0
        ? []
        : [
            {
              type: "thinking" as const,
              thinking: thinking.map(({ delta }) => delta).join(""),
              ...(signature !== undefined && { thinkingSignature: signature }),
            },
          ]),
      ...(text === "" ? [] : [{ type: "text" as const, text }]),
      ...events
        .filter((event) => event.type === "toolCall")
        .map(({ signature: wanted, ...call }) => ({
          ...call,
          ...(wanted !== undefined && { thoughtSignature: wanted }),
        })),
    ],
  };
}

/** A clock that stands still until a test moves it. */
export class ManualTimers {
  #nowMs = 0;
  #timers = new Set<{ readonly atMs: number; readonly task: () => void }>();

  readonly after = (delayMs: number, task: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How far away the next one is, in milliseconds; `undefined` when none is set. */
  get nextInMs(): number | undefined {
    const [next] = [...this.#timers].map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b);
    return next;
  }

  get waiting(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers)
      if (timer.atMs <= this.#nowMs) {
        this.#timers.delete(timer);
        timer.task();
      }
  }
}
