/** 32 symbols that nobody mistakes for each other: no `0`, `O`, `1` and `I`. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const codeLength = 8;

/** A fresh code: eight symbols, 40 random bits. A byte has eight of each symbol, so that none is likelier than another. */
export function mintSenderCode(randomBytes: (length: number) => Uint8Array): string {
  return Array.from(randomBytes(codeLength), (byte) => alphabet.charAt(byte % alphabet.length)).join("");
}

/** A code as it is compared: people type it with spaces around it and in lower case. */
export function tidySenderCode(text: string): string {
  return text.trim().toUpperCase();
}
