import type { MessagePart } from "../transcript.ts";

/** One of the turns that a run answers together. */
export interface CollectedTurn {
  readonly content: readonly MessagePart[];
  readonly plainText: string;
  readonly shortened: boolean;
}

const maxLineChars = 160;
/**
 * Of each of several messages that are told together, of all of their texts, and of all of their images, in characters: what is
 * told is one message, and bounded like one, also where each character of a text takes six bytes of JSON.
 */
const maxTextChars = 100_000;
const maxTextsChars = 1_000_000;
const maxImageChars = 16_000_000;

/** What the agent is told when several things were said while it was busy. One alone is told as it is. */
export function collectedContent(turns: readonly CollectedTurn[]): readonly MessagePart[] {
  const [only] = turns;
  if (turns.length === 1 && only !== undefined && !only.shortened) return only.content;
  const lines = turns.filter(({ shortened }) => shortened).map(({ plainText }) => `- ${oneLine(plainText)}`);
  const whole = turns.filter(({ shortened }) => !shortened);
  const blocks: string[] = [];
  if (lines.length > 0)
    blocks.push(`[${lines.length} earlier messages didn't fit; of each only its beginning]\n${lines.join("\n")}`);
  if (whole.length > 1) blocks.push("[These messages came while you were busy. Answer them together.]");
  const maxChars = Math.min(maxTextChars, Math.floor(maxTextsChars / Math.max(1, whole.length)));
  for (const [index, { content }] of whole.entries()) {
    const said = content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
    const text = said.length > maxChars ? `${said.slice(0, maxChars)}\n[… the rest was left out …]` : said;
    blocks.push(whole.length > 1 ? `--- message ${index + 1} of ${whole.length}\n${text}` : text);
  }
  let chars = 0;
  const all = whole.flatMap(({ content }) => content.filter((part) => part.type === "image"));
  const images = all.filter((image) => {
    chars += image.data.length;
    return chars <= maxImageChars;
  });
  const missing = all.length - images.length;
  if (missing > 0) blocks.push(`[${missing} more images were left out: together they are too large]`);
  return [{ type: "text", text: blocks.join("\n\n") }, ...images];
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > maxLineChars ? `${line.slice(0, maxLineChars - 1).replace(/[\ud800-\udbff]$/u, "")}…` : line;
}
