/** How a text is cut into messages. */
export interface ChunkRules {
  /** Longest chunk, in UTF-16 units; at least 32. */
  readonly maxChars: number;
  /** Most lines of a chunk; at least 4. @default no bound */
  readonly maxLines?: number | undefined;
  /** `newline`: every paragraph is a message of its own. @default "length" */
  readonly mode?: "length" | "newline";
}

interface Fence {
  /** The line that opens it, without what indents it. */
  readonly opening: string;
  readonly marker: string;
}

/** A place where a text may be cut: what comes before ends at `end`, what follows begins at `next`. */
interface Cut {
  readonly end: number;
  readonly next: number;
}

/**
 * Cuts Markdown into messages: at paragraphs rather than lines, at lines rather than sentences, at sentences rather than
 * words, and only then anywhere. A code block stays whole where it fits; where it doesn't, each part of it is a code block.
 * Emphasis, links and inline code are not cut through while there is another place, and no character is ever halved.
 */
export function chunkMarkdown(text: string, rules: ChunkRules): string[] {
  const { maxChars, mode = "length" } = rules;
  if (maxChars < 32) throw new RangeError("A chunk must have room for at least 32 characters.");
  if (rules.maxLines !== undefined && rules.maxLines < 4) throw new RangeError("A chunk must have room for 4 lines.");
  const parts = mode === "newline" ? paragraphs(text) : [text];
  return parts.flatMap((part) => cutByLength(part, rules)).filter((chunk) => chunk.trim() !== "");
}

function cutByLength(text: string, { maxChars, maxLines = Number.POSITIVE_INFINITY }: ChunkRules): string[] {
  const chunks: string[] = [];
  let rest = trimBlankLines(text);
  let reopened = "";
  for (;;) {
    const whole = reopened + rest;
    if (whole.length <= maxChars && lineCount(whole) <= maxLines) {
      if (rest.trim() !== "") chunks.push(whole);
      return chunks;
    }
    const { head, tail, fence } = cutOnce(whole, reopened.length, maxChars, maxLines);
    chunks.push(head);
    rest = tail;
    reopened = fence === undefined ? "" : `${fence.opening.length <= maxChars / 4 ? fence.opening : fence.marker}\n`;
  }
}

function cutOnce(
  whole: string,
  reopenedChars: number,
  maxChars: number,
  maxLines: number,
): { readonly head: string; readonly tail: string; readonly fence: Fence | undefined } {
  const window = Math.min(maxChars, offsetOfLine(whole, maxLines));
  const cut = bestCut(whole, window, Math.max(reopenedChars, openingAt(whole)));
  const fence = fenceAt(whole, cut.end);
  if (fence === undefined) return { head: whole.slice(0, cut.end), tail: trimBlankLines(whole.slice(cut.next)), fence };
  // The part that is cut off must have room for the end of its code block, in characters and in lines.
  const closing = `\n${fence.marker}`;
  const lines = Number.isFinite(maxLines) ? offsetOfLine(whole, maxLines - 1) : whole.length;
  const least = Math.max(reopenedChars, openingAt(whole));
  const within = cutInside(whole, Math.max(least + 1, Math.min(window - closing.length, lines)), least);
  return { head: whole.slice(0, within.end) + closing, tail: whole.slice(within.next), fence };
}

/** Where the line ends that opens a code block at the very beginning: to cut it off would leave half a code block. */
function openingAt(text: string): number {
  const lineEnd = text.indexOf("\n");
  return lineEnd > 0 && lineEnd <= 16 && fenceLine.test(text.slice(0, lineEnd)) ? lineEnd : 0;
}

