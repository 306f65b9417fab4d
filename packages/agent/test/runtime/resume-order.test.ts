import fc from "fast-check";
import { expect, test } from "vitest";
import { spacedOut } from "../../src/runtime/resume-order.ts";

const times = (attempts: number) => attempts;

test("[runs:restart] resume order: after one end everything is taken up at once, in its order", () => {
  expect(spacedOut([1, 0, 1], times)).toEqual([
    { item: 1, delayMs: 0 },
    { item: 0, delayMs: 0 },
    { item: 1, delayMs: 0 },
  ]);
});

test("[runs:restart] resume order: what was there at several ends comes one after another, the least suspected first", () => {
  expect(spacedOut([4, 2, 1, 2, 3], times)).toEqual([
    { item: 1, delayMs: 0 },
    { item: 2, delayMs: 1_000 },
    { item: 2, delayMs: 2_000 },
    { item: 3, delayMs: 4_000 },
    { item: 4, delayMs: 8_000 },
  ]);
});

test("[runs:restart] resume order: nothing is left out, and nothing waits longer than a minute", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 200 }), (attempts) => {
      const spaced = spacedOut(attempts, times);
      expect(spaced.map(({ item }) => item).toSorted()).toEqual(attempts.toSorted());
      for (const { delayMs } of spaced) expect(delayMs).toBeLessThanOrEqual(60_000);
    }),
  );
});
