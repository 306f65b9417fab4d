import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ModelsEmulator } from "../src/models/models-emulator.ts";

const ask = (url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

const said = [{ role: "user", content: "hello there" }];
const version = { "anthropic-version": "2023-06-01" };

test("models emulator: it echoes in OpenAI's language, streamed and in one piece", async () => {
  await using emulator = await ModelsEmulator.start();
  const whole = (await (await ask(emulator.url, "chat/completions", { model: "m", messages: said })).json()) as {
    choices: { message: { content: string }; finish_reason: string }[];
  };
  expect(whole.choices[0]).toMatchObject({ message: { content: "echo: hello there" }, finish_reason: "stop" });
  const streamed = await ask(emulator.url, "chat/completions", { model: "m", messages: said, stream: true });
  expect(streamed.headers.get("content-type")).toContain("text/event-stream");
  const text = await streamed.text();
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  expect(text).toContain('"content":"echo: he"');
});

test("models emulator: it echoes in Anthropic's language, and asks for what the service asks for", async () => {
  await using emulator = await ModelsEmulator.start();
  const body = { model: "m", messages: said, max_tokens: 10 };
  const whole = (await (await ask(emulator.url, "messages", body, version)).json()) as { content: unknown };
  expect(whole.content).toEqual([{ type: "text", text: "echo: hello there" }]);
  expect(await (await ask(emulator.url, "messages", { ...body, stream: true }, version)).text()).toContain(
    "event: message_stop",
  );
  expect((await ask(emulator.url, "messages", body)).status).toBe(400);
  expect((await ask(emulator.url, "messages", { model: "m", messages: said }, version)).status).toBe(400);
});

test("models emulator: calls of tools without results are refused in both languages", async () => {
  await using emulator = await ModelsEmulator.start();
  const open = [
    ...said,
    { role: "assistant", content: null, tool_calls: [{ id: "c", type: "function", function: { name: "f" } }] },
  ];
  expect((await ask(emulator.url, "chat/completions", { model: "m", messages: open })).status).toBe(400);
  const blocks = [...said, { role: "assistant", content: [{ type: "tool_use", id: "c", name: "f", input: {} }] }];
  expect((await ask(emulator.url, "messages", { model: "m", messages: blocks, max_tokens: 9 }, version)).status).toBe(
    400,
  );
});

test("models emulator: keys are asked for, models are told, other paths are not there", async () => {
  await using emulator = await ModelsEmulator.start({ apiKey: "k", models: ["a", "b"] });
  expect((await ask(emulator.url, "chat/completions", { model: "m", messages: said })).status).toBe(401);
  const bearer = { authorization: "Bearer k" };
  expect((await ask(emulator.url, "chat/completions", { model: "m", messages: said }, bearer)).status).toBe(200);
  const { data } = (await (await fetch(`${emulator.url}/v1/models`)).json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await ask(emulator.url, "responses", {})).status).toBe(404);
});

test("models emulator: rules decide by what was asked, in their order, so often", async () => {
  await using emulator = await ModelsEmulator.start();
  emulator.script(
    { when: { contains: "hello" }, times: 1, answer: { text: "once" } },
    { when: { contains: "hello" }, fault: { kind: "rate-limit", retryAfterS: 7 } },
  );
  const body = { model: "m", messages: said };
  expect(await (await ask(emulator.url, "chat/completions", body)).text()).toContain("once");
  const refused = await ask(emulator.url, "chat/completions", body);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "7"]);
  emulator.clear();
  expect((await ask(emulator.url, "chat/completions", body)).status).toBe(200);
  expect(emulator.requests.map(({ lastUserText }) => lastUserText)).toEqual(Array(3).fill("hello there"));
});

test("models emulator: a manual pace lets out what is released, and nothing more", async () => {
  await using emulator = await ModelsEmulator.start();
  emulator.script({ answer: { text: "abc", chunkChars: 1 }, pace: "manual" });
  const response = await ask(emulator.url, "chat/completions", { model: "m", messages: said, stream: true });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  emulator.release(1);
  expect((await reader.read()).value).toContain('"role":"assistant"');
  emulator.release(1);
  expect((await reader.read()).value).toContain('"content":"a"');
  await reader.cancel();
  await emulator.abandoned(1);
});

test("models emulator: as a process it tells its address, takes orders and ends with its input", async () => {
  const main = fileURLToPath(new URL("../src/models-main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { url } = JSON.parse((await lines.next()).value as string) as { url: string };
  child.stdin.write(`${JSON.stringify({ do: "script", rules: [{ answer: { text: "ordered" } }] })}\n`);
  child.stdin.write('{"do":"count"}\n');
  expect(JSON.parse((await lines.next()).value as string)).toEqual({ received: 0 });
  expect(await (await ask(url, "chat/completions", { model: "m", messages: said })).text()).toContain("ordered");
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});
