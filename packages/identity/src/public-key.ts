import { decodeAnyBase64, encodeBase64Url } from "./base64url.ts";
import { pointEncodingFault } from "./strict-encoding.ts";

/** SPKI DER of an Ed25519 key up to the raw 32 bytes (RFC 8410): `302a300506032b6570032100`. */
export const spkiPrefix: readonly number[] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/** Longest accepted spelling in characters; a PEM of an Ed25519 key has about 115. */
const maxTextLength = 512;

/** Why a public key was refused. */
export type PublicKeyFault = "encoding" | "length" | "not-canonical" | "small-order";

/** A public key in the two forms in which it is used, or why it is none. */
export type DecodedPublicKey =
  | {
      readonly ok: true;
      /** The 32 bytes that RFC 8032 calls the public key. */
      readonly raw: Uint8Array;
      /** Unpadded base64url of `raw`: the form for storage and comparison. */
      readonly base64url: string;
    }
  | {
      readonly ok: false;
      readonly reason: PublicKeyFault;
      /** Given when the text held 32 bytes that are no acceptable point. */
      readonly raw?: Uint8Array;
    };

/**
 * Reads a device's public key as clients send it: raw bytes in base64url or standard base64, or a PEM `PUBLIC KEY`
 * block. Refuses trailing bytes, second spellings of one point, and points of small order. Never throws.
 * Source: docs/protocol.md, "device identity".
 */
export function decodePublicKey(text: string): DecodedPublicKey {
  if (text.length > maxTextLength) return { ok: false, reason: "length" };
  const raw = text.includes("BEGIN") ? bytesOfPem(text) : decodeAnyBase64(text);
  if (raw === undefined) return { ok: false, reason: "encoding" };
  const fault = pointEncodingFault(raw);
  if (fault === "length") return { ok: false, reason: fault };
  if (fault !== undefined) return { ok: false, reason: fault, raw };
  return { ok: true, raw, base64url: encodeBase64Url(raw) };
}

function bytesOfPem(text: string): Uint8Array | undefined {
  const block = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----$/.exec(text.trim());
  const der = decodeAnyBase64((block?.[1] ?? "?").replace(/[\r\n]/g, ""));
  if (der?.length !== spkiPrefix.length + 32) return undefined;
  return spkiPrefix.every((byte, at) => byte === der[at]) ? der.slice(spkiPrefix.length) : undefined;
}
