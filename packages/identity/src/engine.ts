/** A value now, or a promise of it: the portable engine hashes through WebCrypto, which only has promises. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * What identity needs from a crypto library. Both engines are strict RFC 8032: canonical encodings, S below the group
 * order, no point of small order, and the cofactorless equation, so that they agree on every input.
 */
export interface Ed25519Engine {
  /** 32 bytes. */
  readonly sha256: (bytes: Uint8Array) => MaybePromise<Uint8Array>;
  /** The raw 32-byte public key of a 32-byte seed. Throws {@link TypeError} for another length. */
  readonly publicKeyOf: (seed: Uint8Array) => MaybePromise<Uint8Array>;
  /** A 64-byte signature. `seed` is the 32-byte RFC 8032 secret key; throws {@link TypeError} for another length. */
  readonly sign: (message: Uint8Array, seed: Uint8Array) => MaybePromise<Uint8Array>;
  /** Whether the signature holds. Any malformed input is `false`; nothing makes it throw. */
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => MaybePromise<boolean>;
  /** `length` bytes from the system's secure generator. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** An engine that answers at once. A server needs this one: `nativeEngine` of `@saltgate/identity/node`. */
export interface SyncEd25519Engine extends Ed25519Engine {
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  readonly publicKeyOf: (seed: Uint8Array) => Uint8Array;
  readonly sign: (message: Uint8Array, seed: Uint8Array) => Uint8Array;
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;
}

/** @throws {TypeError} unless `seed` has 32 bytes. */
export function requireSeed(seed: Uint8Array): void {
  if (seed.length !== 32) {
    throw new TypeError(`An Ed25519 seed has 32 bytes, this one has ${seed.length}.`);
  }
}
