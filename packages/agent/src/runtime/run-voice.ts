import type { ToolCallPart } from "../prompt/model-context.ts";
import { visibleSoFar } from "../prompt/reply-shape.ts";
import type { ToolOutcome } from "../tool.ts";
import type { AssistantMessage } from "../transcript.ts";
import type { RunEnding, RunEvent } from "../turn.ts";

/**
 * A text longer than this is told at most so often, in milliseconds: each telling reads it whole, and models send thousands
 * of pieces. What is held back comes with the next piece, and before anything else is told.
 */
const longTextChars = 2_000;
const longTextEveryMs = 40;

/** What all events of a run have. */
type Head = Pick<RunEvent, "runId" | "sessionKey" | "agentId">;

/** Tells what a run does, numbered and without gaps. A listener that throws hurts nobody. */
export class RunVoice {
  readonly #head: Head;
  readonly #now: () => number;
  readonly #listener: (event: RunEvent) => void;
  readonly #startedAtMs: number;
  #seq = 0;
  #before: string[] = [];
  #shown = "";
  /** What the step has said, as far as it wasn't told yet. */
  #untold: string | undefined;
  #toldAtMs = 0;
  #spoke = false;
  #isOver = false;

  constructor(options: Head & { now: () => number; listener: (event: RunEvent) => void; startedAtMs: number }) {
    const { agentId, runId, sessionKey } = options;
    this.#head = { agentId, runId, sessionKey };
    this.#now = options.now;
    this.#listener = options.listener;
    this.#startedAtMs = options.startedAtMs;
  }

  /** Whether anything of this step was shown. */
  get spokeInStep(): boolean {
    return this.#spoke;
  }

  /** It begins. */
  started(what: Pick<Extract<RunEvent, { type: "started" }>, "reply" | "showsTools"> = {}): void {
    this.#tell({ type: "started", startedAtMs: this.#startedAtMs, ...what });
  }

  /** A step begins; what earlier ones said stays. */
  beginStep(saidBefore: readonly string[]): void {
    this.#tellText();
    this.#before = saidBefore.map(visibleSoFar).filter((text) => text !== "");
    this.#spoke = false;
  }

  /** Everything that this step has said. */
  text(soFar: string): void {
    this.#untold = soFar;
    const sinceMs = this.#now() - this.#toldAtMs;
    if (soFar.length > longTextChars && sinceMs >= 0 && sinceMs < longTextEveryMs) return;
    this.#tellText();
  }

  #tellText(): void {
    const soFar = this.#untold;
    if (soFar === undefined) return;
    this.#untold = undefined;
    this.#toldAtMs = this.#now();
    const text = [...this.#before, visibleSoFar(soFar)].filter((part) => part !== "").join("\n\n");
    if (text === this.#shown) return;
    const replace = !text.startsWith(this.#shown);
    const delta = replace ? text : text.slice(this.#shown.length);
    this.#shown = text;
    this.#spoke = true;
    this.#tell({ type: "text", delta, text, replace });
  }

  toolStarts({ arguments: args, id, name }: ToolCallPart): void {
    this.#tellText();
    this.#tell({ type: "tool", phase: "start", toolCallId: id, name, args });
  }

  toolProgress({ id, name }: ToolCallPart, partial: string): void {
    this.#tell({ type: "tool", phase: "update", toolCallId: id, name, partial });
  }

  toolEnds({ id, name }: ToolCallPart, { content, details, isError }: ToolOutcome): void {
    this.#tell({ type: "tool", phase: "result", toolCallId: id, name, isError, result: details ?? { content } });
  }

  compaction(phase: "start" | "end"): void {
    this.#tellText();
    this.#tell({ type: "compaction", phase });
  }

  /** The last word; nothing is told after it. */
  ended(ending: RunEnding, message?: AssistantMessage): void {
    this.#tellText();
    this.#tell({ type: "ended", ending, startedAtMs: this.#startedAtMs, ...(message && { message }) });
    this.#isOver = true;
  }

  #tell(what: Record<string, unknown> & { readonly type: RunEvent["type"] }): void {
    if (this.#isOver) return;
    this.#seq += 1;
    const event = { ...this.#head, seq: this.#seq, atMs: this.#now(), ...what } as RunEvent;
    try {
      this.#listener(event);
    } catch {
      // Who listens badly misses something; the run goes on.
    }
  }
}

/** Tells of a run that ended without anything to hear of it before: it started, and ended. */
export function tellEnded(
  options: ConstructorParameters<typeof RunVoice>[0],
  ending: RunEnding,
  message?: AssistantMessage,
): void {
  const voice = new RunVoice(options);
  voice.started();
  voice.ended(ending, message);
}
