import { Marked, type Token, type Tokens } from "marked";
import type { Block, Inline, ListItem, Style } from "./document.ts";
import { wellFormed } from "./well-formed.ts";

/**
 * Longest text that is read as Markdown, in UTF-16 units; a longer one is shown as it is. Twice what a message may have: for a row
 * of list marks the library takes four times as long when it is twice as long, and nobody else is served meanwhile.
 */
const maxChars = 8_192;

interface SpoilerToken extends Tokens.Generic {
  readonly tokens: Token[];
}

// What one model calls ||hidden|| is no Markdown, and yet what every messenger understands.
const marked = new Marked({
  gfm: true,
  extensions: [
    {
      name: "spoiler",
      level: "inline",
      start: (source) => source.indexOf("||"),
      tokenizer(source): SpoilerToken | undefined {
        const match = /^\|\|(?=\S)([^\n]*?\S)\|\|/.exec(source);
        if (match === null) return undefined;
        return { type: "spoiler", raw: match[0], tokens: this.lexer.inlineTokens(match[1] ?? "") };
      },
    },
  ],
});

/**
 * Reads Markdown as models write it: CommonMark with tables, strikethrough and spoilers. HTML in it and character references
 * are text. Never throws; what can't be read is shown as it is.
 */
export function parseMarkdown(markdown: string): readonly Block[] {
  const text = wellFormed(markdown)
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
  if (text.length > maxChars) return [{ kind: "paragraph", children: [{ kind: "text", text }] }];
  try {
    return marked.lexer(text).flatMap(blockOf);
  } catch {
    // Nested so deeply that the reader ran out of stack: no person wrote this.
    return [{ kind: "paragraph", children: [{ kind: "text", text }] }];
  }
}

function blockOf(token: Token): readonly Block[] {
  switch (token.type) {
    case "space":
    case "checkbox":
      return [];
    case "hr":
      return [{ kind: "rule" }];
    case "heading":
      return [{ kind: "heading", children: inlinesOf(token) }];
    case "code":
      return [{ kind: "code", info: (token as Tokens.Code).lang ?? "", text: (token as Tokens.Code).text }];
    case "blockquote":
      return [{ kind: "quote", children: (token.tokens ?? []).flatMap(blockOf) }];
    case "list":
      return [{ kind: "list", items: itemsOf(token as Tokens.List) }];
    case "table":
      return [{ kind: "table", table: tableOf(token as Tokens.Table) }];
    case "paragraph":
    case "text":
      return [{ kind: "paragraph", children: inlinesOf(token) }];
    default:
      return [{ kind: "paragraph", children: [{ kind: "text", text: token.raw.trim() }] }];
  }
}

function itemsOf(list: Tokens.List): readonly ListItem[] {
  const first = typeof list.start === "number" ? list.start : 1;
  return list.items.map((item, index) => {
    const bullet = list.ordered ? `${first + index}.` : "•";
    const box = item.task ? (item.checked ? "☑" : "☐") : undefined;
    return {
      sign: box === undefined ? bullet : list.ordered ? `${bullet} ${box}` : box,
      children: item.tokens.flatMap(blockOf),
    };
  });
}

function tableOf(token: Tokens.Table): (Block & { kind: "table" })["table"] {
  const cells = (row: readonly Tokens.TableCell[]) => row.map(({ tokens }) => tokens.flatMap(inlineOf));
  return { header: cells(token.header), rows: token.rows.map(cells), source: token.raw.trim() };
}

function inlinesOf(token: Token): readonly Inline[] {
  const children = "tokens" in token ? token.tokens : undefined;
  if (children !== undefined) return children.flatMap(inlineOf);
  return [{ kind: "text", text: "text" in token ? String(token.text) : token.raw }];
}

const styles: Readonly<Record<string, Style>> = {
  strong: "bold",
  em: "italic",
  del: "strikethrough",
  spoiler: "spoiler",
};

function inlineOf(token: Token): readonly Inline[] {
  const style = styles[token.type];
  if (style !== undefined) return [{ kind: "styled", style, children: inlinesOf(token) }];
  switch (token.type) {
    case "codespan":
      return [{ kind: "code", text: (token as Tokens.Codespan).text }];
    case "br":
      return [{ kind: "text", text: "\n" }];
    case "link":
    case "image":
      return [{ kind: "link", href: (token as Tokens.Link).href, children: inlinesOf(token) }];
    case "text":
      return inlinesOf(token);
    case "escape":
      return [{ kind: "text", text: (token as Tokens.Escape).text }];
    case "checkbox":
      return [];
    default:
      return [{ kind: "text", text: token.raw }];
  }
}
