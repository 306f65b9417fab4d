import { encodeBase64Url } from "./base64url.ts";
import { encodeHex } from "./hex.ts";

/** SHA-256 of a secret in the form in which it is stored: `sha256:` and 64 lower-case hex digits. */
export type SecretDigest = `sha256:${string}`;

/** A synchronous SHA-256. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** A new secret: 32 random bytes as 43 characters of base64url (rule R-46). Shown once, stored as a digest. */
export function mintSecret(randomBytes: (length: number) => Uint8Array): string {
  return encodeBase64Url(randomBytes(32));
}

/** The digest to store instead of a secret. Unsalted: its inputs are random, not chosen by people. */
export function digestSecret(sha256: Sha256, secret: string): SecretDigest {
  return `sha256:${encodeHex(sha256(new TextEncoder().encode(secret)))}`;
}

/** Whether a stored text is a digest already, and not a plain token of an older gateway. */
export function isSecretDigest(text: string): text is SecretDigest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * Whether two digests are the same, in a time that doesn't tell how much of them is (rule R-46). Anything that is no
 * digest equals nothing, itself included: a damaged row must not become a password.
 */
export function digestsEqual(left: string, right: string): boolean {
  if (!isSecretDigest(left) || !isSecretDigest(right)) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) {
    difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  }
  return difference === 0;
}

/** Whether a presented secret is the stored one. Takes any string: empty, non-ASCII, of any length; never throws. */
export function secretMatches(sha256: Sha256, digest: string, presented: string): boolean {
  return digestsEqual(digest, digestSecret(sha256, presented));
}
