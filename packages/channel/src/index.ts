export type { AccessDecision, AccessInput, DropReason } from "./access.ts";
export { decideAccess, groupRows } from "./access.ts";
export type { AccountKeeperOptions } from "./account-keeper.ts";
export { AccountKeeper } from "./account-keeper.ts";
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
export type { Aftermath } from "./after-attempt.ts";
export { afterAttempt, reconcileAfterMs } from "./after-attempt.ts";
export type { BackoffRules } from "./backoff.ts";
export { backoffMs, conflictBackoff, deliveryBackoff, reconnectBackoff } from "./backoff.ts";
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
export type { ChunkRules } from "./chunking.ts";
export { chunkMarkdown } from "./chunking.ts";
export { conversationKey } from "./conversation-key.ts";
export type { CourierOptions } from "./courier.ts";
export { Courier } from "./courier.ts";
export type { Gathered, GatheringRules } from "./gathering.ts";
export { defaultGatheringRules, gather } from "./gathering.ts";
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
export type { AccountRef, AsideRow, InboxLimits, InboxOptions, InboxRow } from "./inbox.ts";
export { defaultInboxLimits, Inbox, inboxSchema } from "./inbox.ts";
export type { MediaShelfOptions } from "./media-shelf.ts";
export { MediaShelf } from "./media-shelf.ts";
export { compileMentionPatterns, mentionsBy } from "./mention-patterns.ts";
export type {
  Delivery,
  OutboundButton,
  OutboundContent,
  OutboundFile,
  OutboundTarget,
  Receipt,
  Reconciliation,
} from "./outbound.ts";
export type {
  DeliveryOutcome,
  DeliveryState,
  NewDelivery,
  OutboxLimits,
  OutboxOptions,
  OutboxRow,
  StoredContent,
} from "./outbox.ts";
export { defaultOutboxLimits, Outbox, outboxSchema } from "./outbox.ts";
export type { PacedSend } from "./pacer.ts";
export { Pacer } from "./pacer.ts";
export type { AccountPolicy, DmPolicy, GroupPolicy, GroupPolicyRow, ToolRules } from "./policy.ts";
export type { ReceptionistOptions } from "./receptionist.ts";
export { NotNowError, Receptionist } from "./receptionist.ts";
