export type { AgentSummary, ModelChoice } from "./agents.ts";
export type {
  ApprovalDecision,
  ApprovalSubject,
  ApprovalsFile,
  ApprovalsSnapshot,
  ExecPolicyView,
  PendingApproval,
} from "./approvals.ts";
export { approvalsFileSchema } from "./approvals.ts";
export type { AccountSnapshot } from "./channels.ts";
export type { Attachment, ChatMessage } from "./chat.ts";
export type { ClientKind } from "./clients.ts";
export { CLIENT_BRANDS, CLIENT_MODES, clientKind, hintAudience } from "./clients.ts";
export type { CloseCodeEntry, CloseCodeName } from "./close-codes.ts";
export { CLOSE_CODES, truncateCloseReason } from "./close-codes.ts";
export type { Hello, ProtocolCodec } from "./codecs/codec.ts";
export { CODECS } from "./codecs/codecs.ts";
export type { ConnectParams, HelloOk, HelloOkV3, HelloOkV4 } from "./connect.ts";
export { CONNECT, connectChallengeSchema, connectParamsSchema, helloOkV3Schema, helloOkV4Schema } from "./connect.ts";
export type { CronJob, CronSchedule } from "./cron.ts";
export type { EventDescription, MethodDescription, ScopeRule } from "./define.ts";
export { requiredScope } from "./define.ts";
export type { QueuedDelivery } from "./deliveries.ts";
export type { PairedDevice, PendingDevice } from "./devices.ts";
export type { DetailCode, DetailCodeEntry, ErrorExtras, ErrorShape } from "./errors.ts";
export { DETAIL_CODES, ErrorCode, errorForVersion, errorShape } from "./errors.ts";
export type { EventFamily, EventName, PayloadOf, ServedEventName } from "./events/events.ts";
export { EVENT_FAMILIES, EVENTS } from "./events/events.ts";
export { advertisedEvents, advertisedMethods } from "./features.ts";
export type { Decoded, EventFrame, RequestFrame, ResponseFrame, StateVersion } from "./frames.ts";
export {
  decodeRequestFrame,
  decodeServerFrame,
  encodeErrorResponse,
  encodeEvent,
  encodeResponse,
  eventFrameSchema,
  requestFrameSchema,
  responseFrameSchema,
} from "./frames.ts";
export type { HealthSummary } from "./health.ts";
export type { Heartbeat } from "./heartbeat.ts";
export { isTooDeep } from "./json-depth.ts";
export { LIMITS } from "./limits.ts";
export type {
  CheckedParamsOf,
  MethodFamily,
  MethodName,
  ParamsOf,
  ResultOf,
  ServedMethodName,
} from "./methods/methods.ts";
export { findMethod, METHOD_FAMILIES, METHODS } from "./methods/methods.ts";
export type {
  NodeInvokeRequest,
  SystemRunParams,
  SystemRunPlan,
  SystemRunPrepared,
  SystemRunResult,
} from "./node-commands.ts";
export {
  execApprovalsSetParamsSchema,
  NODE_COMMANDS,
  nodeInvokeRequestSchema,
  systemNotifyParamsSchema,
  systemRunParamsSchema,
  systemRunPlanSchema,
  systemRunPreparedSchema,
  systemRunResultSchema,
  systemWhichParamsSchema,
} from "./node-commands.ts";
export type { NodeHostStats, NodeRow, PairedNode, PendingNode, PendingWork, QueuedWork } from "./nodes.ts";
export { nodeHostStatsSchema } from "./nodes.ts";
export type { PresenceEntry } from "./presence.ts";
export type { Role } from "./roles.ts";
export { isRole, ROLES } from "./roles.ts";
export type { Scope } from "./scopes.ts";
export {
  intersectScopes,
  isScope,
  missingScopes,
  normalizeScopes,
  OWNER_SCOPES,
  SCOPES,
  scopeSatisfies,
} from "./scopes.ts";
export type { SessionEntry, SessionRow } from "./sessions.ts";
export { describeIssues } from "./validation.ts";
export type { Negotiation, ProtocolVersion } from "./versions.ts";
export { LATEST_PROTOCOL_VERSION, negotiateVersion, PROTOCOL_VERSIONS } from "./versions.ts";
export type { WizardStep } from "./wizard.ts";
