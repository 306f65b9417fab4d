import { expect, test, vi } from "vitest";
import { GatewayProcess } from "../../../tests/support/gateway.ts";
import { keptPort } from "../../../tests/support/ports.ts";
import { Sandbox } from "../../../tests/support/sandbox.ts";
import { startOnTerminal } from "../../../tests/support/terminal.ts";
import { ConversationWorld } from "./conversation-world.ts";

// Each test runs several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

test("[terminal:agent] agent: one task is done and its answer printed as a whole, from a word, from standard input, and in JSON", async () => {
  await using world = await ConversationWorld.start();
  expect(await world.run(["agent", "--message", "hello"])).toMatchObject({
    exit: 0,
    stdout: "echo: hello\n",
    stderr: "",
  });
  const piped = await world.run(["agent", "-m", "-", "--session", "agent:main:notes"], { input: "two\nlines\n" });
  expect(piped).toMatchObject({ exit: 0, stdout: "echo: two\nlines\n" });
  const json = await world.run(["agent", "-m", "hi", "--model", "local/echo", "--thinking", "off", "--json"]);
  expect(json.json()).toMatchObject({
    ok: true,
    text: "echo: hi",
    media: [],
    aborted: false,
    runId: expect.any(String),
  });
  const shown = await world.run(["sessions", "show", "agent:main:notes", "--json"]);
  expect(shown.json<{ messages: { role: string }[] }>().messages.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
  ]);
});

test("[terminal:agent] agent: on a terminal the answer comes as it is thought", async () => {
  await using world = await ConversationWorld.start();
  world.models.script({ answer: { text: "one two three", chunkChars: 4 }, pace: "manual" });
  await using child = startOnTerminal(world.sandbox, ["agent", "-m", "count"], { env: world.gateway.env });
  await world.models.received(1);
  world.models.release(3);
  await child.until("the beginning", ({ stdout }) => (stdout.includes("one") ? true : undefined));
  expect(child.stdout).not.toContain("three");
  world.models.release(100);
  expect(await child.ended()).toEqual({ code: 0, signal: null });
  expect(child.stdout).toBe("one two three\r\n");
});

test("[terminal:agent-failure] agent: a task that fails ends with 1 and says why, also in JSON", async () => {
  await using world = await ConversationWorld.start();
  world.models.script({ fault: { kind: "billing" } });
  const people = await world.run(["agent", "-m", "hello"]);
  expect(people).toMatchObject({ exit: 1, stdout: "" });
  expect(people.stderr).toContain("no credit left");
  expect((await world.run(["sessions", "show"])).stdout).toContain("(It failed: local/echo failed");
  const programs = await world.run(["agent", "-m", "hello", "--json"]);
  expect(programs).toMatchObject({ exit: 1, stderr: "" });
  expect(programs.json()).toMatchObject({ ok: false, error: { code: "RUN_FAILED" } });
  const unknown = await world.run(["agent", "-m", "hello", "--model", "nonesuch"]);
  expect(unknown).toMatchObject({ exit: 1, stdout: "" });
  expect(unknown.stderr).toContain("saltgate models");
});

test.each([
  [[], "--message <text> is missing"],
  [["-m", " "], "the message is empty"],
  [["-m", "x", "--to", "5"], "--to says where --deliver sends the answer"],
  [["-m", "x", "--run-timeout", "soon"], "--run-timeout is a time such as"],
])("[terminal:agent-failure] agent: %j is a usage error", async (words, message) => {
  await using sandbox = await Sandbox.create();
  const answer = await sandbox.run(["agent", ...words]);
  expect(answer).toMatchObject({ exit: 2, stdout: "" });
  expect(answer.stderr.toLowerCase()).toContain(message.toLowerCase());
});

test("[terminal:agent-failure] agent: Ctrl-C stops the task, and it ends with 1", async () => {
  await using world = await ConversationWorld.start();
  world.models.script({ fault: { kind: "hang-before" } });
  await using child = world.begin(["agent", "-m", "hello", "--json"]);
  await world.models.received(1);
  child.signal("SIGINT");
  expect(await child.ended()).toEqual({ code: 1, signal: null });
  expect(JSON.parse(child.stdout)).toMatchObject({ ok: false, aborted: true });
  await world.models.abandoned(1);
});

test("[terminal:agent-once] agent: when the gateway is killed in the middle, the task is done once and its answer comes", async () => {
  const port = await keptPort();
  await using world = await ConversationWorld.start({ port });
  world.models.script({ times: 1, fault: { kind: "hang-before" } });
  await using child = world.begin(["agent", "-m", "hello"]);
  await world.models.received(1);
  await world.gateway.kill();
  await using again = await GatewayProcess.start(world.sandbox, { words: ["--port", String(port)] });
  expect(await child.ended()).toEqual({ code: 0, signal: null });
  expect(child.stdout).toContain("echo: ");
  const { messages } = (await again.run(["sessions", "show", "--json"])).json<{ messages: { role: string }[] }>();
  expect(messages.filter(({ role }) => role === "user")).toHaveLength(1);
});

test("[terminal:agent] agent: --deliver sends the answer to the channel as well", async () => {
  await using world = await ConversationWorld.start({ telegram: true });
  const { ann, bot, emulator } = world.telegram;
  emulator.people.say({ from: ann.id, text: "/start" });
  await emulator.untilSent(ann.id, 1);
  const words = ["agent", "-m", "hello", "--deliver", "--channel", "telegram", "--to", String(ann.id)];
  expect(await world.run(words)).toMatchObject({ exit: 0, stdout: "echo: hello\n" });
  const sent = await emulator.untilSent(ann.id, 2);
  expect(sent.at(-1)).toMatchObject({ from: bot.user.id, text: "echo: hello" });
});
