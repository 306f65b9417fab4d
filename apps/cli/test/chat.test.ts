import { expect, test, vi } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { shownLines, startOnTerminal } from "../../../tests/support/terminal.ts";
import { ConversationWorld } from "./conversation-world.ts";

// Each test runs several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

test("[terminal:chat-lines] chat: without a terminal lines go in and answers come out, one after the other", async () => {
  await using world = await ConversationWorld.start();
  const answer = await world.run(["chat"], { input: "first\n\nsecond\n/whoami\nlast" });
  expect(answer).toMatchObject({ exit: 0, stderr: "" });
  expect(answer.stdout).toMatch(/^echo: first\necho: second\n[\s\S]+\necho: last\n$/);
  const json = await world.run(["chat", "--json", "--session", "agent:main:x"], { input: "one\ntwo\n" });
  const lines = json.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { runId: expect.any(String), state: "final", text: "echo: one" },
    { runId: expect.any(String), state: "final", text: "echo: two" },
  ]);
});

test("[terminal:chat-lines] chat: an answer that fails is told, the next one comes, and it ends with 1", async () => {
  await using world = await ConversationWorld.start();
  world.models.script({ when: { contains: "bad" }, fault: { kind: "billing" } });
  const answer = await world.run(["chat"], { input: "bad\ngood\n" });
  expect(answer).toMatchObject({ exit: 1, stdout: "echo: good\n" });
  expect(answer.stderr).toContain("It failed: ");
});

test("[terminal:chat-terminal] chat: on a terminal it shows what was said last, and answers as they come", async () => {
  await using world = await ConversationWorld.start();
  await world.run(["agent", "-m", "earlier"]);
  world.models.script({
    when: { contains: "count" },
    answer: { text: "one two three", chunkChars: 4 },
    pace: "manual",
  });
  await using child = startOnTerminal(world.sandbox, ["chat"], { env: world.gateway.env });
  await child.until("the prompt", ({ stdout }) => (stdout.endsWith("> \u001b[3G") ? true : undefined));
  const start = shownLines(child.stdout);
  expect(start.slice(0, 2)).toEqual(["> earlier", "echo: earlier"]);
  expect(start.at(-2)).toContain("agent:main:main");
  child.write("count\r");
  await world.models.received(2);
  world.models.release(3);
  await child.until("the beginning", ({ stdout }) => (stdout.includes("one") ? true : undefined));
  expect(child.stdout).not.toContain("three");
  // What is typed meanwhile isn't written into the answer, and isn't lost.
  child.write("next");
  world.models.release(100);
  await child.until("what was typed", ({ stdout }) => (stdout.endsWith("next") ? true : undefined));
  expect(shownLines(child.stdout)).toContain("one two three");
  child.write("\r");
  await child.until("the next answer", ({ stdout }) => (stdout.includes("echo: next") ? true : undefined));
  child.write("/quit\r");
  expect(await child.ended()).toEqual({ code: 0, signal: null });
  const shown = shownLines(child.stdout);
  expect(shown.slice(3)).toEqual(["> count", "one two three", "> next", "echo: next", "> /quit", ""]);
});

test("[terminal:chat-stop] chat: on a terminal Ctrl-C stops the answer, and once more leaves", async () => {
  await using world = await ConversationWorld.start();
  world.models.script({ fault: { kind: "hang-before" } });
  await using child = startOnTerminal(world.sandbox, ["chat"], { env: world.gateway.env });
  await child.until("the prompt", ({ stdout }) => (stdout.endsWith("> \u001b[3G") ? true : undefined));
  child.write("hello\r");
  await world.models.received(1);
  child.write("\u0003");
  await child.until("the end", ({ stdout }) => (stdout.includes("Stopped.") ? true : undefined));
  await world.models.abandoned(1);
  await child.until("the prompt", ({ stdout }) => (stdout.endsWith("> \u001b[3G") ? true : undefined));
  child.write("\u0003");
  expect(await child.ended()).toEqual({ code: 0, signal: null });
});

test("[terminal:chat-stop] chat: without a terminal SIGINT stops the answer, and once more leaves", async () => {
  await using world = await ConversationWorld.start();
  world.models.script({ times: 1, fault: { kind: "hang-before" } });
  await using child = world.begin(["chat"], { input: "hello\n", keepInput: true });
  await world.models.received(1);
  child.signal("SIGINT");
  await child.until("the end", ({ stderr }) => (stderr.includes("Stopped.") ? true : undefined));
  child.write("and now\n");
  await child.until("the next answer", ({ stdout }) => (stdout.includes("echo: and now") ? true : undefined));
  child.signal("SIGINT");
  expect((await child.ended()).code).toBe(1);
});

test("[terminal:chat-reconnect] chat: it says that the gateway is gone, comes back, and then has the answer once", async () => {
  const port = await keptPort();
  await using world = await ConversationWorld.start({ port });
  world.models.script({ times: 1, when: { contains: "hello" }, fault: { kind: "hang-before" } });
  await using child = world.begin(["chat"], { input: "before\nhello\n", keepInput: true });
  await child.until("the first answer", ({ stdout }) => (stdout.includes("echo: before") ? true : undefined));
  await world.models.received(2);
  await world.gateway.kill();
  await child.until("the loss", ({ stderr }) => (stderr.includes("The connection is gone") ? true : undefined));
  await using _again = await GatewayProcess.start(world.sandbox, { words: ["--port", String(port)] });
  await child.until("the return", ({ stderr }) => (stderr.includes("The connection is back.") ? true : undefined));
  await child.until("the answer", ({ stdout }) => (stdout.split("\n").length > 2 ? true : undefined));
  child.write("after\n");
  await child.until("the next", ({ stdout }) => (stdout.includes("echo: after") ? true : undefined));
  expect(child.stdout.match(/echo: before/g)).toHaveLength(1);
  expect(child.stdout.match(/hello/g)).toHaveLength(1);
});

test("[terminal:hostile-text] [R-49] chat: what a model says moves no cursor and changes no colour", async () => {
  const hostile = "a\u001b[2J\u001b]0;x\u0007b\rc\u202egpj\u009b31m\n\tcode 👩\u200d💻";
  await using world = await ConversationWorld.start();
  world.models.script({ answer: { text: hostile, chunkChars: 1 } });
  const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2060-\u206f]/u;
  for (const words of [
    ["agent", "-m", "x"],
    ["agent", "-m", "x", "--json"],
    ["sessions", "show"],
    ["sessions", "list"],
  ]) {
    const { stdout } = await world.run(words);
    expect(stdout).not.toMatch(obeyed);
  }
  const chat = await world.run(["chat"], { input: "x\n" });
  expect(chat.stdout).not.toMatch(obeyed);
  expect(chat.stdout).toContain("\n\tcode 👩\u200d💻");
  await using child = startOnTerminal(world.sandbox, ["agent", "-m", "x"], { env: world.gateway.env });
  await child.ended();
  expect(child.stdout.replaceAll("\r\n", "\n")).not.toMatch(obeyed);
});
