export type {
  AccountContext,
  AccountStatus,
  ChannelAccount,
  ChannelAdapter,
  ChannelClock,
  ChannelConnection,
  ChannelDescriptor,
  ChannelLogger,
  ParsedTarget,
  Probe,
  WebhookRequest,
} from "./adapter.ts";
export type {
  ChannelCapabilities,
  ChannelLimits,
  ConversationKind,
  LiveText,
  RateRules,
  Reconciling,
} from "./capabilities.ts";
export type { ChannelErrorKind } from "./channel-error.ts";
export { ChannelError, isChannelError } from "./channel-error.ts";
export type {
  ConversationRef,
  InboundCommand,
  InboundEvent,
  InboundMedia,
  InboundMessage,
  InboundMigration,
  InboundNotice,
  InboundPort,
  InboundSender,
  MentionSignals,
  SetAside,
} from "./inbound.ts";
export type {
  Delivery,
  OutboundButton,
  OutboundContent,
  OutboundFile,
  OutboundTarget,
  Receipt,
  Reconciliation,
} from "./outbound.ts";
export type { AccountPolicy, DmPolicy, GroupPolicy, GroupPolicyRow, ToolRules } from "./policy.ts";
