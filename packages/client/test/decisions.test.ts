import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { helloV3, helloV4 } from "../../../tests/support/scripted-gateway.ts";
import { chooseAuth } from "../src/connect-auth.ts";
import { dialectWithoutChallenge, firstDialect, olderDialect } from "../src/dialect.ts";
import { issuedToken, readChallenge, readHello } from "../src/hello.ts";
import { livenessStep } from "../src/liveness.ts";
import { failuresAfterLoss, reconnectDelayMs } from "../src/reconnect.ts";
import { sequenceStep } from "../src/sequence.ts";

const payloadOf = (answer: unknown): never => (answer as { hello: never }).hello;

describe("connect auth", () => {
  test.each([
    [{}, undefined, undefined],
    [{ token: "s" }, { token: "s" }, { token: "s" }],
    [{ password: "p" }, { password: "p" }, { password: "p" }],
    [{ deviceToken: "d" }, { token: "d", deviceToken: "d" }, { token: "d" }],
    [{ token: "s", deviceToken: "d" }, { token: "s", deviceToken: "d" }, { token: "s" }],
    [
      { password: "p", deviceToken: "d" },
      { password: "p", deviceToken: "d" },
      { token: "d", password: "p" },
    ],
    [
      { token: "s", password: "p", deviceToken: "d" },
      { token: "s", password: "p", deviceToken: "d" },
      { token: "s", password: "p" },
    ],
  ])("connect auth: %j is sent as %j, and to revision 3 as %j", (credentials, auth, older) => {
    expect(chooseAuth(credentials, false)).toEqual(auth);
    expect(chooseAuth(credentials, true)).toEqual(older);
  });
});

describe("dialects", () => {
  test("dialects: the newest comes first, with the proof that goes with it", () => {
    expect(firstDialect([3, 4])).toEqual({ min: 3, max: 4, payload: "v3" });
    expect(firstDialect([4, 4])).toEqual({ min: 4, max: 4, payload: "v3" });
    expect(firstDialect([3, 3])).toEqual({ min: 3, max: 3, payload: "v2" });
  });

  test("dialects: the older words are exactly revision 3, where it is wanted and not spoken yet", () => {
    expect(olderDialect(firstDialect([3, 4]))).toEqual({ min: 3, max: 3, payload: "v2" });
    expect(olderDialect(firstDialect([4, 4]))).toBeUndefined();
    expect(olderDialect(firstDialect([3, 3]))).toBeUndefined();
  });

  test("dialects: without a challenge there are words for a gateway on this machine only", () => {
    expect(dialectWithoutChallenge(firstDialect([3, 4]), true)).toEqual({ min: 3, max: 3, payload: "v1" });
    expect(dialectWithoutChallenge(firstDialect([3, 4]), false)).toBeUndefined();
    expect(dialectWithoutChallenge(firstDialect([4, 4]), true)).toBeUndefined();
  });
});

describe("reconnect", () => {
  const delays = { minDelayMs: 1_000, maxDelayMs: 60_000 };

  test("reconnect: the bound doubles from the first to the last", () => {
    const most = Array.from({ length: 8 }, (_, failures) =>
      reconnectDelayMs(delays, failures, () => 0.999_999_9, undefined),
    );
    expect(most).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test("reconnect: the whole of the bound is used", () => {
    expect(reconnectDelayMs(delays, 3, () => 0, undefined)).toBe(0);
    expect(reconnectDelayMs(delays, 3, () => 0.5, undefined)).toBe(4_000);
  });

  test("reconnect: what the gateway asked for is waited in full, within an hour", () => {
    expect(reconnectDelayMs(delays, 0, () => 0, 5_000)).toBe(5_000);
    expect(reconnectDelayMs(delays, 0, () => 0.5, 5_000)).toBe(5_500);
    expect(reconnectDelayMs(delays, 0, () => 0, 1e15)).toBe(3_600_000);
    expect(reconnectDelayMs(delays, 0, () => 0, -5)).toBe(0);
  });

  test("reconnect: no wait is ever longer than a timer can be, or negative", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.option(fc.double({ noNaN: true }), { nil: undefined }),
        (failures, random, asked) => {
          const delayMs = reconnectDelayMs(delays, failures, () => random, asked);
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(3_600_000 + 60_000);
        },
      ),
    );
  });

  test("reconnect: only a connection that held makes the waits small again", () => {
    expect(failuresAfterLoss(5, 9_999)).toBe(5);
    expect(failuresAfterLoss(5, 10_000)).toBe(0);
  });
});

