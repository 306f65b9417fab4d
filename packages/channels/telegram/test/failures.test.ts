import { backoffMs, conflictBackoff, reconnectBackoff } from "@saltgate/channel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { afterPollFailure, noTroubles } from "../src/after-poll.ts";
import { CallError, type CallFailure, channelErrorOf, failureOf } from "../src/call-failure.ts";
import { offsetToAsk } from "../src/cursor.ts";

const answered = (code: number, description = "x", retryAfterMs?: number): CallFailure => ({
  kind: "answered",
  code,
  description,
  retryAfterMs,
  migratedTo: undefined,
});

test.each<[string, CallFailure, string, string]>([
  ["401", answered(401, "Unauthorized"), "auth", "auth"],
  ["404 for a token that isn't one", answered(404, "Not Found"), "auth", "auth"],
  ["404 for a method", answered(404, "Not Found: method not found"), "refused", "refused"],
  ["409", answered(409, "Conflict"), "conflict", "conflict"],
  ["429", answered(429, "Too Many Requests", 7_000), "rate", "rate"],
  ["403", answered(403, "Forbidden: bot was blocked by the user"), "refused", "refused"],
  ["a text that is too long", answered(400, "Bad Request: message is too long"), "refused", "refused"],
  ["an edit of nothing", answered(400, "Bad Request: message to edit not found"), "gone", "gone"],
  ["413", answered(413, "Request Entity Too Large"), "refused", "refused"],
  ["500", answered(500, "Internal Server Error"), "unknown-outcome", "transient"],
  ["a cut", { kind: "cut", code: "ECONNRESET" }, "unknown-outcome", "transient"],
  ["no answer", { kind: "late" }, "unknown-outcome", "transient"],
  ["a stop", { kind: "stopped" }, "unknown-outcome", "transient"],
  ["a refused connection", { kind: "not-reached", code: "ECONNREFUSED" }, "transient", "transient"],
])("[telegram:errors] errors: %s, where something was sent and where not", (_what, failure, delivering, asking) => {
  expect(channelErrorOf("sendMessage", failure, true).kind).toBe(delivering);
  expect(channelErrorOf("getUpdates", failure, false).kind).toBe(asking);
});

test("[telegram:errors] errors: only a connection that never came to be is called one", () => {
  for (const code of ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"])
    expect(failureOf({ name: "FetchError", type: "system", code })).toEqual({ kind: "not-reached", code });
  for (const code of ["ECONNRESET", "EPIPE", "ETIMEDOUT"]) expect(failureOf({ code })).toEqual({ kind: "cut", code });
  expect(failureOf({ name: "FetchError", type: "invalid-json" })).toEqual({ kind: "cut", code: "invalid-json" });
  expect(failureOf({ name: "AbortError", type: "aborted" })).toEqual({ kind: "stopped" });
});

test("[telegram:no-secrets] errors: of what a library throws, only what Telegram says is kept", () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      failureOf(thrown);
    }),
  );
  const leaky = {
    message: "request to http://x/bot1:SECRET/getMe failed",
    code: "http://x/bot1:SECRET",
    stack: "SECRET",
  };
  expect(JSON.stringify(failureOf(leaky))).not.toContain("SECRET");
  expect(String(new CallError("getMe", failureOf(leaky)))).not.toContain("SECRET");
});

test("[telegram:rate] errors: the time to wait is Telegram's own", () => {
  const thrown = { response: { error_code: 429, description: "Too Many Requests", parameters: { retry_after: 17 } } };
  expect(channelErrorOf("sendMessage", failureOf(thrown), true)).toMatchObject({ kind: "rate", retryAfterMs: 17_000 });
  const step = afterPollFailure(failureOf(thrown), noTroubles, 0.5);
  expect(step).toMatchObject({ do: "wait", ms: 17_000 });
});

test("[telegram:conflict] polling: another program is met slowly, and told of once", () => {
  const conflict = answered(409, "Conflict: terminated by other getUpdates request");
  let troubles = noTroubles;
  const waits: number[] = [];
  const hints: (string | undefined)[] = [];
  for (let round = 0; round < 6; round += 1) {
    const step = afterPollFailure(conflict, troubles, 0);
    if (step.do !== "wait") throw new Error(step.do);
    waits.push(step.ms);
    hints.push(step.hint);
    troubles = step.troubles;
  }
  expect(waits).toEqual([30_000, 39_000, 50_700, 60_000, 60_000, 60_000]);
  expect(hints.map((hint) => hint !== undefined)).toEqual([true, false, false, false, false, false]);
});

test("[telegram:conflict] polling: a webhook in the way is taken away once, and then it is a conflict like any other", () => {
  const webhook = answered(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook");
  const first = afterPollFailure(webhook, noTroubles, 0);
  expect(first.do).toBe("delete-webhook");
  expect(first.do === "delete-webhook" && afterPollFailure(webhook, first.troubles, 0)).toMatchObject({
    do: "wait",
    ms: 30_000,
  });
});

test("[telegram:auth] polling: a refused token ends it, whatever was before", () => {
  expect(afterPollFailure(answered(401), { attempts: 9, conflicts: 3, hasDeletedWebhook: true }, 0.9)).toMatchObject({
    do: "stop",
    error: { kind: "auth", fix: expect.stringContaining("@BotFather") },
  });
});

test("[telegram:errors] backoff: from 2 s to 30 s, a quarter of it by chance, and never beyond its bounds", () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => backoffMs(reconnectBackoff, attempt, 0))).toEqual([
    2_000, 3_600, 6_480, 11_664, 20_995, 30_000, 30_000,
  ]);
  expect(backoffMs(reconnectBackoff, 1, 1)).toBe(2_500);
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      for (const rules of [reconnectBackoff, conflictBackoff]) {
        const ms = backoffMs(rules, attempt + 1, random);
        expect(ms).toBeGreaterThanOrEqual(rules.initialMs);
        expect(ms).toBeLessThanOrEqual(rules.maxMs);
      }
    }),
  );
});

test("[telegram:restart] cursor: an offset that Telegram may have forgotten is not used", () => {
  const day = 24 * 3_600_000;
  expect(offsetToAsk({ offset: 5, atMs: 0 }, 5 * day)).toBe(5);
  expect(offsetToAsk({ offset: 5, atMs: 0 }, 7 * day)).toBeUndefined();
});
