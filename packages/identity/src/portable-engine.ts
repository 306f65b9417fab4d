import { getPublicKeyAsync, Point, signAsync } from "@noble/ed25519";
import { type Ed25519Engine, requireSeed } from "./engine.ts";
import { isStrictEncoding } from "./strict-encoding.ts";

const groupOrder = Point.CURVE().n;

/**
 * Ed25519 for browsers, Deno, Bun and Node, on WebCrypto's hashes and @noble/ed25519's curve. WebCrypto exists only in
 * secure contexts: a page that came over plain http from another host can neither sign nor verify, and every promise rejects.
 */
export const portableEngine: Ed25519Engine = {
  async sha256(bytes) {
    return digest("SHA-256", bytes);
  },
  async publicKeyOf(seed) {
    requireSeed(seed);
    return getPublicKeyAsync(seed);
  },
  async sign(message, seed) {
    requireSeed(seed);
    return signAsync(message, seed);
  },
  async verify(signature, message, publicKey) {
    if (!isStrictEncoding(signature, publicKey)) return false;
    const challenge = await digest("SHA-512", signature.subarray(0, 32), publicKey, message);
    return equationHolds(signature, publicKey, littleEndian(challenge) % groupOrder);
  },
  randomBytes(length) {
    return globalThis.crypto.getRandomValues(new Uint8Array(length));
  },
};

// noble's own verify multiplies by the cofactor, OpenSSL's doesn't, and RFC 8032 section 5.1.7 allows both: a key with
// a torsion part would be valid in a browser and invalid on a server. So R = [S]B - [k]A is compared byte for byte.
function equationHolds(signature: Uint8Array, publicKey: Uint8Array, challenge: bigint): boolean {
  try {
    const scalar = littleEndian(signature.subarray(32));
    const expected = Point.BASE.multiply(scalar, false).subtract(Point.fromBytes(publicKey).multiply(challenge, false));
    const bytes = expected.toBytes();
    return bytes.every((byte, at) => byte === signature[at]);
  } catch {
    // noble throws for 32 bytes that are no point of the curve: such a key has no valid signature.
    return false;
  }
}

async function digest(algorithm: "SHA-256" | "SHA-512", ...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await globalThis.crypto.subtle.digest(algorithm, whole));
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    value = (value << 8n) | BigInt(bytes[at]!);
  }
  return value;
}
