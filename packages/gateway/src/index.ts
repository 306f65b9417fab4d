export type { Attribution, RequestOrigin, Surroundings } from "./address/attribution.ts";
export { attribute, hostName, isLoopbackHostName } from "./address/attribution.ts";
export type { BindMode, BindPlan } from "./address/bind.ts";
export { planBind } from "./address/bind.ts";
export type { AddressSet } from "./address/ip.ts";
export { isLoopbackIp, isTailnetIp, normalizeIp, parseAddressSet } from "./address/ip.ts";
export type { OriginQuestion } from "./address/origin.ts";
export { isOriginAllowed } from "./address/origin.ts";
export type { Reach } from "./address/reach.ts";
export { reachOf } from "./address/reach.ts";
export type { RateLimitRules } from "./auth/rate-limiter.ts";
export type { SharedSecret } from "./auth/shared-secret.ts";
export type { TailscaleWhois } from "./auth/tailscale.ts";
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
export type { Admission, Asking, Known, LocalWithoutDevice, SetupCodeVerdict } from "./connection/admission.ts";
export { decideAdmission } from "./connection/admission.ts";
export type {
  ConnectionAction,
  ConnectionInput,
  ConnectionState,
  ConnectionStep,
} from "./connection/connection-state.ts";
export { connectionStep } from "./connection/connection-state.ts";
export type { AuthMethod, Peer } from "./connection/peer.ts";
export { defaultGatewayAuth, defaultGatewayLimits } from "./defaults.ts";
export { RequestError } from "./dispatch/outcome.ts";
export type { Gateway, StopOptions } from "./gateway.ts";
export { startGateway } from "./gateway.ts";
export type { GatewayState, GatewayStateOptions } from "./gateway-state.ts";
export { openGatewayState } from "./gateway-state.ts";
export type { Logger } from "./logging/logger.ts";
export { silentLogger } from "./logging/logger.ts";
export type { DeviceMethods } from "./methods/devices.ts";
export { deviceMethods } from "./methods/devices.ts";
export type { CommandRules } from "./nodes/command-policy.ts";
export type { GatewayNodes } from "./nodes/node-desk.ts";
export type { GatewayApprovals, GatewayAuth, GatewayLimits, GatewayMachine, GatewayOptions } from "./options.ts";
export type { InvitesPort, NodePairingPort, PairingPort } from "./pairing-port.ts";
