export type { AgentBackend, BackendErrorKind, ModelInfo, ModelRef, ThinkRequest, ThoughtEvent } from "./backend.ts";
export { BackendError, isBackendError } from "./backend.ts";
export type { ReplyRoute, RunPrincipal, Tool, ToolContext, ToolDescription, ToolOutcome } from "./tool.ts";
export type {
  AssistantMessage,
  MessagePart,
  StopReason,
  ToolResultMessage,
  TranscriptMessage,
  Usage,
  UserMessage,
} from "./transcript.ts";
export type { QueueMode, RunEnding, RunEvent, RunReply, SessionOrigin, TurnOptions, TurnRequest } from "./turn.ts";
