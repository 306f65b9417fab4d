import { isBackendError } from "@saltgate/agent";
import { expect, test } from "vitest";
import type { ModelFault } from "../../../../tooling/emulators/src/models/model-script.ts";
import { ModelsEmulator } from "../../../../tooling/emulators/src/models/models-emulator.ts";
import { createModelsBackend, type ProviderApi } from "../src/index.ts";
import { backendAt, bothApis, ManualTimers, request, testKey, textOf, thinkThrough, user } from "./support/world.ts";

/** What a fault of the far side is called here. */
const kinds: readonly (readonly [ModelFault, string])[] = [
  [{ kind: "unauthorized" }, "auth"],
  [{ kind: "billing" }, "billing"],
  [{ kind: "rate-limit" }, "rate_limit"],
  [{ kind: "server-error" }, "unavailable"],
  [{ kind: "overloaded" }, "unavailable"],
  [{ kind: "context-length" }, "context_length"],
  [{ kind: "wrong-content-type" }, "format"],
  [{ kind: "redirect", to: "http://127.0.0.1:1/v1" }, "format"],
  [{ kind: "status", status: 404, body: "no such route" }, "unavailable"],
  [{ kind: "status", status: 400, body: "{" }, "format"],
  [{ kind: "status", status: 504, body: "<html>gateway timeout</html>" }, "timeout"],
  [
    {
      kind: "status",
      status: 429,
      body: '{"error":{"message":"You exceeded your current quota, check your billing","type":"insufficient_quota"}}',
    },
    "billing",
  ],
  [{ kind: "malformed", afterChunks: 3 }, "format"],
  [{ kind: "error-in-stream", afterChunks: 3 }, "unavailable"],
  [{ kind: "error-in-stream", afterChunks: 0 }, "unavailable"],
  [{ kind: "cut", afterChunks: 0 }, "unavailable"],
  [{ kind: "cut", afterChunks: 4 }, "unavailable"],
  [{ kind: "end-early", afterChunks: 0 }, "unavailable"],
  [{ kind: "end-early", afterChunks: 4 }, "unavailable"],
];

const answer = { text: "a longer answer, in several pieces", toolCalls: [{ name: "read", arguments: { path: "a" } }] };

for (const api of bothApis)
  for (const [fault, kind] of kinds)
    test(`[models:failures] ${api}: ${JSON.stringify(fault)} is an error of the kind ${kind}, and asked once`, async () => {
      await using emulator = await ModelsEmulator.start();
      emulator.script({ fault, answer });
      const { events, error } = await thinkThrough(backendAt(emulator, api), request([user("go")]));
      if (!isBackendError(error)) throw new Error("not an error of a backend", { cause: error });
      expect([error.kind, error.message]).toEqual([kind, expect.stringMatching(/^emulated\/m /)]);
      expect(events.some(({ type }) => type === "end" || type === "toolCall")).toBe(false);
      expect(emulator.count).toBe(1);
    });

test("[models:failures] the address of nobody is unavailable, and says where it looked", async () => {
  const emulator = await ModelsEmulator.start();
  const backend = backendAt(emulator, "openai-completions");
  await emulator[Symbol.asyncDispose]();
  const { error } = await thinkThrough(backend, request([user("go")]));
  expect(error).toMatchObject({
    kind: "unavailable",
    message: `emulated/m can't be reached at ${new URL(emulator.url).host}: nothing listens there (is it running?). See models.providers.emulated.baseUrl.`,
  });
});

test("[models:failures] a refusal of the model is one", async () => {
  await using emulator = await ModelsEmulator.start();
  emulator.script({ answer: { text: "I", stop: "refusal" } });
  for (const api of bothApis)
    expect((await thinkThrough(backendAt(emulator, api), request([user("go")]))).error).toMatchObject({
      kind: "refusal",
    });
});

