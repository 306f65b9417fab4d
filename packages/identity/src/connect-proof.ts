import { decodeAnyBase64, encodeBase64Url } from "./base64url.ts";
import { type ConnectFields, type ConnectPayloadVersion, connectPayload } from "./connect-payload.ts";
import { type DeviceId, deviceIdOf } from "./device-id.ts";
import type { DeviceIdentity } from "./device-identity.ts";
import type { Ed25519Engine, SyncEd25519Engine } from "./engine.ts";
import { decodePublicKey } from "./public-key.ts";

/** How far a device's clock may be from the gateway's, either way. Source: docs/protocol.md, "order of checks". */
export const maxSignatureSkewMs = 600_000;

/** Longest accepted spelling of a 64-byte signature, in characters. */
const maxSignatureText = 128;

/** `connect.params.device`: what a device presents. */
export interface PresentedDevice {
  readonly id: string;
  readonly publicKey: string;
  readonly signature: string;
  /** Milliseconds since the epoch. */
  readonly signedAt: number;
  readonly nonce?: string | undefined;
}

/** What a client knows when it signs. */
export interface ConnectToSign extends ConnectFields {
  /** @default "v2" with a nonce, "v1" without: what every gateway of the protocol accepts */
  readonly version?: ConnectPayloadVersion;
  readonly signedAtMs: number;
  /** The challenge's nonce, if one came. */
  readonly nonce?: string | undefined;
}

/** Signs a connect request: the `device` object to send. */
export async function signConnect(
  engine: Ed25519Engine,
  identity: DeviceIdentity,
  connect: ConnectToSign,
): Promise<PresentedDevice> {
  const version = connect.version ?? (connect.nonce === undefined ? "v1" : "v2");
  const text = connectPayload({ ...connect, version, deviceId: identity.deviceId });
  const signature = await engine.sign(new TextEncoder().encode(text), identity.seed);
  return {
    id: identity.deviceId,
    publicKey: identity.publicKey,
    signature: encodeBase64Url(signature),
    signedAt: connect.signedAtMs,
    ...(connect.nonce === undefined ? {} : { nonce: connect.nonce }),
  };
}

/** What a server knows when it checks a proof. */
export interface ConnectToVerify {
  readonly device: PresentedDevice;
  readonly fields: ConnectFields;
  /** The nonce that this socket was challenged with. */
  readonly challengeNonce: string;
  readonly nowMs: number;
  /** Whether a proof without nonce (payload v1) counts. Only for local peers that speak protocol 3. */
  readonly allowNoNonce: boolean;
}

/** Why a proof was refused. Each has its own `details.code` on the wire (docs/protocol.md, "order of checks"). */
export type ConnectProofFault =
  | "device-id-mismatch"
  | "signature-expired"
  | "nonce-required"
  | "nonce-mismatch"
  | "signature-invalid"
  | "public-key-invalid";

/** Whether a device proved that it holds the key it names. */
export type ConnectProof =
  | {
      readonly ok: true;
      readonly deviceId: DeviceId;
      /** Unpadded base64url, however the client spelled it. */
      readonly publicKey: string;
      readonly payloadVersion: ConnectPayloadVersion;
    }
  | { readonly ok: false; readonly reason: ConnectProofFault };

/**
 * Checks a device's proof, in the order of docs/protocol.md, "order of checks". A decision only: it says nothing about
 * whether the device may enter. A text that holds no 32-byte key can't match any id, so it's `device-id-mismatch`;
 * `public-key-invalid` is for a key that matches its id but isn't an acceptable point.
 */
export function verifyConnectProof(engine: SyncEd25519Engine, connect: ConnectToVerify): ConnectProof {
  const { device } = connect;
  const key = decodePublicKey(device.publicKey);
  const deviceId = key.raw === undefined ? undefined : deviceIdOf(engine, key.raw);
  if (deviceId === undefined || deviceId !== device.id) return refused("device-id-mismatch");
  // Written so that NaN is expired too.
  if (!(Math.abs(connect.nowMs - device.signedAt) <= maxSignatureSkewMs)) return refused("signature-expired");
  const hasNonce = device.nonce !== undefined && device.nonce.trim() !== "";
  if (!hasNonce && !connect.allowNoNonce) return refused("nonce-required");
  if (hasNonce && device.nonce !== connect.challengeNonce) return refused("nonce-mismatch");
  if (!key.ok) return refused("public-key-invalid");
  const signature = device.signature.length > maxSignatureText ? undefined : decodeAnyBase64(device.signature);
  if (signature === undefined) return refused("signature-invalid");
  const versions: readonly ConnectPayloadVersion[] = hasNonce ? ["v3", "v2"] : ["v1"];
  const payloadVersion = versions.find((version) => {
    const text = connectPayload({
      ...connect.fields,
      version,
      deviceId,
      signedAtMs: device.signedAt,
      nonce: connect.challengeNonce,
    });
    return engine.verify(signature, new TextEncoder().encode(text), key.raw);
  });
  if (payloadVersion === undefined) return refused("signature-invalid");
  return { ok: true, deviceId, publicKey: key.base64url, payloadVersion };
}

function refused(reason: ConnectProofFault): ConnectProof {
  return { ok: false, reason };
}
