/** A part of a text that is shown in another way. Offsets and lengths in UTF-16 units. */
export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
  readonly user?: unknown;
}

/** A text and how it is shown. */
export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

const typeOfTag: Readonly<Record<string, string>> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
  span: "spoiler",
  a: "text_link",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
};

const namedReferences: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

/** What the Bot API answers to markup that it doesn't understand. */
export class CannotParse extends Error {}

interface OpenTag {
  readonly name: string;
  readonly offset: number;
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * Reads the HTML of the Bot API: its own few tags, everything closed in order, `<` and `&` escaped where they would
 * mean something. Source: core.telegram.org/bots/api, "HTML style".
 * @throws {CannotParse} in the words of the Bot API, with the byte offset
 */
export function parseHtml(html: string): FormattedText {
  const open: OpenTag[] = [];
  const entities: Entity[] = [];
  let text = "";
  let at = 0;
  const fail = (message: string, from = at): never => {
    throw new CannotParse(`${message} at byte offset ${Buffer.byteLength(html.slice(0, from))}`);
  };
  while (at < html.length) {
    const character = html[at];
    if (character === "&") {
      const reference = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/i.exec(html.slice(at, at + 16));
      const read = reference === null ? undefined : referenced(reference);
      text += read ?? "&";
      at += read === undefined ? 1 : (reference?.[0].length ?? 1);
      continue;
    }
    if (character !== "<") {
      text += character;
      at += 1;
      continue;
    }
    const from = at;
    if (html[at + 1] === "/") {
      const end = html.indexOf(">", at);
      if (end === -1) fail("Unclosed end tag");
      const name = html
        .slice(at + 2, end)
        .trim()
        .toLowerCase();
      const tag = open.pop();
      if (tag === undefined) return fail("Unexpected end tag");
      if (name !== "" && name !== tag.name)
        fail(`Unmatched end tag, expected "</${tag.name}>", found "</${name}>"`, from);
      close(tag, text, entities);
      at = end + 1;
      continue;
    }
    const start = /^<([a-z-]+)((?:\s+[a-z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[a-z0-9.-]+))?)*)\s*>/i.exec(html.slice(at));
    if (start === null) return fail(`Unsupported start tag "${/^<([^\s>/]*)/.exec(html.slice(at))?.[1] ?? ""}"`);
    const name = (start[1] ?? "").toLowerCase();
    if (typeOfTag[name] === undefined) fail(`Unsupported start tag "${name}"`);
    const attributes = attributesOf(start[2] ?? "");
    if (name === "span" && attributes.get("class") !== "tg-spoiler")
      fail('Tag "span" must have class "tg-spoiler"', from);
    open.push({ name, offset: text.length, attributes });
    at += start[0].length;
  }
  const left = open.pop();
  if (left !== undefined) fail(`Can't find end tag corresponding to start tag "${left.name}"`);
  return trimmed(text, entities);
}

function referenced(match: RegExpExecArray): string | undefined {
  const [, decimal, hex, name] = match;
  if (name !== undefined) return namedReferences[name.toLowerCase()];
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : undefined;
}

function attributesOf(source: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", double, single, bare] of source.matchAll(
    /([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([a-z0-9.-]+)))?/gi,
  )) {
    const raw = double ?? single ?? bare ?? "";
    const value = raw.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (...match) => {
      const [whole, decimal, hex, word] = match as [string, string, string, string];
      return referenced([whole, decimal, hex, word] as unknown as RegExpExecArray) ?? whole;
    });
    found.set(name.toLowerCase(), value);
  }
  return found;
}

function close(tag: OpenTag, text: string, entities: Entity[]): void {
  const length = text.length - tag.offset;
  if (length === 0) return;
  const at = { offset: tag.offset, length };
  if (tag.name === "a") {
    const url = tag.attributes.get("href") ?? text.slice(tag.offset);
    // An address that Telegram doesn't take is shown as text, without a word.
    if (/^(https?:\/\/|tg:\/\/|mailto:|tel:)|^[^\s:]+\.[^\s:]+/i.test(url))
      entities.push({ type: "text_link", ...at, url });
    return;
  }
  const language = /^language-(.+)$/.exec(tag.attributes.get("class") ?? "")?.[1];
  if (tag.name === "code" && language !== undefined) {
    entities.push({ type: "pre", ...at, language });
    return;
  }
  if (tag.name === "pre") {
    const inner = entities.findIndex(
      ({ type, offset, length: of }) => type === "pre" && offset === tag.offset && of === length,
    );
    if (inner !== -1) return;
  }
  entities.push({ type: typeOfTag[tag.name] ?? tag.name, ...at });
}

/** Telegram shows no spaces at the ends of a message. */
function trimmed(text: string, entities: readonly Entity[]): FormattedText {
  const start = text.length - text.trimStart().length;
  const shown = text.trim();
  return {
    text: shown,
    entities: entities
      .map((entity) => {
        const from = Math.max(entity.offset - start, 0);
        const to = Math.min(entity.offset - start + entity.length, shown.length);
        return { ...entity, offset: from, length: to - from };
      })
      .filter(({ length }) => length > 0)
      .sort((a, b) => a.offset - b.offset || b.length - a.length),
  };
}

/** What Telegram finds in a text by itself: mentions, commands, addresses. */
export function detectEntities(text: string): Entity[] {
  const kinds: readonly [string, RegExp][] = [
    ["mention", /(?<![\w@])@[a-z]\w{2,31}/gi],
    ["bot_command", /(?<![\w/])\/[a-z0-9_]{1,32}(?:@\w{3,32})?/gi],
    ["url", /https?:\/\/[^\s<>"]+/gi],
  ];
  return kinds
    .flatMap(([type, pattern]) =>
      [...text.matchAll(pattern)].map((match) => ({ type, offset: match.index, length: match[0].length })),
    )
    .sort((a, b) => a.offset - b.offset);
}