test("[models:retry-after] the time to wait is the provider's, to the millisecond where it says so", async () => {
  await using emulator = await ModelsEmulator.start();
  const waitFor = async (fault: ModelFault, api: ProviderApi): Promise<unknown> => {
    emulator.clear();
    emulator.script({ fault });
    return (await thinkThrough(backendAt(emulator, api), request([user("go")]))).error;
  };
  expect(await waitFor({ kind: "rate-limit", retryAfterS: 7 }, "openai-completions")).toMatchObject({
    retryAfterMs: 7_000,
  });
  expect(await waitFor({ kind: "rate-limit", retryAfterMs: 1_234 }, "anthropic-messages")).toMatchObject({
    retryAfterMs: 1_234,
  });
  expect(await waitFor({ kind: "rate-limit" }, "anthropic-messages")).toMatchObject({ retryAfterMs: undefined });
  expect(await waitFor({ kind: "rate-limit", retryAfterS: 9_999_999 }, "openai-completions")).toMatchObject({
    retryAfterMs: 86_400_000,
  });
});

for (const api of bothApis) {
  test(`[models:timeouts] ${api}: silence before the first byte is a timeout, and the request is given up`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ fault: { kind: "hang-before" } });
    const timers = new ManualTimers();
    const backend = backendAt(
      emulator,
      api,
      {},
      { after: timers.after, firstByteTimeoutMs: 5_000, idleTimeoutMs: 1_000 },
    );
    const thinking = thinkThrough(backend, request([user("go")]));
    await emulator.received(1);
    timers.advance(4_999);
    expect(timers.waiting).toBe(1);
    timers.advance(1);
    expect((await thinking).error).toMatchObject({
      kind: "timeout",
      message: "emulated/m did not begin to answer within 5 s.",
    });
    await emulator.abandoned(1);
    expect(timers.waiting).toBe(0);
  });

  test(`[models:timeouts] ${api}: silence in the middle is a timeout, and what was said stays said`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ answer: { text: "halfway there" }, fault: { kind: "hang-after", afterChunks: 4 } });
    const timers = new ManualTimers();
    const backend = backendAt(
      emulator,
      api,
      {},
      { after: timers.after, firstByteTimeoutMs: 60_000, idleTimeoutMs: 2_000 },
    );
    const events = backend.think(request([user("go")]), new AbortController().signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: "text" });
    const next = (async (): Promise<never> => {
      for (;;) if ((await events.next()).done) throw new Error("it ended");
    })().catch((error: unknown) => error);
    // Until the reader waits for what will never come, and nothing is under way any more.
    let waiting = 0;
    while (waiting < 5) {
      await new Promise((resolve) => setImmediate(resolve));
      waiting = timers.waiting === 1 ? waiting + 1 : 0;
    }
    timers.advance(2_000);
    expect(await next).toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("fell silent in the middle"),
    });
    await emulator.abandoned(1);
  });

  test(`[models:timeouts] ${api}: a slow answer is none that is silent`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ answer: { text: "slowly", chunkChars: 1 }, pace: "manual" });
    const timers = new ManualTimers();
    const backend = backendAt(
      emulator,
      api,
      {},
      { after: timers.after, firstByteTimeoutMs: 1_000, idleTimeoutMs: 1_000 },
    );
    let isOver = false;
    const thinking = thinkThrough(backend, request([user("go")])).finally(() => {
      isOver = true;
    });
    await emulator.received(1);
    // Between two events most of the time that is allowed goes by: together far more than all of it.
    let elapsedMs = 0;
    while (!isOver) {
      while (!isOver && timers.nextInMs !== 1_000) await new Promise((resolve) => setImmediate(resolve));
      timers.advance(900);
      elapsedMs += 900;
      emulator.release(1);
    }
    const { events, error } = await thinking;
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe("slowly");
    expect(elapsedMs).toBeGreaterThan(5_000);
  });

  test(`[models:abort] ${api}: the signal ends it at once, with its own reason, and the request is given up`, async () => {
    await using emulator = await ModelsEmulator.start();
    emulator.script({ fault: { kind: "hang-after", afterChunks: 4 }, answer: { text: "some words" } });
    const stop = new AbortController();
    const reason = new Error("the owner said stop");
    const seen: string[] = [];
    const thinking = (async () => {
      for await (const event of backendAt(emulator, api).think(request([user("go")]), stop.signal)) {
        seen.push(event.type);
        stop.abort(reason);
      }
    })();
    await expect(thinking).rejects.toBe(reason);
    expect(seen.length).toBeGreaterThan(0);
    await emulator.abandoned(1);
  });
}