/** The best place to cut at or before `window`, after what was reopened. */
function bestCut(text: string, window: number, after: number): Cut {
  const least = after + Math.floor((window - after) / 4);
  const fences = fencedRanges(text, window);
  const spans = inlineSpans(text, window);
  const isOutside = ({ end }: Cut): boolean => !fences.some(([from, to]) => end > from && end < to);
  const isBetween = ({ end }: Cut): boolean => !spans.some(([from, to]) => end > from && end < to);
  const before = (pattern: RegExp): Cut[] =>
    [...text.slice(0, window + 1).matchAll(pattern)]
      .map((match) => ({ end: match.index, next: match.index + match[0].length }))
      .filter(({ end, next }) => end > after && end <= window && !makesFence(text, next))
      .filter(isOutside);
  const paragraph = before(/\n[ \t]*\n\s*/g).findLast(({ end }) => end >= least);
  if (paragraph) return paragraph;
  const line = before(/\n/g)
    .filter(isBetween)
    .findLast(({ end }) => end >= least);
  if (line) return line;
  // A code block that begins here and would fit into a message of its own begins the next one.
  const open = fences.find(([from, to]) => from > after && from <= window && to > window);
  if (open) return { end: open[0], next: open[0] };
  if (fences.some(([from, to]) => window > from && window < to)) return { end: window, next: window };
  const sentence = before(/(?<=[.!?…。！？]["')\]]?)\s+/gu)
    .filter(isBetween)
    .findLast(({ end }) => end >= least);
  if (sentence) return sentence;
  const word = before(/\s+/g).filter(isBetween).at(-1) ?? before(/\s+/g).at(-1);
  if (word) return word;
  const anywhere = wholeCharacter(text, window, after);
  return { end: anywhere, next: anywhere };
}

/** The best place to cut inside a code block: between lines, else anywhere. */
function cutInside(text: string, window: number, after: number): Cut {
  const newline = text.lastIndexOf("\n", window);
  if (newline > after) return { end: newline, next: newline + 1 };
  const anywhere = wholeCharacter(text, window, after);
  return { end: anywhere, next: anywhere };
}

/** A place at or before `at` that halves no character and makes no code block of what was none. */
function wholeCharacter(text: string, at: number, after: number): number {
  for (let place = at; place > after; place -= 1) {
    const code = text.charCodeAt(place);
    const isSecondHalf = code >= 0xdc00 && code <= 0xdfff;
    if (!isSecondHalf && !makesFence(text, place)) return place;
  }
  return at;
}

/** Whether a message that begins here would begin with a code block that the text doesn't have. */
function makesFence(text: string, at: number): boolean {
  return text[at - 1] !== "\n" && /^ {0,3}(`{3}|~{3})/.test(text.slice(at, at + 6));
}

// Longer markers than people write would leave no room for what is between them.
const fenceLine = /^ {0,3}(`{3,6}|~{3,6})(?![`~])([^\n]*)$/;

/** Where code blocks lie that begin before `until`: from the line that opens one to the end of the line that closes it. */
function fencedRanges(text: string, until: number): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  let start: number | undefined;
  let marker = "";
  for (let at = 0; at <= text.length; ) {
    const end = text.indexOf("\n", at);
    const lineEnd = end === -1 ? text.length : end;
    const match = fenceLine.exec(text.slice(at, lineEnd));
    if (match) {
      const [, found = "", info = ""] = match;
      if (start === undefined) {
        if (at > until) break;
        if (!(found.startsWith("`") && info.includes("`"))) {
          start = at;
          marker = found;
        }
      } else if (found.startsWith(marker) && info.trim() === "") {
        ranges.push([start, lineEnd]);
        start = undefined;
      }
    }
    if (end === -1) break;
    at = end + 1;
  }
  if (start !== undefined) ranges.push([start, text.length + 1]);
  return ranges;
}

/** The code block that is open at `at`, if one is. */
function fenceAt(text: string, at: number): Fence | undefined {
  const range = fencedRanges(text, at).find(([from, to]) => at > from && at < to);
  if (range === undefined) return undefined;
  const lineEnd = text.indexOf("\n", range[0]);
  const opening = text.slice(range[0], lineEnd === -1 ? text.length : lineEnd).trimStart();
  return { opening, marker: /^(`{3,6}|~{3,6})/.exec(opening)?.[0] ?? "```" };
}

/** Emphasis, links, inline code and the like that lie before `until`, each on one line. */
function inlineSpans(text: string, until: number): readonly (readonly [number, number])[] {
  const spans =
    /`[^`\n]+`|!?\[[^\]\n]*\]\([^)\n]*\)|\*\*[^*\n]+\*\*|__[^_\n]+__|~~[^~\n]+~~|\|\|[^|\n]+\|\||(?<![*\w])\*[^*\n]+\*|(?<![_\w])_[^_\n]+_/g;
  const found: [number, number][] = [];
  for (const match of text.slice(0, until + 256).matchAll(spans)) {
    if (match.index > until) break;
    found.push([match.index, match.index + match[0].length]);
  }
  return found;
}

/** Paragraphs, code blocks kept whole. */
function paragraphs(text: string): string[] {
  const fences = fencedRanges(text, text.length);
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(/\n[ \t]*\n\s*/g)) {
    if (fences.some(([start, end]) => match.index > start && match.index < end)) continue;
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Where line `count` + 1 would begin, less its line break; the whole length when there are no more lines. */
function offsetOfLine(text: string, count: number): number {
  if (!Number.isFinite(count)) return text.length;
  let at = -1;
  for (let line = 0; line < count; line += 1) {
    at = text.indexOf("\n", at + 1);
    if (at === -1) return text.length;
  }
  return at;
}

function lineCount(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

// Not by a pattern at the end: each space within the text would be tried as the beginning of the last ones.
const trimBlankLines = (text: string): string => text.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
