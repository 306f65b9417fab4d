export { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
export type { ConnectFields, ConnectPayload, ConnectPayloadVersion } from "./connect-payload.ts";
export { connectPayload } from "./connect-payload.ts";
export type {
  ConnectProof,
  ConnectProofFault,
  ConnectToSign,
  ConnectToVerify,
  PresentedDevice,
} from "./connect-proof.ts";
export { maxSignatureSkewMs, signConnect, verifyConnectProof } from "./connect-proof.ts";
export type { DeviceId } from "./device-id.ts";
export { deviceIdOf, isDeviceId, parseDeviceId } from "./device-id.ts";
export type { DeviceIdentity } from "./device-identity.ts";
export { createDeviceIdentity, deviceIdentityOf } from "./device-identity.ts";
export type { Ed25519Engine, MaybePromise, SyncEd25519Engine } from "./engine.ts";
export { portableEngine } from "./portable-engine.ts";
export type { DecodedPublicKey, PublicKeyFault } from "./public-key.ts";
export { decodePublicKey } from "./public-key.ts";
export type { SecretDigest, Sha256 } from "./secret.ts";
export { digestSecret, digestsEqual, isSecretDigest, mintSecret, secretMatches } from "./secret.ts";
export type { SetupCode } from "./setup-code.ts";
export { decodeSetupCode, encodeSetupCode } from "./setup-code.ts";
