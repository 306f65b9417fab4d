export type { AgentBackend, BackendErrorKind, ModelInfo, ModelRef, ThinkRequest, ThoughtEvent } from "./backend.ts";
export { BackendError, isBackendError } from "./backend.ts";
export { agentIdOf, isAgentId, mainAgentId } from "./session/agent-id.ts";
export type { AgentBinding, Route, RouteMatch, RouteQuestion, RouteRules } from "./session/routing.ts";
export { routeTo } from "./session/routing.ts";
export type {
  DirectPeer,
  DmScope,
  IdentityLinks,
  ParsedSessionKey,
  ResolvedSessionKey,
  RoomPeer,
  SessionKind,
  SessionType,
} from "./session/session-key.ts";
export {
  directSessionKey,
  isMainSessionKey,
  keyPart,
  mainSessionKey,
  maxSessionKeyChars,
  parseSessionKey,
  resolveSessionKey,
  roomSessionKey,
  sessionKindOf,
  sessionTypeOf,
  threadSessionKey,
} from "./session/session-key.ts";
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
