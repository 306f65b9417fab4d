import fc from "fast-check";
import { expect, test } from "vitest";
import { adapter } from "../src/index.ts";

test.each([
  ["123", { to: "123" }],
  ["-100123", { to: "-100123" }],
  [" telegram:123 ", { to: "123" }],
  ["TG:-100123", { to: "-100123" }],
  ["telegram:group:-100123", { to: "-100123" }],
  ["tg:telegram:5", { to: "5" }],
  ["@news_room", { to: "@news_room" }],
  ["https://t.me/news_room", { to: "@news_room" }],
  ["t.me/s/news_room/", { to: "@news_room" }],
  ["-100123:topic:77", { to: "-100123", threadId: "77" }],
  ["-100123:77", { to: "-100123", threadId: "77" }],
  ["@news_room:topic:1", { to: "@news_room", threadId: "1" }],
  ["telegram:group:-100123:topic:07", { to: "-100123", threadId: "7" }],
])("[telegram:targets] target: %j is %o", (text, target) => {
  expect(adapter.parseTarget(text)).toEqual({ ok: true, target });
});

test.each([
  "",
  " ",
  "0",
  "bob",
  "@ab",
  "@1abc",
  "12 34",
  "-",
  "1.5",
  "https://example.com/x",
  "t.me/+secret",
  "group:",
  "5:x",
  "5:topic:",
  "1e5",
])("[telegram:targets] target: %j is refused in words", (text) => {
  expect(adapter.parseTarget(text)).toEqual({ ok: false, reason: expect.stringContaining("is no Telegram chat") });
});

test("[telegram:targets] target: no text makes reading throw, and what was read reads the same again", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(tg:)?@?[\w:-]{1,20}$/)), (text) => {
      const read = adapter.parseTarget(text);
      if (!read.ok) return;
      const { to, threadId } = read.target;
      expect(adapter.parseTarget(threadId === undefined ? to : `${to}:topic:${threadId}`)).toEqual(read);
    }),
  );
});