describe("liveness", () => {
  test("liveness: two tick intervals without a frame are the end", () => {
    expect(livenessStep(29_999, 0, 15_000)).toEqual({ do: "look-again", afterMs: 1 });
    expect(livenessStep(30_000, 0, 15_000)).toEqual({ do: "give-up" });
  });

  test("liveness: a gateway that claims to tick every millisecond is given two seconds", () => {
    expect(livenessStep(1_999, 0, 1)).toEqual({ do: "look-again", afterMs: 1 });
    expect(livenessStep(2_000, 0, 1)).toEqual({ do: "give-up" });
  });

  test("liveness: a clock that was set back doesn't postpone the next look", () => {
    expect(livenessStep(0, 1e12, 15_000)).toEqual({ do: "look-again", afterMs: 30_000 });
  });
});

describe("sequence", () => {
  test("sequence: the first position is accepted, the next ones follow without a gap", () => {
    expect(sequenceStep(undefined, 300)).toEqual({ last: 300, gap: undefined });
    expect(sequenceStep(300, 301)).toEqual({ last: 301, gap: undefined });
  });

  test("sequence: a missing position is a gap, told once", () => {
    expect(sequenceStep(300, 302)).toEqual({ last: 302, gap: { expected: 301, received: 302 } });
  });

  test("sequence: events without a position and repeats change nothing", () => {
    expect(sequenceStep(300, undefined)).toEqual({ last: 300, gap: undefined });
    expect(sequenceStep(300, 300)).toEqual({ last: 300, gap: undefined });
    expect(sequenceStep(300, 7)).toEqual({ last: 300, gap: undefined });
  });
});

describe("hello", () => {
  const four = payloadOf(helloV4());

  test("hello: both revisions are read when they were asked for", () => {
    expect(readHello(four, firstDialect([3, 4]))?.protocol).toBe(4);
    expect(readHello(payloadOf(helloV3()), firstDialect([3, 4]))?.protocol).toBe(3);
    expect(readHello(four, firstDialect([3, 3]))).toBeUndefined();
    expect(readHello(payloadOf(helloV3()), firstDialect([4, 4]))).toBeUndefined();
  });

  test("hello: keys that we don't know are no reason to refuse", () => {
    expect(readHello(Object.assign({}, four, { controlUiTabs: [] }), firstDialect([3, 4]))).toBeDefined();
  });

  test.each(["type", "protocol", "server", "features", "snapshot", "policy"])("hello: without %s it is none", (key) => {
    const { [key]: _, ...rest } = four as Record<string, unknown>;
    expect(readHello(rest, firstDialect([3, 4]))).toBeUndefined();
  });

  test("hello: nothing that a gateway could send makes reading it throw", () => {
    fc.assert(
      fc.property(fc.anything(), (payload) => {
        expect(readHello(payload, firstDialect([3, 4]))).toBeUndefined();
        readChallenge(payload);
      }),
    );
  });

  test("hello: a device token counts for the role that was asked for", () => {
    const hello = readHello(payloadOf(helloV4({ deviceToken: "d" })), firstDialect([3, 4]));
    if (hello === undefined) throw new Error("no hello");
    expect(issuedToken(hello, "operator")).toEqual({ token: "d", scopes: ["operator.read"] });
    expect(issuedToken(hello, "node")).toBeUndefined();
  });

  test("challenge: the gateway's time is used only if it could be one", () => {
    expect(readChallenge({ nonce: "n", ts: 1_769_904_000_000 })).toEqual({ nonce: "n", ts: 1_769_904_000_000 });
    for (const ts of [undefined, 0, -1, 1.5, "1769904000000", 9e15])
      expect(readChallenge({ nonce: "n", ts })).toEqual({ nonce: "n", ts: undefined });
    expect(readChallenge({ ts: 1 })).toBeUndefined();
    expect(readChallenge({ nonce: "" })).toBeUndefined();
  });
});
