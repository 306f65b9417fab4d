import { type Block, type Inline, type ListItem, plainText, type Style, type Table } from "./document.ts";
import { parseMarkdown } from "./parse-markdown.ts";
import { wellFormed } from "./well-formed.ts";

/** How tables are shown: as written, one row after another, or aligned in a fixed width. */
export type TableStyle = "off" | "bullets" | "code";

interface Rendering {
  readonly tables: TableStyle;
  /** Telegram has no quotes inside quotes. */
  readonly inQuote: boolean;
}

/**
 * Says Markdown in the HTML of the Bot API: always well formed, everything escaped, no address but http, https, mailto and tg.
 * Never throws. Source: core.telegram.org/bots/api, "HTML style".
 */
export function toTelegramHtml(markdown: string, tables: TableStyle): string {
  try {
    return blocksToHtml(parseMarkdown(markdown), { tables, inQuote: false }).trim();
  } catch {
    return escapeHtml(wellFormed(markdown)); // nested more deeply than the stack is high
  }
}

/** Escapes what would mean something in HTML, inside attributes too. */
function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function blocksToHtml(blocks: readonly Block[], how: Rendering, between = "\n\n"): string {
  return blocks
    .map((block) => blockToHtml(block, how))
    .filter((html) => html.trim() !== "")
    .join(between);
}

function blockToHtml(block: Block, how: Rendering): string {
  switch (block.kind) {
    case "paragraph":
      return inlinesToHtml(block.children, []);
    case "heading":
      return wrapped("b", inlinesToHtml(block.children, ["bold"]));
    case "code":
      return codeToHtml(block.info, block.text);
    case "quote": {
      const inner = blocksToHtml(block.children, { ...how, inQuote: true });
      return how.inQuote ? inner : wrapped("blockquote", inner);
    }
    case "list":
      return block.items.map((item) => itemToHtml(item, how)).join("\n");
    case "table":
      return tableToHtml(block.table, how.tables);
    case "rule":
      return "———";
    default:
      return block satisfies never;
  }
}

function codeToHtml(info: string, text: string): string {
  const isLanguage = /^[\w+#.-]{1,32}$/.test(info);
  const code = escapeHtml(text);
  if (text.trim() === "") return escapeHtml(info);
  if (isLanguage) return `<pre><code class="language-${info}">${code}</code></pre>`;
  // Whatever else stands beside the fence isn't a language; it is shown, so that nothing is lost.
  return `${info === "" ? "" : `${escapeHtml(info)}\n`}<pre>${code}</pre>`;
}

function itemToHtml({ sign, children }: ListItem, how: Rendering): string {
  const inner = blocksToHtml(children, how, "\n");
  // Lines of an item stand under its first one; inside <pre> the spaces would be part of the code.
  const lines = inner.includes("<pre>") ? inner : inner.replaceAll("\n", "\n   ");
  return `${escapeHtml(sign)} ${lines}`;
}

const tagOf: Readonly<Record<Style, string>> = {
  bold: "b",
  italic: "i",
  strikethrough: "s",
  spoiler: "tg-spoiler",
};

function inlinesToHtml(inlines: readonly Inline[], around: readonly Style[]): string {
  return inlines.map((inline) => inlineToHtml(inline, around)).join("");
}

function inlineToHtml(inline: Inline, around: readonly Style[]): string {
  switch (inline.kind) {
    case "text":
      return escapeHtml(inline.text);
    case "code":
      return wrapped("code", escapeHtml(inline.text));
    case "styled": {
      if (around.includes(inline.style)) return inlinesToHtml(inline.children, around);
      return wrapped(tagOf[inline.style], inlinesToHtml(inline.children, [...around, inline.style]));
    }
    case "link":
      return linkToHtml(inline.href, inline.children, around);
    default:
      return inline satisfies never;
  }
}

function linkToHtml(href: string, children: readonly Inline[], around: readonly Style[]): string {
  const shown = inlinesToHtml(children, around);
  if (!isSafeAddress(href))
    return plainText(children) === href || href === "" ? shown : `${shown} (${escapeHtml(href)})`;
  const text = plainText(children).trim() === "" ? escapeHtml(href) : shown;
  return `<a href="${escapeHtml(href)}">${text}</a>`;
}

function isSafeAddress(href: string): boolean {
  if (!URL.canParse(href)) return false;
  const { protocol } = new URL(href);
  return ["http:", "https:", "mailto:", "tg:"].includes(protocol);
}

function wrapped(tag: string, inner: string): string {
  return inner === "" ? "" : `<${tag}>${inner}</${tag}>`;
}

function tableToHtml({ header, rows, source }: Table, style: TableStyle): string {
  switch (style) {
    case "off":
      return escapeHtml(source);
    case "code": {
      const cells = [header, ...rows].map((row) => row.map((cell) => plainText(cell).replaceAll("\n", " ")));
      const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length), 1));
      const line = (row: readonly string[]) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd();
      const [top = [], ...rest] = cells;
      const lines = [line(top), widths.map((width) => "-".repeat(width)).join("  "), ...rest.map(line)];
      return wrapped("pre", escapeHtml(lines.join("\n")));
    }
    case "bullets": {
      if (rows.length === 0) return header.map((cell) => wrapped("b", inlinesToHtml(cell, ["bold"]))).join(" · ");
      return rows
        .map((row) =>
          row
            .map((cell, column) => {
              const name = inlinesToHtml(header[column] ?? [], ["bold"]);
              return `• ${name === "" ? "" : `${wrapped("b", name)}: `}${inlinesToHtml(cell, [])}`;
            })
            .join("\n"),
        )
        .join("\n\n");
    }
    default:
      return style satisfies never;
  }
}
