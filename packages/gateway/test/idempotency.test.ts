import { LIMITS } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { IdempotencyCache } from "../src/dispatch/idempotency.ts";
import type { Outcome } from "../src/dispatch/outcome.ts";

/** Asks with a key, and answers at once when it is to be run. */
function ask(cache: IdempotencyCache, key: string, result: unknown): "ran" | Promise<Outcome> {
  const call = cache.begin("d1", "node.invoke", key, { key });
  if (call.do === "repeat") return call.outcome;
  if (call.do === "run") call.settle({ ok: true, result });
  return "ran";
}

test("[gateway:idempotency-bytes] idempotency: of answers that are too large together the oldest are remembered as given only, and nothing runs again", async () => {
  const cache = new IdempotencyCache(() => 0, 10_000);
  for (const key of ["a", "b", "c"]) expect(ask(cache, key, "x".repeat(2_000))).toBe("ran");
  const first = await ask(cache, "a", "again");
  expect(first).toMatchObject({ ok: false, error: { details: { code: "RESULT_TOO_LARGE" } } });
  expect(await ask(cache, "c", "again")).toEqual({ ok: true, result: "x".repeat(2_000) });
  expect(ask(cache, "huge", "x".repeat(50_000))).toBe("ran");
  expect(await ask(cache, "huge", "again")).toMatchObject({ ok: false });
  expect(ask(cache, "small", "y")).toBe("ran");
  expect(await ask(cache, "small", "again")).toEqual({ ok: true, result: "y" });
});

test("[gateway:idempotency-bytes] idempotency: what was forgotten by age or number weighs nothing", async () => {
  let now = 0;
  const cache = new IdempotencyCache(() => now, 10_000);
  void ask(cache, "old", "x".repeat(4_000));
  now = LIMITS.idempotencyTtlMs + 1;
  void ask(cache, "new", "y".repeat(4_000));
  expect(await ask(cache, "new", "again")).toEqual({ ok: true, result: "y".repeat(4_000) });
  for (let at = 0; at < LIMITS.maxIdempotencyEntries; at += 1) void ask(cache, `k${at}`, "");
  expect(cache.size).toBeLessThanOrEqual(LIMITS.maxIdempotencyEntries);
  void ask(cache, "last", "z".repeat(4_000));
  expect(await ask(cache, "last", "again")).toEqual({ ok: true, result: "z".repeat(4_000) });
});
