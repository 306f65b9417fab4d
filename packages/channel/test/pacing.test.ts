import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterAttempt,
  backoffMs,
  ChannelError,
  type ChannelErrorKind,
  deliveryBackoff,
  Pacer,
  reconcileAfterMs,
  reconnectBackoff,
} from "../src/index.ts";

const rules = { perSecond: 2, perConversationMs: 1_000, perGroupPerMinute: 3, perEditMs: 500 };
const to = (conversation: string, isGroup = false) => ({ conversation, isGroup });

describe("pacer", () => {
  test("[channels:pace] pacer: so many a second on the account, and one at a time in a conversation", () => {
    const pacer = new Pacer(rules, 0);
    pacer.note(to("a"), 0);
    expect(pacer.waitMs(to("a"), 0)).toBe(1_000);
    expect(pacer.waitMs(to("b"), 0)).toBe(0);
    pacer.note(to("b"), 0);
    expect(pacer.waitMs(to("c"), 0)).toBe(500);
    expect(pacer.waitMs(to("c"), 500)).toBe(0);
    expect(pacer.waitMs(to("a"), 1_000)).toBe(0);
  });

  test("[channels:pace] pacer: so many into one group within a minute", () => {
    const pacer = new Pacer(rules, 0);
    for (const atMs of [0, 2_000, 4_000]) pacer.note(to("g", true), atMs);
    expect(pacer.waitMs(to("g", true), 6_000)).toBe(54_000);
    expect(pacer.waitMs(to("p"), 6_000)).toBe(0);
    expect(pacer.waitMs(to("g", true), 60_000)).toBe(0);
  });

  test("[channels:pace] pacer: the topics of a group count together", () => {
    const pacer = new Pacer(rules, 0);
    const topic = (name: string) => ({ ...to(`g|${name}`, true), group: "g" });
    for (const [index, name] of ["a", "b", "c"].entries()) pacer.note(topic(name), index * 2_000);
    expect(pacer.waitMs(topic("d"), 6_000)).toBe(54_000);
    expect(pacer.waitMs(to("other", true), 6_000)).toBe(0);
  });

  test("[channels:pace] pacer: edits of one message have a pace of their own", () => {
    const pacer = new Pacer({ ...rules, perSecond: 100 }, 0);
    const edit = { ...to("a"), edits: "m1" };
    pacer.note(edit, 0);
    expect(pacer.waitMs(edit, 0)).toBe(500);
    expect(pacer.waitMs(to("a"), 0)).toBe(0);
    pacer.hold(edit, 3_000);
    expect(pacer.waitMs(edit, 500)).toBe(2_500);
  });

  test("[channels:pace] pacer: what the platform said holds exactly, however long, and no later word shortens it", () => {
    const pacer = new Pacer(rules, 0);
    pacer.pauseUntil(36_000_000);
    pacer.pauseUntil(5);
    expect(pacer.waitMs(to("a"), 1)).toBe(35_999_999);
    expect(pacer.waitMs(to("a"), 36_000_000)).toBe(0);
  });

  test("[channels:pace] pacer: a clock that is set back makes nobody wait longer", () => {
    const day = 86_400_000;
    const pacer = new Pacer(rules, day);
    for (const atMs of [0, 1_000, 2_000]) pacer.note(to("g", true), day + atMs);
    pacer.pauseUntil(day + 7_000);
    expect(pacer.waitMs(to("g", true), day + 2_000)).toBe(58_000);
    expect(pacer.waitMs(to("x"), day + 2_000)).toBe(5_000);
    expect(pacer.waitMs(to("g", true), 2_000)).toBe(58_000);
    expect(pacer.waitMs(to("x"), 2_000)).toBe(5_000);
  });

  test("[channels:pace] pacer: it remembers a bounded number of conversations", () => {
    const pacer = new Pacer(rules, 0);
    for (let n = 0; n < 25_000; n += 1) pacer.note(to(`g${n}`, true), n * 1_000);
    expect(pacer.size).toBeLessThanOrEqual(20_000);
  });

  test("[channels:pace] pacer: whoever waits as long as it says never goes over any rule", () => {
    const sends = fc.array(fc.record({ who: fc.integer({ min: 0, max: 3 }), ms: fc.integer({ min: 0, max: 3_000 }) }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(sends, (steps) => {
        const pacer = new Pacer(rules, 0);
        const went: { at: number; who: number }[] = [];
        let nowMs = 0;
        for (const { who, ms } of steps) {
          nowMs += ms;
          const send = to(String(who), who === 0);
          for (let tries = 0; pacer.waitMs(send, nowMs) > 0; tries += 1) {
            expect(tries).toBeLessThan(3);
            nowMs += pacer.waitMs(send, nowMs);
          }
          pacer.note(send, nowMs);
          went.push({ at: nowMs, who });
        }
        for (const [index, { at, who }] of went.entries()) {
          const later = went.slice(index + 1);
          const next = later.find((one) => one.who === who);
          if (next) expect(next.at - at).toBeGreaterThanOrEqual(rules.perConversationMs);
          // A full bucket, and what it gains within the second.
          expect(went.filter((one) => one.at >= at && one.at < at + 1_000).length).toBeLessThanOrEqual(4);
          if (who === 0)
            expect(
              went.filter((one) => one.who === 0 && one.at >= at && one.at < at + 60_000).length,
            ).toBeLessThanOrEqual(3);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("backoff", () => {
  test("[channels:backoff] backoff: pauses grow by their factor up to their bound", () => {
    expect([1, 2, 3, 4, 5, 6].map((n) => backoffMs(reconnectBackoff, n, 0))).toEqual([
      2_000, 3_600, 6_480, 11_664, 20_995, 30_000,
    ]);
    expect([1, 2, 9, 10, 1_000_000].map((n) => backoffMs(deliveryBackoff, n, 0))).toEqual([
      1_000, 2_000, 256_000, 300_000, 300_000,
    ]);
    expect(backoffMs(deliveryBackoff, 1, 0.999)).toBe(1_250);
  });

  test("[channels:backoff] backoff: never below its beginning nor above its end, and never shorter than before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          for (const one of [reconnectBackoff, deliveryBackoff]) {
            const ms = backoffMs(one, attempt, random);
            expect(ms).toBeGreaterThanOrEqual(one.initialMs);
            expect(ms).toBeLessThanOrEqual(one.maxMs);
            expect(backoffMs(one, attempt + 1, random)).toBeGreaterThanOrEqual(ms);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("after an attempt", () => {
  const facts = { attempts: 1, nowMs: 1_000, expiresAtMs: 10_000_000, isRepeatable: false, random: 0 };
  const after = (kind: ChannelErrorKind, change: object = {}, retryAfterMs?: number) =>
    afterAttempt({
      ...facts,
      error: new ChannelError(kind, "why", retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...change,
    });

  test("[channels:after-attempt] after an attempt: what follows from each kind of failure", () => {
    expect(after("rate", {}, 7_777)).toEqual({
      outcome: { state: "waiting", pauseMs: 7_777, error: "why", errorKind: "rate" },
      pauseUntilMs: 8_777,
    });
    expect(after("transient")).toEqual({
      outcome: { state: "waiting", pauseMs: 1_000, error: "why", errorKind: "transient" },
    });
    expect(after("transient", {}, 50)).toMatchObject({ outcome: { pauseMs: 50 } });
    expect(after("conflict", { attempts: 3 })).toMatchObject({ outcome: { state: "waiting", pauseMs: 4_000 } });
    for (const kind of ["auth", "config"] as const) {
      expect(after(kind)).toMatchObject({ outcome: { state: "waiting", errorKind: kind }, stopsAccount: true });
    }
    expect(after("unknown-outcome")).toEqual({
      outcome: { state: "unsure", pauseMs: reconcileAfterMs, error: "why" },
    });
    expect(after("unknown-outcome", { isRepeatable: true })).toMatchObject({
      outcome: { state: "waiting", pauseMs: 1_000 },
    });
    expect(after("gone")).toEqual({ outcome: { state: "gone" } });
    expect(after("refused")).toEqual({ outcome: { state: "failed", error: "why", errorKind: "refused" } });
  });

  test("[channels:after-attempt] after an attempt: what nobody classified may have been carried out", () => {
    for (const error of [new Error("x"), "a text", undefined, new ChannelError("from-the-future" as "auth", "x")]) {
      expect(afterAttempt({ ...facts, error })).toMatchObject({ outcome: { state: "unsure" } });
    }
    const copy = Object.assign(new Error("too fast"), { name: "ChannelError", kind: "rate", retryAfterMs: 5 });
    expect(afterAttempt({ ...facts, error: copy })).toMatchObject({ pauseUntilMs: 1_005 });
  });

  test("[channels:after-attempt] after an attempt: what would come too late is a dead letter with its reason", () => {
    for (const kind of ["rate", "transient", "conflict", "auth"] as const) {
      expect(after(kind, { expiresAtMs: 1_001 })).toMatchObject({
        outcome: { state: "expired", error: "why", errorKind: kind },
      });
    }
  });
});
