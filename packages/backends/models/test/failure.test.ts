import fc from "fast-check";
import { expect, test } from "vitest";
import { kindOfFailure, retryAfterOf, withoutSecrets } from "../src/failure.ts";

const kinds: readonly (readonly [string, Parameters<typeof kindOfFailure>[0], string])[] = [
  ["OpenAI, a wrong key", { status: 401, code: "invalid_api_key" }, "auth"],
  [
    "Anthropic, no credit",
    { status: 400, type: "invalid_request_error", words: "Your credit balance is too low" },
    "billing",
  ],
  ["OpenAI, no quota", { status: 429, code: "insufficient_quota" }, "billing"],
  ["OpenRouter, no credit", { status: 402 }, "billing"],
  [
    "Anthropic, too long",
    { status: 400, words: "prompt is too long: 210000 tokens > 200000 maximum" },
    "context_length",
  ],
  ["OpenAI, too long", { status: 400, code: "context_length_exceeded" }, "context_length"],
  ["llama.cpp, too long", { status: 400, words: "the request exceeds the available context size" }, "context_length"],
  ["vLLM, too long", { status: 400, words: "This model's maximum context length is 4096 tokens" }, "context_length"],
  ["Anthropic, too large", { status: 413, type: "request_too_large" }, "context_length"],
  ["Azure, filtered", { status: 400, code: "content_filter" }, "refusal"],
  ["a busy server", { status: 503 }, "unavailable"],
  ["a server that speaks of billing while it fails", { status: 500, words: "billing service down" }, "unavailable"],
  ["overloaded, in a stream", { type: "overloaded_error" }, "unavailable"],
  ["too fast, in a stream", { type: "rate_limit_error" }, "rate_limit"],
  ["a proxy that gave up", { status: 504 }, "timeout"],
  ["a bad schema", { status: 422, words: "tools.0: bad" }, "format"],
  ["nothing known", {}, "unknown"],
];
for (const [name, failure, kind] of kinds)
  test(`[models:failures] kinds: ${name} is ${kind}`, () => expect(kindOfFailure(failure)).toBe(kind));

test("[models:retry-after] dates count from now, nonsense counts for nothing", () => {
  const nowMs = Date.parse("2026-11-21T10:00:00Z");
  expect(retryAfterOf({ "retry-after": "Sat, 21 Nov 2026 10:00:30 GMT" }, nowMs)).toBe(30_000);
  expect(retryAfterOf({ "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT" }, nowMs)).toBeUndefined();
  expect(retryAfterOf({ "retry-after": "soon" }, nowMs)).toBeUndefined();
  expect(retryAfterOf({ "retry-after": "0.5" }, nowMs)).toBe(500);
  expect(retryAfterOf(undefined, nowMs)).toBeUndefined();
});

test("[models:no-secrets] whatever a far side says, its words come out without the key, on one line, and short", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), fc.string({ maxLength: 400 }), (before, after) => {
      const key = "zq-Key-77777777";
      const said = withoutSecrets(`${before}${key}${after}`, {
        id: "p",
        api: "openai-completions",
        baseUrl: "http://h",
        apiKey: key,
        models: [],
      });
      expect(said).not.toContain(key);
      expect(said.length).toBeLessThanOrEqual(300);
      expect(said).not.toMatch(/[\n\r\u2028\u202e\u0000]/);
    }),
  );
});
