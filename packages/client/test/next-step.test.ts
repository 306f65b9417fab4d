import { describe, expect, test } from "vitest";
import { type Dialect, firstDialect } from "../src/dialect.ts";
import { ClientError, GatewayError } from "../src/errors.ts";
import { type Attempt, afterFailure, afterRefusal } from "../src/next-step.ts";

const BOTH = firstDialect([3, 4]);
const OLDER: Dialect = { min: 3, max: 3, payload: "v2" };
const attempt = (choice: Partial<Attempt> = {}): Attempt => ({
  dialect: BOTH,
  first: BOTH,
  changedDialect: false,
  usedDeviceToken: false,
  hasAnotherWayIn: true,
  waitForApproval: false,
  ...choice,
});
const refused = (
  detail: string | undefined,
  extra: { code?: string; message?: string; retryable?: boolean; retryAfterMs?: number } = {},
  details: object = {},
): GatewayError =>
  new GatewayError("connect", {
    code: "INVALID_REQUEST",
    message: "no",
    ...extra,
    details: { ...(detail && { code: detail }), ...details },
  });

describe("after a refusal", () => {
  test.each([
    ["a mismatch that names 3", refused("PROTOCOL_MISMATCH", {}, { expectedProtocol: 3 })],
    ["a mismatch in words", refused(undefined, { message: "protocol mismatch" }, { expectedProtocol: 3 })],
    ["a signature that is not understood", refused("DEVICE_AUTH_SIGNATURE_INVALID")],
    ["the same in words", refused(undefined, { message: "device signature invalid" })],
    [
      "a key that strict older gateways don't know",
      refused(undefined, { message: "invalid connect params: at /auth: unexpected property 'deviceToken'" }),
    ],
  ])("after a refusal: %s is answered once in the words of revision 3", (_, error) => {
    expect(afterRefusal(error, attempt())).toEqual({ do: "retry", dialect: OLDER, forgetToken: false });
    expect(afterRefusal(error, attempt({ changedDialect: true })).do).toBe("pause");
    expect(afterRefusal(error, attempt({ dialect: OLDER, first: OLDER })).do).toBe("pause");
    expect(afterRefusal(error, attempt({ dialect: firstDialect([4, 4]), first: firstDialect([4, 4]) })).do).toBe(
      "pause",
    );
  });

  test("after a refusal: a gateway that names its detail code refused the params for themselves", () => {
    expect(afterRefusal(refused("INVALID_PARAMS"), attempt()).do).toBe("pause");
  });

  test("after a refusal: a gateway that was updated since is asked in the newer words again", () => {
    const error = refused("PROTOCOL_MISMATCH", {}, { expectedProtocol: 4 });
    expect(afterRefusal(error, attempt({ dialect: OLDER }))).toEqual({
      do: "retry",
      dialect: BOTH,
      forgetToken: false,
    });
    expect(afterRefusal(error, attempt({ dialect: OLDER, changedDialect: true })).do).toBe("pause");
  });

  test("after a refusal: a bad device token is forgotten, and the shared secret gets one more try", () => {
    const error = refused("AUTH_DEVICE_TOKEN_MISMATCH");
    expect(afterRefusal(error, attempt({ usedDeviceToken: true }))).toEqual({
      do: "retry",
      dialect: BOTH,
      forgetToken: true,
    });
    expect(afterRefusal(error, attempt({ usedDeviceToken: true, hasAnotherWayIn: false }))).toEqual({
      do: "pause",
      forgetToken: true,
    });
    expect(afterRefusal(error, attempt())).toEqual({ do: "pause", forgetToken: false });
  });

  test("after a refusal: a wrong shared secret never costs the device its own token", () => {
    const step = afterRefusal(refused("AUTH_TOKEN_MISMATCH"), attempt({ usedDeviceToken: true }));
    expect(step).toEqual({ do: "pause", forgetToken: false });
  });

  test("after a refusal: an approval is awaited only if somebody wants that", () => {
    const error = refused("PAIRING_REQUIRED", { code: "NOT_PAIRED" }, { requestId: "r1", pauseReconnect: true });
    expect(afterRefusal(error, attempt()).do).toBe("pause");
    expect(afterRefusal(error, attempt({ waitForApproval: true }))).toEqual({
      do: "wait",
      askedMs: undefined,
      for: "approval",
    });
  });

  test.each([{ pauseReconnect: false }, { recommendedNextStep: "wait_then_retry" }])(
    "after a refusal: a gateway that says %j is asked again",
    (details) => {
      expect(afterRefusal(refused("PAIRING_REQUIRED", { retryAfterMs: 700 }, details), attempt())).toEqual({
        do: "wait",
        askedMs: 700,
        for: "approval",
      });
    },
  );

  test.each([
    "AUTH_TOKEN_MISSING",
    "AUTH_TOKEN_MISMATCH",
    "AUTH_PASSWORD_MISSING",
    "AUTH_PASSWORD_MISMATCH",
    "AUTH_SCOPE_MISMATCH",
    "AUTH_RATE_LIMITED",
    "DEVICE_IDENTITY_REQUIRED",
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    "A_CODE_OF_THE_FUTURE",
  ])("after a refusal: %s ends the attempts", (detail) => {
    expect(afterRefusal(refused(detail), attempt())).toEqual({ do: "pause", forgetToken: false });
  });

  test.each([
    ["a lock with its end", refused("AUTH_RATE_LIMITED", { retryable: true, retryAfterMs: 9_000 }), 9_000],
    ["a gateway that starts", refused("STARTING", { code: "UNAVAILABLE", retryable: true, retryAfterMs: 500 }), 500],
    ["UNAVAILABLE without more", refused(undefined, { code: "UNAVAILABLE" }), undefined],
    ["a clock that is off", refused("DEVICE_AUTH_SIGNATURE_EXPIRED", { retryable: true }), undefined],
  ])("after a refusal: %s is worth another try", (_, error, askedMs) => {
    expect(afterRefusal(error, attempt())).toEqual({ do: "wait", askedMs, for: "gateway" });
  });
});

