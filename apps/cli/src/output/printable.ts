/**
 * Text that somebody else chose, safe to show on a terminal: without control and format characters, which could move
 * the cursor, change colours or hide what stands there.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, "·");
}
