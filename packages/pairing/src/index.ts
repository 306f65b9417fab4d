export type { Caller, Forbidden } from "./authority.ts";
export type { DeviceDocumentShapes } from "./device/documents.ts";
export { deviceDocumentShapes } from "./device/documents.ts";
export type {
  AdmitEvent,
  Admitted,
  Approved,
  ApproveEvent,
  DevicePairingEvent,
  DevicePairingOutcomes,
  Expired,
  ExpireEvent,
  PairingRequired,
  Refused,
  RejectEvent,
  Rejected,
  Removed,
  RemoveEvent,
  Renamed,
  RenameEvent,
  Revoked,
  RevokeEvent,
  Rotated,
  RotateEvent,
  SocketTarget,
  TokenFault,
  TouchEvent,
  Touched,
  UnknownDevice,
  UnknownRequest,
} from "./device/events.ts";
export type { DevicePairingLimits } from "./device/limits.ts";
export { defaultDevicePairingLimits } from "./device/limits.ts";
export type { DeviceList, DeviceTokenSummary, PairedDeviceSummary } from "./device/list.ts";
export { listDevices, pairedSummary, pendingSummary } from "./device/list.ts";
export type { PairingNotice } from "./device/notices.ts";
export type {
  DeviceMetadata,
  DevicePairingState,
  DeviceToken,
  PairedDevice,
  PairedDevices,
  PendingDevice,
  PendingDevices,
} from "./device/records.ts";
export { nodeApprovalOf } from "./device/records.ts";
export { devicePairing, emptyDevicePairing } from "./device/reducer.ts";
export type { AdmitRequest, AdmitResult, DevicePairingOptions } from "./device/service.ts";
export { DevicePairing } from "./device/service.ts";
export type { TokenCheck } from "./device/tokens.ts";
export { checkDeviceToken } from "./device/tokens.ts";
export { deviceInvitesShape } from "./invite/documents.ts";
export type {
  CompletedInvite,
  CompleteInviteEvent,
  CreatedInvite,
  CreateInviteEvent,
  DeviceInviteEvent,
  DeviceInviteOutcomes,
  InviteRefused,
  RedeemedInvite,
  RedeemInviteEvent,
  RevokedInvite,
  RevokeInviteEvent,
} from "./invite/events.ts";
export type { DeviceInviteLimits } from "./invite/limits.ts";
export { defaultDeviceInviteLimits } from "./invite/limits.ts";
export type { DeviceInvite, DeviceInvitesState, InviteSummary } from "./invite/records.ts";
export { deviceInvites } from "./invite/reducer.ts";
export type { DeviceInvitesOptions, InviteCode } from "./invite/service.ts";
export { DeviceInvites } from "./invite/service.ts";
export type { NodeDocumentShapes } from "./node/documents.ts";
export { nodeDocumentShapes } from "./node/documents.ts";
export type {
  ApprovedNode,
  ApproveNodeEvent,
  DeclaredNode,
  DeclareNodeEvent,
  ExpiredNodes,
  ExpireNodesEvent,
  ForgetNodeEvent,
  ForgottenNode,
  NodePairingEvent,
  NodePairingOutcomes,
  NodeRefused,
  NodeSurface,
  RejectedNode,
  RejectNodeEvent,
  RemovedNode,
  RemoveNodeEvent,
  RenamedNode,
  RenameNodeEvent,
  RequestedNode,
  RequestNodeEvent,
  TouchNodesEvent,
  UnknownNode,
  UnknownNodeRequest,
} from "./node/events.ts";
export { EXEC_COMMANDS, needsAdmin } from "./node/exec-commands.ts";
export type { NodePairingLimits } from "./node/limits.ts";
export { defaultNodePairingLimits } from "./node/limits.ts";
export type { NodeList, PairedNodeSummary, PendingNodeSummary } from "./node/list.ts";
export { listNodes, pairedNodeSummary, pendingNodeSummary } from "./node/list.ts";
export type { NodeNotice } from "./node/notices.ts";
export type {
  NodeExtension,
  NodeMetadata,
  NodePairingState,
  PairedNode,
  PairedNodes,
  PendingNode,
  PendingNodes,
} from "./node/records.ts";
export { emptyNodePairing, nodePairing } from "./node/reducer.ts";
export type { ApproveNodeResult, NodeDeclaration, NodePairingOptions } from "./node/service.ts";
export { NodePairing } from "./node/service.ts";
export { nodeTokenMatches } from "./node/token.ts";
export type { NodeApproval, NodeClaims, NodeFacts, NodePlatform } from "./node-claims.ts";
export type { SenderDocumentShapes } from "./sender/documents.ts";
export { senderDocumentShapes } from "./sender/documents.ts";
export type {
  AllowedChange,
  ApproveSenderEvent,
  ChangeAllowedEvent,
  ListSendersEvent,
  SenderApproved,
  SenderIgnored,
  SenderPairingEvent,
  SenderPairingOutcomes,
  SenderRequested,
  UpsertSenderEvent,
} from "./sender/events.ts";
export type { SenderPairingLimits } from "./sender/limits.ts";
export { defaultSenderPairingLimits } from "./sender/limits.ts";
export type { AllowedSenders, PendingSenders, SenderPairingState, SenderRequest } from "./sender/records.ts";
export { emptySenderPairing, senderPairing } from "./sender/reducer.ts";
export type { SenderFiles, SenderScope } from "./sender/sender-files.ts";
export { senderFiles } from "./sender/sender-files.ts";
export { normalizeSenderId } from "./sender/sender-id.ts";
export type { PairingReply } from "./sender/sender-words.ts";
export { pairingReply, senderIdLabel } from "./sender/sender-words.ts";
export type { SenderPairingOptions } from "./sender/service.ts";
export { SenderPairing } from "./sender/service.ts";
export type { Transition } from "./transition.ts";
