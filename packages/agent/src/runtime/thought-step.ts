import { isTooDeep } from "@saltgate/protocol";
import { type AgentBackend, BackendError, type ModelRef, type ThinkRequest, type ThoughtEvent } from "../backend.ts";
import type { MessagePart, StopReason, Usage } from "../transcript.ts";
import type { AgentClock } from "./clock.ts";
import { deferred } from "./deferred.ts";

/** What came of one step, or what came before it was cut off. */
export interface Thought {
  readonly parts: readonly MessagePart[];
  /** All of its texts. */
  readonly text: string;
  readonly stopReason: Extract<StopReason, "stop" | "length" | "toolUse">;
  readonly usage: Usage | undefined;
  /** The model that answered, where it isn't the one that was asked. */
  readonly model: ModelRef | undefined;
}

/** Bounds of one step: a model that goes on for ever is cut off. */
interface ThoughtLimits {
  readonly maxTextChars: number;
  readonly maxToolCalls: number;
  readonly maxArgumentChars: number;
}

/** @see ThoughtLimits */
const thoughtLimits: ThoughtLimits = { maxTextChars: 1_000_000, maxToolCalls: 64, maxArgumentChars: 2_000_000 };

/** What is said while a step goes on. */
export interface ThoughtListener {
  /** Everything that the step has said so far. `restarted`: it isn't the continuation of what came before. */
  text(soFar: string, restarted: boolean): void;
}

/** Collects a step as it comes, so that what was said before an end of any kind isn't lost. */
export class ThoughtCollector {
  #parts: MessagePart[] = [];
  #text = "";
  #callIds = new Set<string>();
  #argumentChars = 0;
  readonly #listener: ThoughtListener;
  readonly #freshCallId: () => string;
  readonly #taken: ReadonlySet<string>;

  /** @param taken ids of calls that the run has made before: some providers count anew in every step */
  constructor(listener: ThoughtListener, freshCallId: () => string, taken: ReadonlySet<string>) {
    this.#listener = listener;
    this.#freshCallId = freshCallId;
    this.#taken = taken;
  }

  get parts(): readonly MessagePart[] {
    return this.#parts;
  }

  get text(): string {
    return this.#text;
  }

  /** Takes an event. @throws {BackendError} `format` for what no backend may say */
  take(event: Exclude<ThoughtEvent, { readonly type: "end" }>): void {
    switch (event.type) {
      case "text":
        this.#takeText(requireText(event.delta, "text"));
        return;
      case "thinking":
        this.#takeThinking(requireText(event.delta, "thinking"), event.signature);
        return;
      case "toolCall":
        this.#takeCall(event);
        return;
      case "restart": {
        const hadText = this.#text !== "";
        this.#parts = [];
        this.#text = "";
        this.#callIds.clear();
        if (hadText) this.#listener.text("", true);
        return;
      }
      default:
        event satisfies never;
        throw nonsense("an event of no known type");
    }
  }

  #takeText(delta: string): void {
    if (delta === "") return;
    if (this.#text.length + delta.length > thoughtLimits.maxTextChars) throw nonsense("an answer without end");
    this.#text += delta;
    const last = this.#parts.at(-1);
    if (last?.type === "text") this.#parts[this.#parts.length - 1] = { type: "text", text: last.text + delta };
    else this.#parts.push({ type: "text", text: delta });
    this.#listener.text(this.#text, false);
  }

