import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHtml } from "../../../../tooling/emulators/src/telegram/html.ts";
import { adapter } from "../src/index.ts";
import { type TableStyle, toTelegramHtml } from "../src/markdown/telegram-html.ts";

test.each([
  ["plain & <simple>", "plain &amp; &lt;simple&gt;"],
  ["**bold** and *italic* and _this_", "<b>bold</b> and <i>italic</i> and <i>this</i>"],
  ["**bold *and italic***", "<b>bold <i>and italic</i></b>"],
  ["~~gone~~ ||hidden **too**||", "<s>gone</s> <tg-spoiler>hidden <b>too</b></tg-spoiler>"],
  ["`a < b`", "<code>a &lt; b</code>"],
  ["```ts\nif (a < b) {}\n```", '<pre><code class="language-ts">if (a &lt; b) {}</code></pre>'],
  ["```\nraw\n```", "<pre>raw</pre>"],
  ["```js title=x\nraw\n```", "js title=x\n<pre>raw</pre>"],
  ["# Title\n\ntext", "<b>Title</b>\n\ntext"],
  ["> quoted\n> > deeper", "<blockquote>quoted\n\ndeeper</blockquote>"],
  ["- a\n- b\n  - c", "• a\n• b\n   • c"],
  ["3. a\n4. b", "3. a\n4. b"],
  ["- [x] done\n- [ ] open", "☑ done\n☐ open"],
  ['[docs](https://a.example/?q=1&r="2")', '<a href="https://a.example/?q=1&amp;r=&quot;2&quot;">docs</a>'],
  [
    "[mail](mailto:a@b.example) [chat](tg://user?id=1)",
    '<a href="mailto:a@b.example">mail</a> <a href="tg://user?id=1">chat</a>',
  ],
  ["[evil](javascript:alert(1))", "evil (javascript:alert(1))"],
  ["[file](file:///etc/passwd)", "file (file:///etc/passwd)"],
  ["![cat](https://a.example/cat.png)", '<a href="https://a.example/cat.png">cat</a>'],
  ["<b>not ours</b>", "&lt;b&gt;not ours&lt;/b&gt;"],
  ["a\n\n---\n\nb", "a\n\n———\n\nb"],
  ["\\*literal\\*", "*literal*"],
  ["two\nlines", "two\nlines"],
  ["", ""],
])("[telegram:html] html: %j becomes %j", (markdown, html) => {
  expect(adapter.render(markdown)).toBe(html);
  expect(() => parseHtml(html)).not.toThrow();
});

const table = "| name | n |\n|---|---|\n| **a** | 1 |\n| b<c | 22 |";

test.each<[TableStyle, string]>([
  ["code", "<pre>name  n\n----  --\na     1\nb&lt;c   22</pre>"],
  ["bullets", "• <b>name</b>: <b>a</b>\n• <b>n</b>: 1\n\n• <b>name</b>: b&lt;c\n• <b>n</b>: 22"],
  ["off", table.replaceAll("<", "&lt;")],
])("[telegram:html] html: a table as %s", (style, html) => {
  expect(toTelegramHtml(table, style)).toBe(html);
});

/** Words between the signs that mean something in Markdown, in HTML, or in both. */
const markdownSoup = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[a-z]{1,6}$/),
      fc.constantFrom(
        "**",
        "*",
        "_",
        "~~",
        "||",
        "`",
        "```",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "| ",
        "|---|---|\n",
        "[",
        "](",
        ")",
        "](https://",
        "](javascript:",
        "<",
        ">",
        "</b>",
        "&amp;",
        "&",
        '"',
        "\\",
        "!",
        "    ",
        "<b>",
        "- [x] ",
        "---\n",
        "\ud800",
        "\u0000",
        "😀",
        "[a]: ",
      ),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

const anyTables = fc.constantFrom<TableStyle>("off", "bullets", "code");

// Models change messages to what they were asked for; read as Markdown, this takes longer than a test may.
test("[telegram:html] html: a hundred thousand marks of lists hold nobody up, and are shown as they are", () => {
  const marks = "- ".repeat(100_000);
  expect(toTelegramHtml(`${marks}x`, "code")).toBe(`${marks}x`);
});

test("[telegram:html] html: whatever the text, it is HTML that Telegram takes", () => {
  fc.assert(
    fc.property(
      fc.oneof(markdownSoup, fc.string({ unit: "binary", maxLength: 300 })),
      anyTables,
      (markdown, tables) => {
        parseHtml(toTelegramHtml(markdown, tables));
      },
    ),
    { numRuns: 2_000 },
  );
});

test("[telegram:html] html: every word survives", () => {
  fc.assert(
    fc.property(markdownSoup, anyTables, (markdown, tables) => {
      const html = toTelegramHtml(markdown, tables);
      const { text, entities } = parseHtml(html);
      const shown =
        `${text} ${entities.map(({ url = "", language = "" }) => `${url} ${language}`).join(" ")}`.toLowerCase();
      for (const [word] of markdown.matchAll(/[a-z]{2,}/g)) expect(shown).toContain(word);
    }),
    { numRuns: 2_000 },
  );
});

test("[telegram:html] html: no address but http, https, mailto and tg becomes a link", () => {
  fc.assert(
    fc.property(
      fc.webUrl(),
      fc.constantFrom("http", "https", "mailto", "tg", "javascript", "file", "data", "ftp", "vbscript"),
      (url, scheme) => {
        const address = url.replace(/^https?/, scheme);
        const links = [...adapter.render(`[x](<${address}>)`).matchAll(/href="([^":]*):/g)].map(([, found]) => found);
        expect(links.every((found) => ["http", "https", "mailto", "tg"].includes(found ?? ""))).toBe(true);
      },
    ),
  );
});

test("[telegram:html] html: a text that is nested beyond reason is shown as it is", () => {
  const markdown = `${">".repeat(20_000)} deep`;
  expect(parseHtml(adapter.render(markdown)).text).toContain("deep");
  expect(parseHtml(adapter.render("*a ".repeat(20_000))).text).toContain("a");
});
