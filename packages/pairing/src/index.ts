export type { DeviceDocumentShapes } from "./device-documents.ts";
export { deviceDocumentShapes } from "./device-documents.ts";
export type {
  AdmitEvent,
  Admitted,
  Approved,
  ApproveEvent,
  Caller,
  DevicePairingEvent,
  DevicePairingOutcomes,
  Expired,
  ExpireEvent,
  Forbidden,
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
  Transition,
  UnknownDevice,
  UnknownRequest,
} from "./device-events.ts";
export type { DevicePairingLimits } from "./device-limits.ts";
export { defaultDevicePairingLimits } from "./device-limits.ts";
export type { DeviceList, DeviceTokenSummary, PairedDeviceSummary } from "./device-list.ts";
export { listDevices, pairedSummary, pendingSummary } from "./device-list.ts";
export { devicePairing, emptyDevicePairing } from "./device-pairing.ts";
export type { AdmitRequest, AdmitResult, DevicePairingOptions } from "./device-pairing-service.ts";
export { DevicePairing } from "./device-pairing-service.ts";
export type {
  DeviceMetadata,
  DevicePairingState,
  DeviceToken,
  PairedDevice,
  PairedDevices,
  PendingDevice,
  PendingDevices,
} from "./device-records.ts";
export type { TokenCheck } from "./device-tokens.ts";
export { checkDeviceToken } from "./device-tokens.ts";
export type { PairingNotice } from "./pairing-notices.ts";
