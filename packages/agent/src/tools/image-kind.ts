/** The media type of an image that models understand, by its first bytes; `undefined` for anything else. Pure. */
export function imageKind(bytes: Uint8Array): string | undefined {
  const starts = (...head: readonly number[]): boolean => head.every((byte, at) => bytes[at] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  const isRiff = starts(0x52, 0x49, 0x46, 0x46);
  return isRiff && Buffer.from(bytes.subarray(8, 12)).toString("latin1") === "WEBP" ? "image/webp" : undefined;
}
