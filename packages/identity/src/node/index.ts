export type { DeviceIdentityFileOptions, StoredDeviceIdentity } from "./device-identity-file.ts";
export { loadOrCreateDeviceIdentity } from "./device-identity-file.ts";
export type { IdentityFileErrorCode } from "./identity-file-error.ts";
export { IdentityFileError } from "./identity-file-error.ts";
export { createNativeEngine, nativeEngine } from "./native-engine.ts";
