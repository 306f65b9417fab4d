/** Most bytes of text that a tool gives a model. */
export const maxToolTextBytes: number = 65_536;

/** A text of at most so many bytes of UTF-8: its beginning and its end, and between them what was left out. Pure. */
export function boundedText(text: string, maxBytes: number = maxToolTextBytes): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const marker = `\n[... ${bytes.length - maxBytes} bytes or more left out ...]\n`;
  const room = Math.max(0, maxBytes - Buffer.byteLength(marker));
  const head = Math.ceil((room * 3) / 4);
  return `${wholeCharacters(bytes.subarray(0, head), "end")}${marker}${wholeCharacters(bytes.subarray(bytes.length - (room - head)), "start")}`;
}

/** Bytes as text, without the character that the cut went through. */
function wholeCharacters(bytes: Buffer, cut: "start" | "end"): string {
  let from = 0;
  let to = bytes.length;
  if (cut === "start") while (from < to && isContinuation(bytes[from])) from += 1;
  else {
    let last = to;
    while (last > 0 && isContinuation(bytes[last - 1])) last -= 1;
    const lead = bytes[last - 1] ?? 0;
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (last - 1 + length > to) to = last - 1;
  }
  return bytes.toString("utf8", from, to);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
