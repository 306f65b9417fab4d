export type { AgentBackend, BackendErrorKind, ModelInfo, ModelRef, ThinkRequest, ThoughtEvent } from "./backend.ts";
export { BackendError, isBackendError } from "./backend.ts";
export type { ReplyRoute, RunPrincipal, Tool, ToolContext, ToolDescription, ToolOutcome } from "./tool.ts";
export type { AgentToolPorts } from "./tools/agent-tools.ts";
export { agentTools } from "./tools/agent-tools.ts";
export type { ExecEnding, ExecPort, ExecRequest, ExecToolOptions } from "./tools/exec-tool.ts";
export type { ExecQuestion, HostExecOptions } from "./tools/host-exec.ts";
export { createHostExec } from "./tools/host-exec.ts";
export type { MessageAction, MessagePort, MessageResult, MessageTarget } from "./tools/message-tool.ts";
export type { NodeAnswer, NodeSummary, NodesPort } from "./tools/nodes-tool.ts";
export type { SessionReach, SessionsPort } from "./tools/session-tools.ts";
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
