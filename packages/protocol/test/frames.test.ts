import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeRequestFrame,
  decodeServerFrame,
  type EventFrame,
  encodeErrorResponse,
  encodeEvent,
  encodeResponse,
  LIMITS,
  type ResponseFrame,
} from "../src/index.ts";

const name = fc.string({ minLength: 1, maxLength: 40, unit: "binary" });
/** JSON values as they come out of JSON.parse. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

function dropAbsent(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));
}

test("[protocol:decode-total] frames: no text makes a decoder throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.json(),
        json.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        for (const decoded of [decodeRequestFrame(text), decodeServerFrame(text)]) {
          expect(typeof decoded.ok).toBe("boolean");
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("[protocol:decode-total] frames: brackets without end are refused by name, whichever field holds them", () => {
  for (const depth of [257, 200_000]) {
    const deep = `${'[{"a":'.repeat(depth / 2)}[]${"}]".repeat(depth / 2)}`;
    const request = decodeRequestFrame(`{"type":"req","id":"a","method":"health","params":${deep}}`);
    expect(request).toMatchObject({ ok: false, problem: "not-a-frame", id: "a" });
    expect(decodeRequestFrame(`{"type":"req","id":"a","method":"health","more":${deep}}`).ok).toBe(false);
    // A gateway wraps what it was told.
    const isRefused = depth > 512;
    expect(decodeServerFrame(`{"type":"event","event":"tick","payload":${deep}}`).ok).toBe(!isRefused);
  }
  const allowed = `${"[".repeat(255)}${"]".repeat(255)}`;
  expect(decodeRequestFrame(`{"type":"req","id":"a","method":"health","params":${allowed}}`).ok).toBe(true);
});

test("[protocol:decode-total] frames: an object that is nearly a frame is refused with a reason, and nothing of it is quoted", () => {
  const nearly = fc.record(
    { type: fc.oneof(fc.constantFrom("req", "res", "event"), json), id: json, method: json, event: json, ok: json },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(nearly, (frame) => {
      const decoded = decodeRequestFrame(JSON.stringify({ ...frame, id: 17, secret: "hunter2hunter2" }));
      expect(decoded.ok).toBe(false);
      if (!decoded.ok) {
        expect(decoded.error.message).toMatch(/^invalid request frame: ./);
        expect(decoded.error.message).not.toContain("hunter2");
        expect(decoded.id).toBeUndefined();
      }
    }),
  );
});

test("[protocol:round-trip] frames: a request comes back as it was written", () => {
  fc.assert(
    fc.property(name, name, maybe(json), maybe(fc.string({ maxLength: 128 })), (id, method, params, traceparent) => {
      const frame = dropAbsent({ type: "req", id, method, params, traceparent });
      expect(decodeRequestFrame(JSON.stringify(frame))).toEqual({ ok: true, value: frame });
    }),
  );
});

test("[protocol:round-trip] frames: a response comes back as it was written", () => {
  fc.assert(
    fc.property(name, maybe(json), (id, payload) => {
      const expected = dropAbsent({ type: "res", id, ok: true, payload });
      expect(decodeServerFrame(encodeResponse(id, payload))).toEqual({ ok: true, value: expected });
    }),
  );
});

test("[protocol:round-trip] frames: a refusal comes back as it was written", () => {
  const error = fc
    .record({
      code: name,
      message: name,
      details: maybe(json),
      retryable: maybe(fc.boolean()),
      retryAfterMs: maybe(count),
    })
    .map((shape) => dropAbsent(shape) as NonNullable<ResponseFrame["error"]>);
  fc.assert(
    fc.property(name, error, maybe(json), (id, shape, payload) => {
      const expected = dropAbsent({ type: "res", id, ok: false, payload, error: shape });
      expect(decodeServerFrame(encodeErrorResponse(id, shape, payload))).toEqual({ ok: true, value: expected });
    }),
  );
});

test("[protocol:round-trip] frames: an event is the JSON of its frame, and comes back as it was written", () => {
  const stateVersion = maybe(fc.record({ presence: count, health: count }));
  fc.assert(
    fc.property(name, maybe(json), maybe(count), stateVersion, (event, payload, seq, version) => {
      const payloadJson = payload === undefined ? undefined : JSON.stringify(payload);
      const text = encodeEvent(event, payloadJson, seq, version);
      const frame = dropAbsent({ type: "event", event, payload, seq, stateVersion: version }) as EventFrame;
      expect(text).toBe(JSON.stringify(frame));
      expect(decodeServerFrame(text)).toEqual({ ok: true, value: frame });
    }),
  );
});

test("[protocol:frame-strict] frames: only requests travel to the gateway, and only responses and events from it", () => {
  const response = '{"type":"res","id":"1","ok":true}';
  const request = '{"type":"req","id":"1","method":"health"}';
  expect(decodeRequestFrame(response)).toMatchObject({ ok: false, problem: "not-a-frame", id: "1" });
  expect(decodeServerFrame(request)).toMatchObject({ ok: false, problem: "not-a-frame", id: "1" });
});

test("[protocol:frame-strict] frames: text that isn't JSON is told apart from JSON that isn't a frame", () => {
  expect(decodeRequestFrame("{")).toMatchObject({ ok: false, problem: "not-json" });
  expect(decodeRequestFrame("null")).toMatchObject({ ok: false, problem: "not-a-frame" });
  expect(decodeRequestFrame("[]")).toMatchObject({ ok: false, problem: "not-a-frame" });
});

test("[protocol:frame-strict] frames: keys that we don't know are ignored, and never handed on", () => {
  const decoded = decodeRequestFrame('{"type":"req","id":"1","method":"health","__proto__":{"admin":true},"later":1}');
  expect(decoded).toEqual({ ok: true, value: { type: "req", id: "1", method: "health" } });
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test("[protocol:frame-strict] frames: an id or a method name longer than the limit is refused", () => {
  const long = "x".repeat(LIMITS.maxNameChars + 1);
  expect(decodeRequestFrame(JSON.stringify({ type: "req", id: long, method: "health" })).ok).toBe(false);
  expect(decodeRequestFrame(JSON.stringify({ type: "req", id: "1", method: long })).ok).toBe(false);
  const fits = long.slice(1);
  expect(decodeRequestFrame(JSON.stringify({ type: "req", id: fits, method: fits })).ok).toBe(true);
});
