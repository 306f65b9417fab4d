import type { TranscriptMessage } from "@saltgate/agent";
import { expect, test } from "vitest";
import { ModelsEmulator } from "../../../../tooling/emulators/src/models/models-emulator.ts";
import { backendAt, bothApis, remembered, request, textOf, thinkThrough, tool, user } from "./support/world.ts";

for (const api of bothApis) {
  test(`[models:stream] ${api}: an answer comes in pieces and ends once, with what it used`, async () => {
    await using emulator = await ModelsEmulator.start({ apiKey: "sk-test-0123456789abcdef" });
    emulator.script({ answer: { text: "Good morning, ☀️ and more of it.", cachedTokens: 40 } });
    const backend = backendAt(emulator, api, {
      models: [{ id: "m", cost: { input: 1_000_000, output: 2_000_000, cacheRead: 500_000 } }],
    });
    const { events, error } = await thinkThrough(backend, request([user("hello")]));
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe("Good morning, ☀️ and more of it.");
    expect(events.filter(({ type }) => type === "text").length).toBeGreaterThan(2);
    const end = events.at(-1);
    expect(events.filter(({ type }) => type === "end")).toEqual([end]);
    if (end?.type !== "end") throw new Error("no end");
    expect(end.stopReason).toBe("stop");
    const { input = 0, output = 0 } = end.usage ?? {};
    expect([input > 0, output]).toEqual([true, 8]);
    expect(end.usage).toMatchObject({ cacheRead: 40, totalTokens: input + 40 + 8, costUsd: input + 16 + 20 });
    await backend.close();
  });

  test(`[models:prompt] ${api}: the system text, the tools and what was said arrive`, async () => {
    await using emulator = await ModelsEmulator.start();
    const backend = backendAt(emulator, api);
    await thinkThrough(backend, request([user("hello")], { tools: [tool] }));
    const [seen] = emulator.requests;
    expect(seen).toMatchObject({
      api,
      model: "m",
      isStream: true,
      system: "You are a test.",
      tools: ["read"],
      lastUserText: "hello",
    });
    expect(JSON.stringify(seen?.body["tools"])).toContain(JSON.stringify(tool.parameters).slice(1, -1));
  });

  test(`[models:tool-calls] ${api}: calls come whole, with their arguments, and their results go back`, async () => {
    await using emulator = await ModelsEmulator.start();
    const backend = backendAt(emulator, api);
    const asked = user('call read {"path":"a.txt"}\ncall read {"path":"b.txt"}');
    const first = await thinkThrough(backend, request([asked], { tools: [tool] }));
    expect(first.error).toBeUndefined();
    const calls = first.events.filter((event) => event.type === "toolCall");
    expect(calls.map(({ name, arguments: args }) => [name, args])).toEqual([
      ["read", { path: "a.txt" }],
      ["read", { path: "b.txt" }],
    ]);
    expect(first.events.at(-1)).toMatchObject({ type: "end", stopReason: "toolUse" });
    const results = calls.map(({ id }, index) => ({
      role: "toolResult" as const,
      toolCallId: id,
      toolName: "read",
      content: [{ type: "text" as const, text: `content ${index}` }],
      isError: index === 1,
      timestamp: 3,
    }));
    const second = await thinkThrough(
      backend,
      request([asked, remembered(first.events), ...results], { tools: [tool] }),
    );
    expect(second.error).toBeUndefined();
    expect(textOf(second.events)).toBe("results: content 0 | content 1");
  });

  test(`[models:tool-calls] ${api}: while long arguments come, there are signs of life that say nothing`, async () => {
    await using emulator = await ModelsEmulator.start();
    const content = "x".repeat(400);
    emulator.script({ answer: { toolCalls: [{ name: "read", arguments: { path: content } }] } });
    const { events } = await thinkThrough(backendAt(emulator, api), request([user("go")], { tools: [tool] }));
    expect(events.filter((event) => event.type === "text" && event.delta === "").length).toBeGreaterThan(20);
    expect(textOf(events)).toBe("");
    expect(events.slice(-2)).toMatchObject([{ type: "toolCall", arguments: { path: content } }, { type: "end" }]);
  });

  test(`[models:tool-calls] ${api}: arguments that are no JSON object stay the text that they are, and can be sent back`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ times: 1, answer: { toolCalls: [{ name: "read", arguments: '{"path": "a.tx' }] } });
    const backend = backendAt(emulator, api);
    const first = await thinkThrough(backend, request([user("go")], { tools: [tool] }));
    const call = first.events.find((event) => event.type === "toolCall");
    expect(call?.arguments).toBe('{"path": "a.tx');
    const second = await thinkThrough(
      backend,
      request([
        user("go"),
        remembered(first.events),
        {
          role: "toolResult",
          toolCallId: call?.id ?? "",
          toolName: "read",
          content: [{ type: "text", text: "unreadable" }],
          isError: true,
          timestamp: 3,
        },
      ]),
    );
    expect(textOf(second.events)).toBe("results: unreadable");
    const sent = JSON.stringify(emulator.requests[1]?.body);
    expect(sent).toContain("unreadable");
  });

  test(`[models:repair] ${api}: a call whose run was cut short is sent with a result that says so`, async () => {
    await using emulator = await ModelsEmulator.start();
    const backend = backendAt(emulator, api);
    const { events, error } = await thinkThrough(
      backend,
      request([
        user("go"),
        {
          role: "assistant",
          timestamp: 2,
          stopReason: "aborted",
          content: [{ type: "toolCall", id: "functions.read:0", name: "read", arguments: { path: "a" } }],
        },
        { role: "toolResult", toolCallId: "nobody", toolName: "x", content: [], isError: false, timestamp: 3 },
        user("and now?"),
      ]),
    );
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe("echo: and now?");
    expect(JSON.stringify(emulator.requests[0]?.body)).toContain("the run ended before this was done");
  });

  test(`[models:repair] ${api}: ids and names of calls that came from elsewhere are sent so that the provider takes them`, async () => {
    await using emulator = await ModelsEmulator.start();
    const round = (id: string, name: string): TranscriptMessage[] => [
      user("go"),
      {
        role: "assistant",
        timestamp: 2,
        stopReason: "toolUse",
        content: [{ type: "toolCall", id, name, arguments: {} }],
      },
      {
        role: "toolResult",
        timestamp: 3,
        toolCallId: id,
        toolName: name,
        isError: false,
        content: [{ type: "text", text: `result of ${name}` }],
      },
    ];
    const long = `call_${"0123456789abcdef-".repeat(4)}`;
    const messages = [...round(long, "read"), ...round("call_0", "functions.read file"), ...round("call_0", "read")];
    const { error, events } = await thinkThrough(backendAt(emulator, api), request(messages, { tools: [tool] }));
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe("results: result of read");
  });

  test(`[models:repair] ${api}: half a character, where a text was cut through one, is sent as a sign that providers take`, async () => {
    await using emulator = await ModelsEmulator.start();
    const half = "☀️ 🌊".slice(0, -1);
    const asked = request([user(`${half} | \\ud83d | 🌊${half}`)], { system: `notes ${half}` });
    const { error, events } = await thinkThrough(backendAt(emulator, api), asked);
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe("echo: ☀️ \ufffd | \\ud83d | 🌊☀️ \ufffd");
  });

  test(`[models:repair] ${api}: a transcript that begins with the agent begins with a person`, async () => {
    await using emulator = await ModelsEmulator.start();
    const { error } = await thinkThrough(
      backendAt(emulator, api),
      request([
        { role: "assistant", timestamp: 1, stopReason: "injected", content: [{ type: "text", text: "Good morning." }] },
        user("hello"),
      ]),
    );
    expect(error).toBeUndefined();
    const messages = emulator.requests[0]?.body["messages"] as readonly { readonly role: string }[];
    expect(messages.map(({ role }) => role).filter((role) => role !== "system")).toEqual(["user", "assistant", "user"]);
  });

  test(`[models:images] ${api}: images arrive, from people and from tools, and only where they are taken`, async () => {
    await using emulator = await ModelsEmulator.start();
    const image = { type: "image" as const, data: "iVBORw0KGgo=", mimeType: "image/png" };
    const messages = [
      { role: "user" as const, timestamp: 1, content: [{ type: "text" as const, text: "what is this?" }, image] },
      {
        role: "assistant" as const,
        timestamp: 2,
        stopReason: "toolUse" as const,
        content: [{ type: "toolCall" as const, id: "c1", name: "read", arguments: { path: "b.png" } }],
      },
      {
        role: "toolResult" as const,
        toolCallId: "c1",
        toolName: "read",
        content: [image],
        isError: false,
        timestamp: 3,
      },
    ];
    expect((await thinkThrough(backendAt(emulator, api), request(messages))).error).toBeUndefined();
    const blind = backendAt(emulator, api, { models: [{ id: "m" }] });
    expect((await thinkThrough(blind, request(messages))).error).toBeUndefined();
    expect(emulator.requests.map(({ images }) => images)).toEqual([2, 0]);
    expect(JSON.stringify(emulator.requests[1]?.body)).toContain("takes no images");
  });

  test(`[models:thinking] ${api}: thinking is told apart from the answer and goes back to the model that thought it`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({
      times: 1,
      answer: {
        thinking: "Let me look it up.",
        text: "One moment.",
        toolCalls: [{ name: "read", arguments: { path: "a" } }],
      },
    });
    const backend = backendAt(emulator, api);
    const first = await thinkThrough(backend, request([user("go")], { tools: [tool], thinking: "high" }));
    expect(textOf(first.events)).toBe("One moment.");
    const thinking = first.events.filter((event) => event.type === "thinking");
    expect(thinking.map(({ delta }) => delta).join("")).toBe("Let me look it up.");
    const isSigned = thinking.some(({ signature }) => signature !== undefined);
    expect(isSigned).toBe(api === "anthropic-messages");
    const id = first.events.find((event) => event.type === "toolCall")?.id ?? "";
    const result = {
      role: "toolResult" as const,
      toolCallId: id,
      toolName: "read",
      content: [{ type: "text" as const, text: "found" }],
      isError: false,
      timestamp: 3,
    };
    const more = { tools: [tool], thinking: "high" as const };
    const second = await thinkThrough(backend, request([user("go"), remembered(first.events), result], more));
    expect(textOf(second.events)).toBe("results: found");
    expect(JSON.stringify(emulator.requests[1]?.body["messages"])).toContain("Let me look it up.");
    const other = await thinkThrough(backend, request([user("go"), remembered(first.events, "other"), result], more));
    expect(other.error).toBeUndefined();
    expect(JSON.stringify(emulator.requests[2]?.body["messages"])).not.toContain("Let me look it up.");
  });

  test(`[models:empty] ${api}: nothing is no answer to a person, and may be one to a tool`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ answer: { text: "" } });
    const backend = backendAt(emulator, api);
    const toPerson = await thinkThrough(backend, request([user("go")]));
    expect(toPerson.error).toMatchObject({ name: "BackendError", kind: "format" });
    const call = { type: "toolCall" as const, id: "c1", name: "read", arguments: {} };
    const toTool = await thinkThrough(
      backend,
      request([
        user("go"),
        { role: "assistant", timestamp: 2, stopReason: "toolUse", content: [call] },
        { role: "toolResult", toolCallId: "c1", toolName: "read", content: [], isError: false, timestamp: 3 },
      ]),
    );
    expect(toTool.error).toBeUndefined();
    expect(toTool.events).toMatchObject([{ type: "end", stopReason: "stop" }]);
  });

  test(`[models:stream] ${api}: an answer that is cut by its length says so, and no call of it is told`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ answer: { text: "half of", stop: "length", toolCalls: [{ name: "read", arguments: '{"pa' }] } });
    const { events } = await thinkThrough(backendAt(emulator, api), request([user("go")]));
    expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "length" });
    expect(events.some(({ type }) => type === "toolCall")).toBe(false);
  });
}

