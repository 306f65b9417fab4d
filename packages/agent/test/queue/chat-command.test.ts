import fc from "fast-check";
import { expect, test } from "vitest";
import { isStopText, parseChatCommand } from "../../src/index.ts";
import { parseQueueArgs } from "../../src/queue/chat-command.ts";

test("[runs:commands] chat command: what is said is a command only where it stands at the beginning and is one", () => {
  expect(parseChatCommand("/STATUS")).toEqual({ kind: "command", name: "status", args: "" });
  expect(parseChatCommand("/new@salt_bot  Hello there")).toEqual({ kind: "command", name: "new", args: "Hello there" });
  expect(parseChatCommand("/id")).toMatchObject({ name: "whoami" });
  expect(parseChatCommand("/model")).toMatchObject({ kind: "command", name: "model", args: "" });
  expect(parseChatCommand("/t: high")).toMatchObject({ kind: "command", name: "think", args: "high" });
  expect(parseChatCommand("/think nonsense and more")).toMatchObject({ kind: "command", name: "think" });
  expect(parseChatCommand("/queue collect debounce:2s")).toMatchObject({ kind: "command", name: "queue" });
  for (const text of [
    "hello",
    "what does /status do?",
    "/unknown",
    "/constructor",
    "//status",
    "/statusx",
    "stop it please",
    "",
  ])
    expect(parseChatCommand(text), text).toBeUndefined();
});

test("[runs:commands] chat command: directives hold for the message that follows them", () => {
  expect(parseChatCommand("/think harder /model a/b /queue steer\nWhy?")).toEqual({
    kind: "directives",
    thinking: "medium",
    model: "a/b",
    queueMode: "steer",
    text: "Why?",
  });
  expect(parseChatCommand("/think high Why?", [])).toMatchObject({ thinking: "high", text: "Why?" });
});

test("[runs:commands] chat command: the words that stop, and only as the whole message", () => {
  for (const text of ["stop", "Stop!", " ESC ", "abort", "wait.", "exit", "interrupt", "/stop", "/stop@bot now"])
    expect(isStopText(text), text).toBe(true);
  for (const text of ["stopping", "don't stop", "wait a minute", "/stopx"]) expect(isStopText(text), text).toBe(false);
});

// Tried as the beginning of the last ones, each of these would take longer than a test may.
test("[runs:commands] chat command: half a million exclamation marks within a text hold nobody up", () => {
  const text = `${"!".repeat(500_000)}?`;
  expect(isStopText(text)).toBe(false);
  expect(parseChatCommand(text)).toBeUndefined();
});

test("[runs:commands] chat command: own words that start over, with what follows them", () => {
  expect(parseChatCommand("Fresh start now", ["fresh start"])).toEqual({ kind: "command", name: "reset", args: "now" });
  expect(parseChatCommand("freshly", ["fresh"])).toBeUndefined();
});

test("[runs:commands] chat command: nothing that anybody types makes it throw", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseChatCommand(`/${text}`, [text])));
  fc.assert(fc.property(fc.string(), (text) => void parseQueueArgs(text)));
  expect(parseQueueArgs("steer debounce:2s cap:7 drop:new")).toEqual({
    ok: true,
    clear: false,
    mode: "steer",
    debounceMs: 2_000,
    cap: 7,
    drop: "new",
  });
  expect(parseQueueArgs("default")).toEqual({ ok: true, clear: true });
  expect(parseQueueArgs("debounce:99m")).toMatchObject({ ok: false });
});
