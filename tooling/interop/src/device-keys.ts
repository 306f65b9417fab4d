import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A device's key pair, made and used as the protocol's page says, without any of our own libraries. */
export interface DeviceKeys {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string;
  /** The raw public key, base64url without padding. */
  readonly publicKey: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
  readonly privateKey: KeyObject;
}

/** An Ed25519 public key in SPKI form ends with its 32 raw bytes. */
const RAW_KEY_BYTES = 32;

export function createDeviceKeys(): DeviceKeys {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-RAW_KEY_BYTES);
  return {
    deviceId: createHash("sha256").update(raw).digest("hex"),
    publicKey: raw.toString("base64url"),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    privateKey,
  };
}

/** Signs a text: base64url without padding. */
export function signText(key: KeyObject | string, text: string): string {
  return sign(null, Buffer.from(text, "utf8"), key).toString("base64url");
}

/** What a device signs when it connects. Field order is wire format (docs/protocol.md, "Signed payload"). */
export interface SignedFields {
  readonly deviceId: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly signedAtMs: number;
  readonly token: string;
  readonly nonce: string;
  readonly platform: string;
  readonly deviceFamily: string;
}

export function payloadText(version: "v1" | "v2" | "v3", fields: SignedFields): string {
  const { deviceId, clientId, clientMode, role, scopes, signedAtMs, token, nonce, platform, deviceFamily } = fields;
  const first = [version, deviceId, clientId, clientMode, role, scopes.join(","), String(signedAtMs), token];
  const second = version === "v1" ? [] : [nonce];
  const third = version === "v3" ? [platform.trim().toLowerCase(), deviceFamily.trim().toLowerCase()] : [];
  return [...first, ...second, ...third].join("|");
}