test("[models:prompt] anthropic-messages: what stays the same is marked for the provider's cache", async () => {
  await using emulator = await ModelsEmulator.start();
  await thinkThrough(backendAt(emulator, "anthropic-messages"), request([user("one")]));
  const { body } = emulator.requests[0]!;
  expect(body["system"]).toMatchObject([{ cache_control: { type: "ephemeral" } }]);
  expect(body["messages"]).toMatchObject([{ content: [{ cache_control: { type: "ephemeral" } }] }]);
});

test("[models:thinking] how much to think is asked of models that can be told, in words that they know", async () => {
  await using emulator = await ModelsEmulator.start();
  const effort = async (
    api: "openai-completions" | "anthropic-messages",
    thinking: "off" | "minimal" | "xhigh",
    reasoning: boolean,
  ) => {
    await thinkThrough(
      backendAt(emulator, api, { models: [{ id: "m", reasoning }] }),
      request([user("x")], { thinking }),
    );
    const body = emulator.requests.at(-1)?.body;
    return body?.["reasoning_effort"] ?? (body?.["thinking"] as { type?: string } | undefined)?.type;
  };
  expect(await effort("openai-completions", "minimal", true)).toBe("low");
  expect(await effort("openai-completions", "xhigh", true)).toBe("high");
  expect(await effort("openai-completions", "off", true)).toBeUndefined();
  expect(await effort("openai-completions", "xhigh", false)).toBeUndefined();
  expect(await effort("anthropic-messages", "off", true)).toBe("disabled");
  expect(await effort("anthropic-messages", "xhigh", true)).toBe("enabled");
  expect(await effort("anthropic-messages", "xhigh", false)).toBeUndefined();
});