const FIRST = { wasInUse: false, wasEverConnected: false };

describe("after a failure", () => {
  test("after a failure: where a gateway was before, another server's answer is a thing that passes", () => {
    const portal = new ClientError("UPGRADE_REFUSED", "x", { httpStatus: 302 });
    expect(afterFailure(portal, FIRST).do).toBe("pause");
    expect(afterFailure(portal, { wasInUse: false, wasEverConnected: true }).do).toBe("wait");
  });

  const closedWith = (closeCode: number): ClientError => new ClientError("CLOSED", "closed", { closeCode });

  test.each([1000, 1001, 1006, 1008, 1009, 1012, 1013, 4000])(
    "after a failure: a connection that was in use comes back after %i",
    (code) => {
      expect(afterFailure(closedWith(code), { wasInUse: true, wasEverConnected: true }).do).toBe("wait");
    },
  );

  test.each([
    [1000, "wait"],
    [1006, "wait"],
    [1012, "wait"],
    [1013, "wait"],
    [1002, "pause"],
    [1008, "pause"],
  ])("after a failure: %i before hello-ok, without a word, means %s", (code, step) => {
    expect(afterFailure(closedWith(code), FIRST).do).toBe(step);
  });

  test.each(["UNREACHABLE", "CONNECT_TIMEOUT"] as const)("after a failure: %s is tried again", (code) => {
    expect(afterFailure(new ClientError(code, "x"), FIRST).do).toBe("wait");
  });

  test.each([
    "INSECURE_URL",
    "INVALID_URL",
    "TLS_PIN_MISMATCH",
    "TLS_UNTRUSTED",
    "BAD_HELLO",
    "TOKEN_STORE_FAILED",
    "INVALID_OPTION",
  ] as const)("after a failure: %s is left to a person", (code) => {
    expect(afterFailure(new ClientError(code, "x"), FIRST).do).toBe("pause");
  });

  test.each([
    [503, { do: "wait", askedMs: 3_000, for: "gateway" }],
    [429, { do: "wait", askedMs: 3_000, for: "gateway" }],
    [401, { do: "pause", forgetToken: false }],
    [404, { do: "pause", forgetToken: false }],
  ])("after a failure: an HTTP server that answers with %i", (httpStatus, step) => {
    expect(afterFailure(new ClientError("UPGRADE_REFUSED", "x", { httpStatus, retryAfterMs: 3_000 }), FIRST)).toEqual(
      step,
    );
  });
});