test("[models:abort] whoever stops listening ends the request, and so does closing", async () => {
  await using emulator = await ModelsEmulator.start();
  emulator.script({ fault: { kind: "hang-after", afterChunks: 4 }, answer: { text: "some words" } });
  const backend = backendAt(emulator, "openai-completions");
  for await (const _ of backend.think(request([user("go")]), new AbortController().signal)) break;
  await emulator.abandoned(1);
  const thinking = thinkThrough(backend, request([user("go")]));
  await emulator.received(2);
  await backend.close();
  expect((await thinking).error).toMatchObject({ kind: "unavailable" });
  await emulator.abandoned(2);
});

test("[models:bounded] an answer without end is cut off", async () => {
  await using emulator = await ModelsEmulator.start();
  emulator.script({ answer: { text: "x".repeat(200_000), chunkChars: 100 } });
  const backend = backendAt(emulator, "openai-completions", {}, { maxAnswerBytes: 100_000 });
  const { error, events } = await thinkThrough(backend, request([user("go")]));
  expect(error).toMatchObject({ kind: "format", message: expect.stringContaining("100000 bytes") });
  expect(textOf(events).length).toBeLessThan(100_000);
});

test("[models:no-secrets] no error holds the key, a header or an address's secret, however the far side repeats it", async () => {
  await using emulator = await ModelsEmulator.start();
  const bodies = [
    `{"error":{"message":"Bad request with ${testKey} and hidden-header to https://x.example/?key=${testKey}","type":"invalid_request_error"}}`,
    `${testKey} hidden-header`,
  ];
  for (const api of bothApis)
    for (const status of [400, 401, 403, 404, 429, 500])
      for (const body of bodies) {
        emulator.clear();
        emulator.script({ fault: { kind: "status", status, body } });
        const backend = backendAt(emulator, api, { headers: { "x-extra": "hidden-header" } });
        const { error } = await thinkThrough(backend, request([user("go, with private words")]));
        const shown = (function all(one: unknown): string {
          return one instanceof Error
            ? `${one.message} ${one.stack} ${JSON.stringify(one, Object.getOwnPropertyNames(one))} ${all(one.cause)}`
            : String(one);
        })(error);
        expect(shown).not.toMatch(/0123456789abcdef|hidden-header|private words/);
      }
  expect(emulator.requests.every(({ headers }) => headers["x-extra"] === "hidden-header")).toBe(true);
});

test("[models:no-secrets] a key goes to the configured address alone: redirects are not followed", async () => {
  await using emulator = await ModelsEmulator.start();
  await using elsewhere = await ModelsEmulator.start();
  for (const api of bothApis) {
    const path = api === "anthropic-messages" ? "messages" : "chat/completions";
    emulator.clear();
    emulator.script({ fault: { kind: "redirect", to: `${elsewhere.url}/v1/${path}` } });
    const { error } = await thinkThrough(backendAt(emulator, api), request([user("go")]));
    expect(error).toMatchObject({ kind: "format" });
  }
  expect(elsewhere.count).toBe(0);
});

test("[models:no-secrets] a server that asks for no key gets none, and none from the environment", async () => {
  await using emulator = await ModelsEmulator.start();
  process.env["ANTHROPIC_API_KEY"] = "sk-from-the-environment";
  try {
    for (const api of bothApis)
      expect(
        (await thinkThrough(backendAt(emulator, api, { apiKey: undefined }), request([user("go")]))).error,
      ).toBeUndefined();
  } finally {
    delete process.env["ANTHROPIC_API_KEY"];
  }
  expect(JSON.stringify(emulator.requests.map(({ headers }) => headers))).not.toContain("sk-from-the-environment");
});

test("[models:options] providers that can't be are refused at the start", () => {
  const provider = { id: "a", api: "openai-completions" as const, baseUrl: "http://127.0.0.1:1/v1", models: [] };
  const made =
    (...providers: readonly (typeof provider)[]) =>
    () =>
      createModelsBackend({ providers });
  expect(made(provider, provider)).toThrow("the same id");
  expect(made({ ...provider, id: "a/b" })).toThrow('"a/b"');
  for (const baseUrl of ["file:///etc", "http://u:p@host/v1", "http://host/v1?key=k", "http://host/v1#k", "nonsense"])
    expect(made({ ...provider, baseUrl })).toThrow("the model provider a");
});
