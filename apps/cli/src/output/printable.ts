const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;
/** Ends of lines, tabs, and the two signs that join letters and emoji, or keep them apart. */
const HARMLESS: ReadonlySet<string> = new Set(["\n", "\t", "\u200c", "\u200d"]);

/**
 * Text that somebody else chose, safe to show on a terminal: without control and format characters, which could move
 * the cursor, change colours or hide what stands there.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "·");
}

/** The same for text of several lines, whose ends stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/**
 * What a model or a person wrote, safe to show: lines, tabs and what joins emoji and letters stay, so that code and other
 * scripts stay readable.
 */
export function printableText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNPRINTABLE, (sign) => (HARMLESS.has(sign) ? sign : "·"));
}

/** A value as JSON that means the same to a program and is safe to show: what a terminal might obey is escaped. */
export function printableJson(value: unknown, indent?: number): string {
  // Ends of lines are the layout's own; those inside texts are escaped already.
  const escaped = (text: string): string =>
    Array.from({ length: text.length }, (_, index) => text.charCodeAt(index).toString(16).padStart(4, "0"))
      .map((digits) => `\\u${digits}`)
      .join("");
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (text) => (text === "\n" ? text : escaped(text)));
}
