import type { RunEvent } from "@saltgate/agent";
import { type ChatMessage, LIMITS, type PayloadOf } from "@saltgate/protocol";
import type { Clock } from "../clock.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import { given } from "../given.ts";

/** Gives nodes that listen to a session their copies. */
export interface SessionListeners {
  tell<E extends "chat" | "agent">(sessionKey: string, event: E, payload: PayloadOf<E>): void;
}

export interface RunBroadcastOptions {
  readonly events: EventPublisher;
  readonly listeners: SessionListeners;
  readonly clock: Clock;
}

interface Speaking {
  /** What clients were told of the answer so far. */
  told: string;
  toldAtMs: number;
  /** What the answer is so far. */
  text: string;
  isReplaced: boolean;
  cancel: (() => void) | undefined;
  latest: Extract<RunEvent, { type: "text" }>;
}

/**
 * Tells clients how runs go: the events `agent` and `chat`, in the words of both revisions, and copies to nodes that
 * listen. What is said comes at most every {@link LIMITS.chatDeltaIntervalMs}; the end always comes, and last.
 */
export class RunBroadcast {
  readonly #options: RunBroadcastOptions;
  readonly #speaking = new Map<string, Speaking>();
  /** Runs of which everybody who listens hears what tools are called with, and what they answer. */
  readonly #showingTools = new Set<string>();

  constructor(options: RunBroadcastOptions) {
    this.#options = options;
  }

  /** Takes a step of a run. */
  take(event: RunEvent): void {
    switch (event.type) {
      case "started":
        if (event.showsTools === true) this.#showingTools.add(event.runId);
        return this.#agent(event, "lifecycle", { phase: "start", startedAt: event.startedAtMs });
      case "text":
        return this.#text(event);
      case "tool":
        return this.#tool(event);
      case "compaction":
        return this.#agent(event, "compaction", {
          phase: event.phase,
          ...(event.phase === "end" && { willRetry: false }),
        });
      case "ended":
        return this.#ended(event);
    }
  }

  /** What is remembered of runs that go on. */
  get size(): number {
    return this.#speaking.size + this.#showingTools.size;
  }

  #text(event: Extract<RunEvent, { type: "text" }>): void {
    const known = this.#speaking.get(event.runId);
    const speaking: Speaking = known ?? {
      told: "",
      toldAtMs: 0,
      text: "",
      isReplaced: false,
      cancel: undefined,
      latest: event,
    };
    this.#speaking.set(event.runId, speaking);
    speaking.text = event.text;
    speaking.latest = event;
    speaking.isReplaced ||= event.replace;
    const waitMs = speaking.toldAtMs + LIMITS.chatDeltaIntervalMs - this.#options.clock.now();
    if (waitMs <= 0 || waitMs > LIMITS.chatDeltaIntervalMs) return this.#tell(speaking);
    speaking.cancel ??= this.#options.clock.after(waitMs, () => this.#tell(speaking));
  }

  #tell(speaking: Speaking): void {
    speaking.cancel?.();
    speaking.cancel = undefined;
    const { latest, text, told } = speaking;
    if (text === told) return;
    const isReplaced = speaking.isReplaced || !text.startsWith(told);
    const delta = isReplaced ? text : text.slice(told.length);
    speaking.told = text;
    speaking.isReplaced = false;
    speaking.toldAtMs = this.#options.clock.now();
    this.#agent(latest, "assistant", { text, delta, ...(isReplaced && { replace: true }) });
    this.#chat(latest, {
      state: "delta",
      message: { role: "assistant", content: [{ type: "text", text }], timestamp: latest.atMs },
      deltaText: delta,
      ...(isReplaced && { replace: true }),
    });
  }

  #tool(event: Extract<RunEvent, { type: "tool" }>): void {
    const { phase, name, toolCallId } = event;
    const payload = agentPayload(event, "tool", { phase, name, toolCallId, ...toolDetail(event) });
    if (this.#showingTools.has(event.runId)) this.#publish("agent", event.sessionKey, payload);
    else this.#options.events.publish("agent", payload, { askedForBy: "tool-events" });
  }

  #ended(event: Extract<RunEvent, { type: "ended" }>): void {
    const speaking = this.#speaking.get(event.runId);
    if (speaking !== undefined) this.#tell(speaking);
    this.#speaking.delete(event.runId);
    this.#showingTools.delete(event.runId);
    const { ending, message, startedAtMs: startedAt, atMs: endedAt } = event;
    switch (ending.state) {
      case "final":
        this.#agent(event, "lifecycle", { phase: "end", startedAt, endedAt });
        return this.#chat(event, {
          state: "final",
          ...given({ message: message && wireMessage(message), usage: ending.usage && wireUsage(ending.usage) }),
        });
      case "aborted":
        this.#agent(event, "lifecycle", { phase: "end", startedAt, endedAt, aborted: true });
        return this.#chat(event, { state: "aborted", stopReason: ending.stopReason });
      case "error":
        this.#agent(event, "lifecycle", { phase: "error", startedAt, endedAt, error: ending.errorMessage });
        return this.#chat(event, { state: "error", errorMessage: ending.errorMessage, errorKind: ending.errorKind });
    }
  }

  #agent(event: RunEvent, stream: string, data: Record<string, unknown>): void {
    this.#publish("agent", event.sessionKey, agentPayload(event, stream, data));
  }

  #chat(event: RunEvent, said: Omit<PayloadOf<"chat">, "runId" | "sessionKey" | "seq" | "agentId">): void {
    const { runId, sessionKey, seq, agentId } = event;
    this.#publish("chat", sessionKey, { runId, sessionKey, agentId, seq, ...said });
  }

  #publish<E extends "chat" | "agent">(event: E, sessionKey: string, payload: PayloadOf<E>): void {
    this.#options.events.publish(event, payload);
    this.#options.listeners.tell(sessionKey, event, payload);
  }
}

function agentPayload(event: RunEvent, stream: string, data: Record<string, unknown>): PayloadOf<"agent"> {
  const { runId, sessionKey, seq, atMs: ts } = event;
  return { runId, seq, stream, ts, data, sessionKey };
}

function toolDetail(event: Extract<RunEvent, { type: "tool" }>): Record<string, unknown> {
  switch (event.phase) {
    case "start":
      return { args: event.args };
    case "update":
      return { partialResult: event.partial };
    case "result":
      return { isError: event.isError, result: event.result };
  }
}

/** A message of a transcript in the wire's words. */
export function wireMessage(message: NonNullable<Extract<RunEvent, { type: "ended" }>["message"]>): ChatMessage {
  if (message.role !== "assistant") return { ...message, content: [...message.content] };
  const { usage, content, ...rest } = message;
  return { ...rest, content: [...content], ...(usage !== undefined && { usage: wireUsage(usage) }) };
}

function wireUsage({ costUsd, ...usage }: { readonly costUsd?: number }): Record<string, number | { total: number }> {
  return { ...usage, ...(costUsd !== undefined && { cost: { total: costUsd } }) };
}
