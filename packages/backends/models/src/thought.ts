import { BackendError, type ThoughtEvent } from "@saltgate/agent";
import type { ModelCost } from "./models-options.ts";
import type { SdkPart } from "./sdk-model.ts";
import { type TaggedPiece, ThinkTags } from "./think-tags.ts";
import { callSignatureIn, signatureIn } from "./thinking-signature.ts";
import { argumentsFrom } from "./tool-arguments.ts";
import { usageOf } from "./usage.ts";

type Finish = Extract<SdkPart, { type: "finish" }>;
type ToolCall = Extract<ThoughtEvent, { type: "toolCall" }>;

/** Reasons of some services for an end that is none. */
const BROKEN_OFF: ReadonlySet<string> = new Set(["error", "abort", "insufficient_system_resource", "network_error"]);
/** Reasons of some services for an answer that was filtered. */
const FILTERED = /^(content_filter|sensitive)\b/;

/** Events of Anthropic's language that say something; it reserves itself new ones, which are to be passed over. */
const TELLING_EVENT = /^(message|content_block)_|^error$/;

/** What is known of the step besides its stream. */
export interface StepFacts {
  /** `provider/model`, for messages. */
  readonly name: string;
  readonly cost: ModelCost | undefined;
  /** Whether an answer without a word is one: after results of tools there may be nothing left to say. */
  readonly mayBeEmpty: boolean;
}

/**
 * Turns the parts of a stream into what a step tells. Calls of tools are told at the end, when it is certain that the
 * answer is whole: half a call is never told.
 */
export class Thought {
  readonly #facts: StepFacts;
  readonly #calls: ToolCall[] = [];
  readonly #tags = new ThinkTags();
  #saidAnything = false;
  #finish: Finish | undefined;

  constructor(facts: StepFacts) {
    this.#facts = facts;
  }

  /** What one part tells. @throws whatever the part reports as an error */
  take(part: SdkPart): readonly ThoughtEvent[] {
    switch (part.type) {
      case "text-delta":
        return part.delta === "" ? [] : this.#said(this.#tags.take(part.delta));
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end": {
        const signature = signatureIn(part);
        const delta = part.type === "reasoning-delta" ? part.delta : "";
        if (delta === "" && signature === undefined) return [];
        return [{ type: "thinking", delta, ...(signature !== undefined && { signature }) }];
      }
      // Arguments may take minutes, and are told when they are whole: until then, that there is life.
      case "tool-input-start":
      case "tool-input-delta":
        return [{ type: "text", delta: "" }];
      case "tool-call": {
        const signature = callSignatureIn(part);
        this.#calls.push({
          type: "toolCall",
          id: part.toolCallId,
          name: part.toolName,
          arguments: argumentsFrom(part.input),
          ...(signature !== undefined && { signature }),
        });
        return [];
      }
      case "error":
        if (isNewEvent(part.error)) return [];
        throw part.error;
      case "finish":
        this.#finish = part;
        return [];
      default:
        return [];
    }
  }

  /** What is told when the stream has ended. @throws {BackendError} when it ended too early, or with nothing */
  end(): readonly ThoughtEvent[] {
    const { name, cost, mayBeEmpty } = this.#facts;
    const finish = this.#finish;
    const reason = finish?.finishReason.unified;
    const raw = finish?.finishReason.raw;
    if (reason === "content-filter" || FILTERED.test(raw ?? ""))
      throw new BackendError("refusal", `${name} declined to answer this.`);
    const isWhole = raw !== undefined && !BROKEN_OFF.has(raw) && reason !== "error" && reason !== "interrupted";
    if (finish === undefined || !isWhole)
      throw new BackendError("unavailable", `${name} stopped in the middle of its answer.`);
    const rest = this.#said(this.#tags.end());
    const hasCalls = this.#calls.length > 0;
    if (!this.#saidAnything && !hasCalls && reason === "stop" && !mayBeEmpty)
      throw new BackendError("format", `${name} answered with nothing.`);
    const usage = usageOf(finish.usage, cost);
    // Some servers call it an end although tools are called; a cut answer may have lost calls, and stays cut.
    const stopReason = reason === "length" ? "length" : hasCalls ? "toolUse" : "stop";
    return [
      ...rest,
      ...(stopReason === "length" ? [] : this.#calls),
      { type: "end", stopReason, ...(usage !== undefined && { usage }) },
    ];
  }

  #said(pieces: readonly TaggedPiece[]): readonly ThoughtEvent[] {
    this.#saidAnything ||= pieces.some(({ type }) => type === "text");
    return pieces;
  }
}

/** Whether the SDK met an event of a type that it doesn't know. */
function isNewEvent(error: unknown): boolean {
  const { name, value } = (error ?? {}) as { readonly name?: unknown; readonly value?: unknown };
  if (name !== "AI_TypeValidationError" || typeof value !== "object" || value === null) return false;
  const { type } = value as { readonly type?: unknown };
  // An error that somebody sends with no frame around it has a type, too.
  return typeof type === "string" && !TELLING_EVENT.test(type) && !("message" in value || "error" in value);
}
