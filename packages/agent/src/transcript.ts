/** One part of a message, as it stands in a transcript and travels in `chat.history`. */
export type MessagePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly thinking: string; readonly thinkingSignature?: string }
  /** `data` is base64. */
  | { readonly type: "image"; readonly data: string; readonly mimeType: string }
  | {
      readonly type: "toolCall";
      readonly id: string;
      readonly name: string;
      readonly arguments: unknown;
      /** What the model that made it wants back with it. */
      readonly thoughtSignature?: string;
    };

/** Tokens that a run used, as the model's provider counts them. */
export interface Usage {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly totalTokens?: number;
  /** In US dollars, where prices are configured. */
  readonly costUsd?: number;
}

/** Why a message of a model ended. */
export type StopReason = "stop" | "length" | "toolUse" | "error" | "aborted" | "injected";

interface MessageBase {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** What a person, or something in a person's place, said. */
export interface UserMessage extends MessageBase {
  readonly role: "user";
  readonly content: readonly MessagePart[];
}

/** What a model said, or was made to have said. */
export interface AssistantMessage extends MessageBase {
  readonly role: "assistant";
  readonly content: readonly MessagePart[];
  readonly provider?: string;
  readonly model?: string;
  readonly usage?: Usage;
  readonly stopReason: StopReason;
  readonly errorMessage?: string;
}

/** What came of a tool call. */
export interface ToolResultMessage extends MessageBase {
  readonly role: "toolResult";
  readonly toolCallId: string;
  readonly toolName: string;
  readonly content: readonly MessagePart[];
  readonly isError: boolean;
}

/** One message of a transcript. The wire's `ChatMessage`, with nothing left open. */
export type TranscriptMessage = UserMessage | AssistantMessage | ToolResultMessage;
