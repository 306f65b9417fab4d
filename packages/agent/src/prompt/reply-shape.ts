/** The word by which a model says that it has nothing to say. */
export const silentWord = "NO_REPLY";

/** What a model said, taken apart. */
export interface ReplyShape {
  /** For people. */
  readonly text: string;
  /** There is nothing to deliver. */
  readonly isSilent: boolean;
  /** Paths and addresses of `MEDIA:` lines, in their order. */
  readonly media: readonly string[];
  /** Of the message that it wants to answer; `current`: the one that it was asked by. */
  readonly replyTo: "current" | { readonly id: string } | undefined;
  readonly asVoice: boolean;
}

// Bounded everywhere, and no two parts in a row that take the same blanks: what a model says must not decide how long this takes.
const tags = /\[\[\s{0,16}(?:(reply_to_current|audio_as_voice)\s{0,16}|reply_to\s{0,16}:([^[\]\n]{1,160}))\]\]/gi;
const maxIdChars = 128;
const maxMedia = 16;

/** Takes apart what a model said: reply tags, attached files, and the word for nothing. Code blocks stay as they are. */
export function shapeReply(said: string): ReplyShape {
  const trimmed = said.trim();
  if (new RegExp(`^${silentWord}(?![\\w-])|(?<![\\w-])${silentWord}[.!]?$`).test(trimmed))
    return { text: "", isSilent: true, media: [], replyTo: undefined, asVoice: false };
  const media: string[] = [];
  let asVoice = false;
  let replyTo: ReplyShape["replyTo"];
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of said.split("\n")) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence)))
      fence = fence === undefined ? mark : undefined;
    if (fence !== undefined || mark !== undefined) {
      lines.push(line);
      continue;
    }
    const file = /^\s*MEDIA:\s*(\S.*)$/
      .exec(line)?.[1]
      ?.trimEnd()
      .replace(/^[`"'](.*)[`"']$/, "$1");
    if (file !== undefined) {
      if (media.length < maxMedia && file.length <= 4_096) media.push(file);
      continue;
    }
    const plain = line.replace(tags, (whole, word: string | undefined, rest = "") => {
      const id = String(rest).trim();
      if (word === undefined && (id === "" || id.length > maxIdChars)) return String(whole);
      if (/^audio/i.test(word ?? "")) asVoice = true;
      else replyTo ??= word === undefined ? { id } : "current";
      return "";
    });
    // A line that was nothing but tags is gone with them.
    if (plain === line || plain.trim() !== "") lines.push(plain === line ? line : plain.trim());
  }
  return { text: lines.join("\n").trim(), isSilent: false, media, replyTo, asVoice };
}

/** What may be shown of an answer that isn't finished: without tags, files, and what may still become one. */
export function visibleSoFar(said: string): string {
  const start = said.trimStart();
  if (silentWord.startsWith(start) || start.startsWith(silentWord)) return "";
  if (!/\[|MEDIA:|NO_REPLY/.test(said) && !/(?:^|\n)[ \t]*M[EDIA]*$/.test(said)) return said.trimStart();
  const open = said.lastIndexOf("[[");
  const isOpen = open >= 0 && !said.slice(open).includes("]]") && said.length - open < 150;
  const whole = (isOpen ? said.slice(0, open) : said)
    .replace(/\[$/, "")
    .replace(/(?:^|\n)[ \t]*M(?:E(?:D(?:I(?:A(?::[^\n]*)?)?)?)?)?$/, "");
  return shapeReply(whole).text;
}
