import type { Ed25519Engine, SyncEd25519Engine } from "./engine.ts";
import { encodeHex } from "./hex.ts";

declare const brand: unique symbol;

/** Lower-case hex SHA-256 of the raw 32-byte Ed25519 public key: 64 characters. */
export type DeviceId = string & { readonly [brand]: "DeviceId" };

/** Whether `text` is spelled like a device id: 64 lower-case hex digits. */
export function isDeviceId(text: string): text is DeviceId {
  return /^[0-9a-f]{64}$/.test(text);
}

/** @throws {TypeError} unless `text` is 64 lower-case hex digits. Source: docs/protocol.md, "device identity". */
export function parseDeviceId(text: string): DeviceId {
  if (!isDeviceId(text)) {
    throw new TypeError("A device id is 64 lower-case hex digits: the SHA-256 of the device's raw public key.");
  }
  return text;
}

/** The id of a raw 32-byte public key; at once with an engine that answers at once. */
export function deviceIdOf(engine: SyncEd25519Engine, publicKey: Uint8Array): DeviceId;
export function deviceIdOf(engine: Ed25519Engine, publicKey: Uint8Array): DeviceId | Promise<DeviceId>;
export function deviceIdOf(engine: Ed25519Engine, publicKey: Uint8Array): DeviceId | Promise<DeviceId> {
  const digest = engine.sha256(publicKey);
  return digest instanceof Promise ? digest.then(spell) : spell(digest);
}

function spell(digest: Uint8Array): DeviceId {
  return parseDeviceId(encodeHex(digest));
}