  #takeThinking(delta: string, signature: unknown): void {
    const last = this.#parts.at(-1);
    const signed = typeof signature === "string" ? { thinkingSignature: signature } : {};
    if (last?.type === "thinking" && last.thinkingSignature === undefined) {
      if (last.thinking.length + delta.length > thoughtLimits.maxTextChars) throw nonsense("thinking without end");
      this.#parts[this.#parts.length - 1] = { type: "thinking", thinking: last.thinking + delta, ...signed };
    } else this.#parts.push({ type: "thinking", thinking: delta, ...signed });
  }

  #takeCall({ arguments: args, id, name, signature }: Extract<ThoughtEvent, { readonly type: "toolCall" }>): void {
    if (typeof name !== "string" || name === "" || name.length > 128) throw nonsense("a tool call without a name");
    if (this.#callIds.size >= thoughtLimits.maxToolCalls) throw nonsense("too many tool calls at once");
    // They are written down, told to clients and sent back, each time by whatever can write them.
    if (isTooDeep(args)) throw nonsense("a tool call with arguments that are nested without end");
    const signed = typeof signature === "string" ? { thoughtSignature: signature } : {};
    this.#argumentChars += (JSON.stringify(args) ?? "").length + (signed.thoughtSignature?.length ?? 0);
    if (this.#argumentChars > thoughtLimits.maxArgumentChars) throw nonsense("tool calls with too long arguments");
    const isUsable =
      typeof id === "string" && id !== "" && id.length <= 128 && !this.#callIds.has(id) && !this.#taken.has(id);
    const ownId = isUsable ? id : this.#freshCallId();
    this.#callIds.add(ownId);
    this.#parts.push({ type: "toolCall", id: ownId, name, arguments: args ?? {}, ...signed });
  }
}

function requireText(delta: unknown, what: string): string {
  if (typeof delta !== "string") throw nonsense(`${what} that is no text`);
  return delta;
}

function nonsense(what: string): BackendError {
  return new BackendError("format", `The model's provider sent ${what}.`);
}

/**
 * Thinks one step through a backend.
 * @param silenceMs how long it may say nothing
 * @throws {BackendError} when it fails, breaks off, is silent or makes no sense; the signal's reason when that ended it. What was said
 * until then is in the collector.
 */
export async function thinkStep(options: {
  readonly backend: AgentBackend;
  readonly request: ThinkRequest;
  readonly signal: AbortSignal;
  readonly clock: AgentClock;
  readonly silenceMs: number;
  readonly collector: ThoughtCollector;
}): Promise<Thought> {
  const { backend, clock, collector, request, signal, silenceMs } = options;
  signal.throwIfAborted();
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const stream = backend.think(request, both)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await soon(stream.next(), { clock, signal, silenceMs });
      if (done === true)
        throw new BackendError("unavailable", "The model's provider broke off in the middle of its answer.");
      if (value === null || typeof value !== "object") throw nonsense("something that is no event");
      if (value.type !== "end") {
        collector.take(value);
        continue;
      }
      const calls = collector.parts.filter((part) => part.type === "toolCall").length;
      if (!["stop", "length", "toolUse"].includes(value.stopReason)) throw nonsense("an end without a reason");
      return {
        parts: collector.parts,
        text: collector.text,
        stopReason: calls > 0 ? "toolUse" : value.stopReason === "toolUse" ? "stop" : value.stopReason,
        usage: value.usage,
        model: value.model,
      };
    }
  } finally {
    own.abort(stepIsOver);
    // A stream that hangs is left to itself; whatever it says later is heard by nobody.
    stream.return?.().catch(() => undefined);
  }
}

/** Made once: a reason of its own for each step would be an error with its stack. */
const stepIsOver = new Error("the step is over");

/** The next of a stream, unless the signal or the silence comes first. */
async function soon<T>(
  next: Promise<T>,
  {
    clock,
    signal,
    silenceMs,
  }: { readonly clock: AgentClock; readonly signal: AbortSignal; readonly silenceMs: number },
): Promise<T> {
  const { promise: ended, reject } = deferred<never>();
  const stop = () => reject(signal.reason as Error);
  const cancel = clock.after(silenceMs, () =>
    reject(new BackendError("timeout", `The model said nothing for ${Math.round(silenceMs / 1_000)} s.`)),
  );
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  next.catch(() => undefined);
  try {
    return await Promise.race([next, ended]);
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}
