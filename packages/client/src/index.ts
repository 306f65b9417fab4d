export type { DeviceIdentity, Ed25519Engine } from "@saltgate/identity";
export { deviceIdentityOf, portableEngine } from "@saltgate/identity";
export type {
  EventName,
  HelloOk,
  MethodName,
  ParamsOf,
  PayloadOf,
  PresenceEntry,
  ProtocolVersion,
  ResultOf,
  Role,
  Scope,
  StateVersion,
} from "@saltgate/protocol";
export type { ClientClock } from "./clock.ts";
export type { ClientInfo } from "./connect-request.ts";
export { createDeviceIdentity } from "./device.ts";
export type { ClientErrorCode, ClientErrorFacts } from "./errors.ts";
export { CLIENT_ERRORS, ClientError, GatewayError } from "./errors.ts";
export type { GatewayEvent } from "./gateway-client.ts";
export { GatewayClient } from "./gateway-client.ts";
export type { ClientState, GatewayClientOptions, RequestOptions } from "./options.ts";
export type { ReconnectDelays } from "./reconnect.ts";
export type { Gap } from "./sequence.ts";
export type { ClientSocket, OpenSocket, SocketEnding, SocketEvents, SocketTarget } from "./socket.ts";
export type { StoredToken, TokenKey, TokenStore } from "./token-store.ts";
export { memoryTokenStore } from "./token-store.ts";