test("[models:catalog] it knows its models without asking anybody, and a provider without a list serves all", async () => {
  await using emulator = await ModelsEmulator.start();
  const backend = backendAt(emulator, "openai-completions", {
    models: [{ id: "org/m:7b", name: "Seven", contextWindow: 8192, input: ["text", "image"] }, { id: "plain" }],
  });
  expect(backend.models()).toEqual([
    { provider: "emulated", model: "org/m:7b", name: "Seven", contextWindow: 8192, images: true },
    { provider: "emulated", model: "plain", name: "plain", images: false },
  ]);
  expect(backend.serves({ provider: "emulated", model: "org/m:7b" })).toBe(true);
  expect(backend.serves({ provider: "emulated", model: "other" })).toBe(false);
  expect(backend.serves({ provider: "elsewhere", model: "plain" })).toBe(false);
  expect(backendAt(emulator, "openai-completions", { models: [] }).serves({ provider: "emulated", model: "any" })).toBe(
    true,
  );
  const { error } = await thinkThrough(
    backend,
    request([user("x")], { model: { provider: "emulated", model: "other" } }),
  );
  expect(error).toMatchObject({
    name: "BackendError",
    kind: "unavailable",
    message: expect.stringContaining("models.providers.emulated"),
  });
  expect(emulator.count).toBe(0);
});
