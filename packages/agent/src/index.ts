export type { AgentBackend, BackendErrorKind, ModelInfo, ModelRef, ThinkRequest, ThoughtEvent } from "./backend.ts";
export { BackendError, isBackendError } from "./backend.ts";
export type { AgentErrorCode } from "./errors.ts";
export { AgentError } from "./errors.ts";
export { BuiltInBackend } from "./prompt/built-in-backend.ts";
export type { HouseFacts } from "./prompt/house-facts.ts";
export type { ReplyShape } from "./prompt/reply-shape.ts";
export { shapeReply, visibleSoFar } from "./prompt/reply-shape.ts";
export type { SystemPromptFacts, WorkspaceFile } from "./prompt/system-prompt.ts";
export { systemPrompt } from "./prompt/system-prompt.ts";
export { untrusted } from "./prompt/untrusted-text.ts";
export type { ChatCommand, CommandDescription, CommandName } from "./queue/chat-command.ts";
export { chatCommands, isChatCommand, isStopText, parseChatCommand } from "./queue/chat-command.ts";
export type { LaneRules, QueueDrop, QueueRules } from "./queue/queue-settings.ts";
export { queueModeOf } from "./queue/queue-settings.ts";
export type { SpendLimit, SpendLimits } from "./queue/spend-limits.ts";
export type { StopReasonOfTurn, TurnAnswer, TurnCommand, TurnRecord, TurnState } from "./queue/turn-store.ts";
export type { Acceptance, AcceptOptions } from "./runtime/accept-turn.ts";
export type { RuntimeSizes } from "./runtime/agent-runtime.ts";
export { AgentRuntime } from "./runtime/agent-runtime.ts";
export type { AgentClock } from "./runtime/clock.ts";
export { choosableModels } from "./runtime/command-answers.ts";
export { modelInUse, modelName, parseModelRef, resolveModel } from "./runtime/model-choice.ts";
export type { AgentLog, AgentRuntimeOptions, BackendPort, ToolsQuestion } from "./runtime/ports.ts";
export type { RunResult } from "./runtime/run-waiters.ts";
export { agentIdOf, isAgentId, mainAgentId } from "./session/agent-id.ts";
export { agentSchema } from "./session/agent-schema.ts";
export type { ResetPolicy, ResetRules } from "./session/reset-policy.ts";
export type { RetentionLimits } from "./session/retention.ts";
export { defaultRetention, sweep } from "./session/retention.ts";
export type { AgentBinding, Route, RouteMatch, RouteQuestion, RouteRules } from "./session/routing.ts";
export { routeTo } from "./session/routing.ts";
export type { SendRules } from "./session/send-policy.ts";
export { maySend } from "./session/send-policy.ts";
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
export type { SessionRecord, SessionStatus } from "./session/session-record.ts";
export { sessionEntry, sessionRow, sessionTitle } from "./session/session-record.ts";
export type { SessionSettings, SettingsChange, ThinkingLevel } from "./session/session-settings.ts";
export { changeSettings, thinkingLevelOf, thinkingLevels } from "./session/session-settings.ts";
export type {
  SessionPatch,
  SessionPreview,
  SessionQuery,
  SessionResult,
  SessionStoreOptions,
} from "./session/session-store.ts";
export { SessionStore } from "./session/session-store.ts";
export type { HistoryRange, StoredMessage } from "./session/transcripts.ts";
export type { AgentProfile, AgentSettings, ModelChain } from "./settings.ts";
export { agentOf, builtInModel, defaultAgentSettings, mayChooseModel, usualThinking } from "./settings.ts";
export type { ReplyRoute, RunPrincipal, Tool, ToolContext, ToolDescription, ToolOutcome } from "./tool.ts";
export type { AgentToolPorts } from "./tools/agent-tools.ts";
export { agentTools } from "./tools/agent-tools.ts";
export type { ExecEnding, ExecPort, ExecRequest, ExecToolOptions } from "./tools/exec-tool.ts";
export type { ExecLimits, ExecQuestion, HostExecOptions, SessionExecLimits } from "./tools/host-exec.ts";
export { createHostExec } from "./tools/host-exec.ts";
export type { MessageAction, MessagePort, MessageResult, MessageTarget } from "./tools/message-tool.ts";
export type { NodeAnswer, NodeSummary, NodesPort } from "./tools/nodes-tool.ts";
export type { SessionReach, SessionsPort } from "./tools/session-tools.ts";
export { ToolFailure } from "./tools/tool-failure.ts";
export type { ToolProfile } from "./tools/tool-groups.ts";
export type { ToolDenial, ToolPolicyLayer, ToolPolicyQuestion, ToolPolicyRules } from "./tools/tool-policy.ts";
export { denialOf, toolsFor } from "./tools/tool-policy.ts";
export type { JailedFile } from "./tools/workspace-jail.ts";
export { WorkspaceJail } from "./tools/workspace-jail.ts";
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
