import { expect, test } from "vitest";
import { compileMentionPatterns, mentionsBy } from "../src/index.ts";

const calls = (text: string, patterns?: readonly string[], identity?: { name?: string; emoji?: string }): boolean =>
  mentionsBy(compileMentionPatterns(patterns, identity), text);

test("[channels:mention-patterns] mention patterns: without any the agent's name is one, as a word of its own", () => {
  const identity = { name: "Sam  Salt", emoji: "🧂" };
  for (const text of ["sam salt, hi", "hey @SAM SALT!", "Sam\n Salt", "🧂?"])
    expect(calls(text, undefined, identity), text).toBe(true);
  for (const text of ["Samsalt", "sam saltgate", "xsam salt", "Sam", ""])
    expect(calls(text, undefined, identity), text).toBe(false);
  expect(calls("Ünal?", undefined, { name: "ünal" })).toBe(true);
  expect(calls("Günal?", undefined, { name: "ünal" })).toBe(false);
});

test("[channels:mention-patterns] mention patterns: any name can be called, whatever stands in it", () => {
  for (const name of ["R2-D2", "C++", "A/B (beta)", "a.b", "[x]", "$money", "#1"]) {
    expect(calls(`hello ${name.toUpperCase()}, are you there`, undefined, { name }), name).toBe(true);
    expect(calls("hello axb", undefined, { name }), name).toBe(false);
  }
});

test("[channels:mention-patterns] mention patterns: an empty name or emoji calls nobody", () => {
  for (const identity of [{}, { name: "" }, { name: "  " }, { emoji: " " }, { name: "\u200b" }]) {
    expect(calls("anything, @ all", undefined, identity)).toBe(false);
  }
});

test("[channels:mention-patterns] mention patterns: configured ones count instead of the name, none being none", () => {
  expect(calls("hey sam", [], { name: "sam" })).toBe(false);
  expect(calls("hey sam", ["bot"], { name: "sam" })).toBe(false);
  expect(calls("hey BOT", ["\\bbot\\b"], { name: "sam" })).toBe(true);
});

test("[channels:mention-patterns] mention patterns: wrong ones are left out, loose ones and a forgotten backslash understood", () => {
  expect(compileMentionPatterns(["(", "[a", "ok"])).toHaveLength(1);
  expect(calls("hey @bot", ["\\@bot"])).toBe(true);
  expect(calls("the bot!", ["\bbot\b"])).toBe(true);
  expect(calls("robots", ["\bbot\b"])).toBe(false);
});

test("[channels:mention-patterns] mention patterns: invisible characters hide no name", () => {
  expect(calls("s\u200ba\u2060m?", undefined, { name: "Sam" })).toBe(true);
  expect(calls("\u202esam", undefined, { name: "Sam" })).toBe(true);
  expect(calls("ask 👩‍💻", undefined, { emoji: "👩‍💻" })).toBe(true);
});

test("[channels:mention-patterns] mention patterns: only the beginning of a long text is looked at", () => {
  expect(calls(`${"x ".repeat(2_048)}sam`, undefined, { name: "Sam" })).toBe(false);
  expect(calls(`${"x ".repeat(2_000)}sam`, undefined, { name: "Sam" })).toBe(true);
});
