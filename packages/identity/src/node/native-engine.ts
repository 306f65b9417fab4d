import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as signWith,
  verify as verifyWith,
} from "node:crypto";
import { requireSeed, type SyncEd25519Engine } from "../engine.ts";
import { spkiPrefix } from "../public-key.ts";
import { isStrictEncoding } from "../strict-encoding.ts";

/** PKCS8 DER of an Ed25519 key up to the 32-byte seed (RFC 8410). */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** How many imported public keys an engine keeps, so that a known device's handshake doesn't parse its key again. */
const maxCachedKeys = 1024;

/** Ed25519 on `node:crypto` (OpenSSL): about ten times as fast as the portable engine. Keeps up to 1024 imported keys. */
export function createNativeEngine(): SyncEd25519Engine {
  const cache = new Map<string, KeyObject>();
  return {
    sha256(bytes) {
      return new Uint8Array(createHash("sha256").update(bytes).digest());
    },
    publicKeyOf(seed) {
      const der = createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" });
      return new Uint8Array(der.subarray(spkiPrefix.length));
    },
    sign(message, seed) {
      return new Uint8Array(signWith(null, message, privateKeyOf(seed)));
    },
    verify(signature, message, publicKey) {
      if (!isStrictEncoding(signature, publicKey)) return false;
      const name = Buffer.from(publicKey).toString("latin1");
      try {
        const known = cache.get(name);
        const key = known ?? publicKeyFrom(publicKey);
        if (!verifyWith(null, message, key, signature)) return false;
        // Only a key that has just proven itself is kept: strangers can't push known devices out.
        if (known === undefined) remember(cache, name, key);
        return true;
      } catch {
        // OpenSSL throws for 32 bytes that are no point of the curve: such a key has no valid signature.
        return false;
      }
    },
    randomBytes(length) {
      return new Uint8Array(randomBytes(length));
    },
  };
}

function remember(cache: Map<string, KeyObject>, name: string, key: KeyObject): void {
  if (cache.size >= maxCachedKeys) {
    const [oldest] = cache.keys();
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(name, key);
}

/** A key object of a 32-byte seed. @throws {TypeError} for another length. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  requireSeed(seed);
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
}

function publicKeyFrom(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([Uint8Array.from(spkiPrefix), raw]), format: "der", type: "spki" });
}

/** The engine that a Node process shares. */
export const nativeEngine: SyncEd25519Engine = createNativeEngine();
