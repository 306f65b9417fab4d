const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const values = new Map(Array.from(alphabet, (symbol, value) => [symbol.charCodeAt(0), value]));

/** Base64url without padding (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!;
    if (left > 1) text += alphabet[(group >> 6) & 63]!;
    if (left > 2) text += alphabet[group & 63]!;
  }
  return text;
}

/**
 * The bytes of unpadded base64url, or `undefined`. Strict: no other symbol, no padding, no white space, and the unused
 * bits of the last symbol are zero, so that one value has one spelling.
 */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let heldBits = 0;
  let written = 0;
  for (let at = 0; at < text.length; at += 1) {
    const value = values.get(text.charCodeAt(at));
    if (value === undefined) return undefined;
    held = ((held << 6) | value) & 0xfff;
    heldBits += 6;
    if (heldBits >= 8) {
      heldBits -= 8;
      bytes[written] = (held >> heldBits) & 0xff;
      written += 1;
    }
  }
  return (held & ((1 << heldBits) - 1)) === 0 ? bytes : undefined;
}

/**
 * The bytes of any one of the spellings that clients use: base64url or standard base64, with correct padding or none.
 * The two alphabets don't mix in one text, and the strictness of {@link decodeBase64Url} holds for the rest.
 */
export function decodeAnyBase64(text: string): Uint8Array | undefined {
  const bare = text.replace(/={1,2}$/, "");
  if (bare.length !== text.length && text.length % 4 !== 0) return undefined;
  if (!/[+/]/.test(bare)) return decodeBase64Url(bare);
  if (/[-_]/.test(bare)) return undefined;
  return decodeBase64Url(bare.replaceAll("+", "-").replaceAll("/", "_"));
}
