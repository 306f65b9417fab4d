import type { ToolDescription } from "./tool.ts";
import type { StopReason, TranscriptMessage, Usage } from "./transcript.ts";

/** A model as `provider/model`, split at the first slash. */
export interface ModelRef {
  readonly provider: string;
  readonly model: string;
}

/** One model that a backend can think with. */
export interface ModelInfo extends ModelRef {
  readonly name: string;
  /** In tokens, where it is known. */
  readonly contextWindow?: number;
  readonly reasoning?: boolean;
  /** Whether it takes images. */
  readonly images?: boolean;
}

/** One step to think: everything so far, to be continued by one message of the model. */
export interface ThinkRequest {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly model: ModelRef;
  readonly system: string;
  /** Oldest first; ends with a user message or tool results. */
  readonly messages: readonly TranscriptMessage[];
  readonly tools: readonly ToolDescription[];
  readonly thinking: "off" | "minimal" | "low" | "medium" | "high" | "xhigh";
}

/**
 * What comes while a step is thought. Every stream ends with exactly one `end`, or throws a {@link BackendError}; what
 * came before stays said.
 */
export type ThoughtEvent =
  /** An empty one says nothing, and that there is life: arguments of a call are on their way. */
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "thinking"; readonly delta: string; readonly signature?: string }
  /** `signature`: what the model wants back with the call. */
  | {
      readonly type: "toolCall";
      readonly id: string;
      readonly name: string;
      readonly arguments: unknown;
      readonly signature?: string;
    }
  /** What was said before by another model of this step doesn't count any more. */
  | { readonly type: "restart"; readonly why: string }
  | {
      readonly type: "end";
      readonly stopReason: Extract<StopReason, "stop" | "length" | "toolUse">;
      readonly usage?: Usage;
      /** The model that answered, where it is another one than was asked. */
      readonly model?: ModelRef;
    };

/** Why a backend could not finish, in kinds that a client can act on. */
export type BackendErrorKind =
  | "auth"
  | "billing"
  | "rate_limit"
  | "timeout"
  | "context_length"
  | "refusal"
  | "format"
  | "unavailable"
  | "unknown";

/** A backend could not finish a step. `message` is for people and holds no secret. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly kind: BackendErrorKind;
  /** Milliseconds to wait, where the provider said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: BackendErrorKind,
    message: string,
    options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether an error is a {@link BackendError}; a backend that was installed beside us brings its own copy of the class. */
export function isBackendError(error: unknown): error is BackendError {
  return error instanceof Error && error.name === "BackendError" && typeof (error as BackendError).kind === "string";
}

/**
 * A way of thinking. It thinks one step at a time and calls no tool itself: tools, their approvals and what is written
 * down between two steps are the runtime's business.
 */
export interface AgentBackend {
  /** Lower case; shown in status. */
  readonly id: string;
  /** The models that it can think with. Cheap: from the configuration, without asking anybody. */
  models(): readonly ModelInfo[];
  /** Whether it thinks with this model. */
  serves(model: ModelRef): boolean;
  /** Thinks one step. The signal ends it at once; the stream then throws the signal's reason. */
  think(request: ThinkRequest, signal: AbortSignal): AsyncIterable<ThoughtEvent>;
  close(): Promise<void>;
}
