import { expect, test } from "vitest";
import { negotiateVersion } from "../src/index.ts";

test("[protocol:negotiation] versions: every range from 0 to 8 gets the highest revision in it, or the one to move to", () => {
  for (let min = 0; min <= 8; min++) {
    for (let max = 0; max <= 8; max++) {
      const answer = negotiateVersion(min, max);
      const common = [3, 4].filter((version) => min <= version && version <= max);
      if (common.length > 0) expect(answer).toEqual({ ok: true, version: Math.max(...common) });
      else expect(answer).toEqual({ ok: false, expectedProtocol: max < 3 ? 3 : 4 });
    }
  }
});

test("[protocol:negotiation] versions: the answers that clients of today depend on", () => {
  expect(negotiateVersion(3, 3)).toEqual({ ok: true, version: 3 });
  expect(negotiateVersion(4, 4)).toEqual({ ok: true, version: 4 });
  expect(negotiateVersion(3, 4)).toEqual({ ok: true, version: 4 });
  expect(negotiateVersion(7, 7)).toEqual({ ok: false, expectedProtocol: 4 });
  expect(negotiateVersion(1, 2)).toEqual({ ok: false, expectedProtocol: 3 });
});

test("[protocol:negotiation] versions: numbers that are no versions match nothing", () => {
  for (const [min, max] of [
    [Number.NaN, Number.NaN],
    [4, 3],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ] as const) {
    expect(negotiateVersion(min, max).ok).toBe(false);
  }
});
