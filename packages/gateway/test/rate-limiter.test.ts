import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CredentialClass, RateLimiter } from "../src/auth/rate-limiter.ts";

const rules = { maxFailures: 10, windowMs: 60_000, lockoutMs: 300_000 };

function limiterAt(start = 0) {
  const clock = { now: start };
  return { clock, limiter: new RateLimiter(rules, () => clock.now) };
}

describe("rate limiter", () => {
  test("[R-06] rate limiter: the tenth wrong credential locks for five minutes, and not for longer", () => {
    const { clock, limiter } = limiterAt();
    for (let index = 0; index < 9; index += 1) limiter.fail("token", "a", `guess ${index}`);
    expect(limiter.retryAfterMs("token", "a")).toBe(0);
    limiter.fail("token", "a", "guess 9");
    expect(limiter.retryAfterMs("token", "a")).toBe(300_000);
    clock.now = 300_000;
    expect(limiter.retryAfterMs("token", "a")).toBe(0);
  });

  test("[R-06] rate limiter: each kind of credential is locked by itself, and success with one resets no other", () => {
    const { limiter } = limiterAt();
    for (const kind of ["token", "password", "device-token"] as const) {
      for (let index = 0; index < 10; index += 1) limiter.fail(kind, "a", `guess ${index}`);
    }
    limiter.succeed("token", "a");
    expect([
      limiter.retryAfterMs("token", "a"),
      limiter.retryAfterMs("password", "a"),
      limiter.retryAfterMs("device-token", "a"),
    ]).toEqual([0, 300_000, 300_000]);
    expect(limiter.retryAfterMs("password", "b")).toBe(0);
  });

  test("[gateway:stale-client] rate limiter: a program that repeats one wrong credential locks nobody out", () => {
    const { limiter } = limiterAt();
    for (let index = 0; index < 1_000; index += 1) limiter.fail("token", "a", "yesterday's token");
    expect(limiter.retryAfterMs("token", "a")).toBe(0);
  });

  test("[R-06] rate limiter: failures that are far apart never add up", () => {
    const { clock, limiter } = limiterAt();
    for (let index = 0; index < 100; index += 1) {
      limiter.fail("token", "a", `guess ${index}`);
      clock.now += 10_000;
    }
    // At most six guesses fit into one window of a minute at this pace.
    expect(limiter.retryAfterMs("token", "a")).toBe(0);
  });

  test("[R-06] rate limiter: it stays bounded whoever guesses", () => {
    const { limiter } = limiterAt();
    for (let index = 0; index < 30_000; index += 1) limiter.fail("token", `address ${index}`, "x");
    expect(limiter.size).toBeLessThanOrEqual(10_000);
  });

  test("[R-06] rate limiter: in any order of events, no more than ten different guesses of a kind are let through in a window", () => {
    const step = fc.record({
      kind: fc.constantFrom<CredentialClass>("token", "password"),
      wait: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { clock, limiter } = limiterAt();
        const passed: { kind: string; at: number }[] = [];
        steps.forEach(({ kind, wait }, index) => {
          clock.now += wait;
          if (limiter.retryAfterMs(kind, "a") > 0) return;
          passed.push({ kind, at: clock.now });
          limiter.fail(kind, "a", `guess ${index}`);
        });
        for (const { kind, at } of passed) {
          const within = passed.filter(
            (other) => other.kind === kind && other.at >= at && other.at < at + rules.windowMs,
          );
          // Two windows may touch inside any stretch of that length.
          expect(within.length).toBeLessThanOrEqual(2 * rules.maxFailures);
        }
      }),
    );
  });
});
