import { encodeBase64Url } from "./base64url.ts";
import { type DeviceId, deviceIdOf } from "./device-id.ts";
import { type Ed25519Engine, requireSeed, type SyncEd25519Engine } from "./engine.ts";

/** A device's own key pair and the id that follows from it. */
export interface DeviceIdentity {
  readonly deviceId: DeviceId;
  /** Unpadded base64url of the raw 32-byte public key. */
  readonly publicKey: string;
  /** The 32-byte secret key. Not enumerable, so that printing or serialising an identity doesn't show it. */
  readonly seed: Uint8Array;
}

/** The identity of a 32-byte seed. @throws {TypeError} for another length. */
export function deviceIdentityOf(engine: SyncEd25519Engine, seed: Uint8Array): DeviceIdentity;
export function deviceIdentityOf(engine: Ed25519Engine, seed: Uint8Array): DeviceIdentity | Promise<DeviceIdentity>;
export function deviceIdentityOf(engine: Ed25519Engine, seed: Uint8Array): DeviceIdentity | Promise<DeviceIdentity> {
  requireSeed(seed);
  const own = Uint8Array.from(seed);
  const publicKey = engine.publicKeyOf(own);
  if (publicKey instanceof Promise) {
    return publicKey.then(async (raw) => identity(await deviceIdOf(engine, raw), raw, own));
  }
  const deviceId = deviceIdOf(engine, publicKey);
  return deviceId instanceof Promise
    ? deviceId.then((id) => identity(id, publicKey, own))
    : identity(deviceId, publicKey, own);
}

/** A new identity from the engine's random bytes. */
export async function createDeviceIdentity(engine: Ed25519Engine): Promise<DeviceIdentity> {
  return deviceIdentityOf(engine, engine.randomBytes(32));
}

function identity(deviceId: DeviceId, publicKey: Uint8Array, seed: Uint8Array): DeviceIdentity {
  const shown = { deviceId, publicKey: encodeBase64Url(publicKey) };
  return Object.defineProperty(shown, "seed", { value: seed, enumerable: false }) as DeviceIdentity;
}
