import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkMarkdown } from "../src/index.ts";

const isHalved = (text: string): boolean => /^[\udc00-\udfff]|[\ud800-\udbff]$/.test(text);
const words = (text: string): string => text.replace(/[\s`~]/g, "");
/** Whether every character of `part` stands in `text`, in that order; what opens a code block again stands between. */
const holdsInOrder = (text: string, part: string): boolean => {
  let at = 0;
  for (const character of text) if (part.startsWith(character, at)) at += character.length;
  return at === part.length;
};
const openFences = (chunk: string): boolean => {
  let marker: string | undefined;
  for (const line of chunk.split("\n")) {
    const match = /^ {0,3}(`{3,6}|~{3,6})(?![`~])(.*)$/.exec(line);
    if (!match) continue;
    const [, found = "", info = ""] = match;
    if (marker === undefined) marker = found.startsWith("`") && info.includes("`") ? undefined : found;
    else if (found.startsWith(marker) && info.trim() === "") marker = undefined;
  }
  return marker !== undefined;
};

describe("chunking", () => {
  // Models that have lost their way say such things; read wrongly, each of them takes longer than a test may.
  test.each([" ", "\t", "\n", " \n"])(
    "[channels:chunking] chunking: a hundred thousand times %j holds nobody up",
    (blank) => {
      const chunks = chunkMarkdown(`a${blank.repeat(100_000)}b`, { maxChars: 4_000 });
      expect(chunks.map((chunk) => chunk.trim())).toEqual(["a", "b"]);
    },
  );

  test("[channels:chunking] chunking: a text that fits is one message as it is", () => {
    expect(chunkMarkdown("Hello, *you*.", { maxChars: 100 })).toEqual(["Hello, *you*."]);
    expect(chunkMarkdown("  \n\n ", { maxChars: 100 })).toEqual([]);
  });

  test("[channels:chunking] chunking: it cuts at paragraphs, then lines, then sentences, then words, then anywhere", () => {
    expect(chunkMarkdown(`${"a".repeat(30)}\n\n${"b".repeat(30)}\nc`, { maxChars: 40 })).toEqual([
      "a".repeat(30),
      `${"b".repeat(30)}\nc`,
    ]);
    expect(chunkMarkdown(`${"a".repeat(30)}\n${"b".repeat(30)}`, { maxChars: 40 })).toEqual([
      "a".repeat(30),
      "b".repeat(30),
    ]);
    expect(chunkMarkdown("This is the first sentence. And here is another one.", { maxChars: 40 })).toEqual([
      "This is the first sentence.",
      "And here is another one.",
    ]);
    expect(chunkMarkdown("one two three four five six seven eight", { maxChars: 32 })).toEqual([
      "one two three four five six",
      "seven eight",
    ]);
    expect(chunkMarkdown("x".repeat(70), { maxChars: 32 })).toEqual(["x".repeat(32), "x".repeat(32), "x".repeat(6)]);
  });

  test("[channels:chunking] chunking: a code block that fits into a message stays whole", () => {
    const code = "```ts\nconst a = 1;\n\nconst b = 2;\n```";
    expect(chunkMarkdown(`Some words before it.\n${code}\nAnd after.`, { maxChars: 45 })).toEqual([
      "Some words before it.",
      code,
      "And after.",
    ]);
  });

  test("[channels:chunking] chunking: a code block that is too long becomes several, each with its language", () => {
    const lines = Array.from({ length: 8 }, (_, index) => `line ${index} of code`);
    const chunks = chunkMarkdown(`\`\`\`py\n${lines.join("\n")}\n\`\`\``, { maxChars: 60 });
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks) {
      expect(chunk).toMatch(/^```py\n.*\n```$/s);
      expect(chunk.length).toBeLessThanOrEqual(60);
    }
    expect(chunks.flatMap((chunk) => chunk.split("\n").slice(1, -1))).toEqual(lines);
  });

  test("[channels:chunking] chunking: emphasis and links are not cut through while there is another place", () => {
    const text = `${"w ".repeat(12)}**this is all bold and long** ${"v ".repeat(10)}`;
    for (const chunk of chunkMarkdown(text, { maxChars: 40 })) {
      expect((chunk.match(/\*\*/g) ?? []).length % 2).toBe(0);
    }
  });

  test("[channels:chunking] chunking: with the mode newline each paragraph is a message", () => {
    expect(chunkMarkdown("one\n\ntwo\n\n```\na\n\nb\n```", { maxChars: 100, mode: "newline" })).toEqual([
      "one",
      "two",
      "```\na\n\nb\n```",
    ]);
  });

  test("[channels:chunking] chunking: no text makes a chunk too long, too tall, empty or halved, or loses a word", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.constantFrom("```", "\n```\n", "~~~", "\n", "\n\n", "**", "_", "`", "[a](b)", "😀", " ", "word. ", "- item\n"),
    );
    const markdown = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(
        markdown,
        fc.integer({ min: 32, max: 200 }),
        fc.option(fc.integer({ min: 4, max: 17 })),
        (text, max, lines) => {
          const chunks = chunkMarkdown(text, { maxChars: max, ...(lines !== null && { maxLines: lines }) });
          for (const chunk of chunks) {
            expect(chunk.trim()).not.toBe("");
            expect(chunk.length).toBeLessThanOrEqual(max);
            if (lines !== null) expect(chunk.split("\n").length).toBeLessThanOrEqual(lines);
            if (text.isWellFormed()) expect(isHalved(chunk)).toBe(false);
          }
          // Runs of backticks or tildes inside a line look like the beginning of a block wherever that line is cut.
          const isOrdinary = text
            .split("\n")
            .every((line) => !/```|~~~/.test(line) || /^ {0,3}(```|~~~)\w{0,8}$/.test(line));
          for (const chunk of isOrdinary ? chunks.slice(0, -1) : []) expect(openFences(chunk)).toBe(false);
          expect(holdsInOrder(words(chunks.join("\n")), words(text))).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
