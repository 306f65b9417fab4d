import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CLIENT_ERRORS, GatewayError } from "../src/index.ts";
import { detailCodeFromMessage } from "../src/older-refusals.ts";

describe("client errors", () => {
  test("client errors: these are the codes and no others", () => {
    expect(Object.keys(CLIENT_ERRORS)).toEqual([
      "ABORTED",
      "BAD_HELLO",
      "BAD_RESPONSE",
      "CLOSED",
      "CONNECT_TIMEOUT",
      "FRAME_TOO_LARGE",
      "INSECURE_URL",
      "INVALID_OPTION",
      "INVALID_URL",
      "NOT_CONNECTED",
      "REQUEST_TIMEOUT",
      "TLS_PIN_MISMATCH",
      "TLS_PIN_NEEDS_WSS",
      "TLS_PIN_UNSUPPORTED",
      "TLS_UNTRUSTED",
      "TOKEN_STORE_FAILED",
      "TOO_MANY_REQUESTS",
      "UNREACHABLE",
      "UPGRADE_REFUSED",
    ]);
  });

  test("client errors: the README has a row for each code, with its meaning, and none besides", () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` +\| (.*?) *\|$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(Object.fromEntries(rows)).toEqual(CLIENT_ERRORS);
    expect(rows).toHaveLength(Object.keys(CLIENT_ERRORS).length);
  });
});

describe("gateway errors", () => {
  test("gateway errors: details.code is the detail code, and everything else is at hand", () => {
    const error = new GatewayError("connect", {
      code: "NOT_PAIRED",
      message: "pairing required: the owner has not approved this device yet",
      details: { code: "PAIRING_REQUIRED", requestId: "r1" },
      retryable: false,
      retryAfterMs: 250,
    });
    expect(error).toMatchObject({
      name: "GatewayError",
      code: "NOT_PAIRED",
      detailCode: "PAIRING_REQUIRED",
      details: { requestId: "r1" },
      retryable: false,
      retryAfterMs: 250,
      method: "connect",
    });
  });

  test("gateway errors: details that are no object are an empty one", () => {
    expect(new GatewayError("health", { code: "UNAVAILABLE", message: "x", details: "boom" }).details).toEqual({});
    expect(new GatewayError("health", { code: "UNAVAILABLE", message: "x" }).details).toEqual({});
  });

  test("gateway errors: words are only read for connect", () => {
    const words = { code: "INVALID_REQUEST", message: "pairing required" };
    expect(new GatewayError("connect", words).detailCode).toBe("PAIRING_REQUIRED");
    expect(new GatewayError("health", words).detailCode).toBeUndefined();
  });

  test.each([
    ["protocol mismatch", "PROTOCOL_MISMATCH"],
    ["invalid connect params: at /auth: unexpected property 'deviceToken'", "INVALID_PARAMS"],
    ["device identity required", "DEVICE_IDENTITY_REQUIRED"],
    ["device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID"],
    ["unauthorized: gateway token missing (provide gateway auth token)", "AUTH_TOKEN_MISSING"],
    ["unauthorized: gateway token mismatch (provide gateway auth token)", "AUTH_TOKEN_MISMATCH"],
    ["unauthorized: gateway password mismatch (provide gateway auth password)", "AUTH_PASSWORD_MISMATCH"],
    ["unauthorized", "AUTH_UNAUTHORIZED"],
    ["pairing required", "PAIRING_REQUIRED"],
    ["something that nobody wrote down", undefined],
  ])("gateway errors: the words %j of an older gateway stand for %s", (message, code) => {
    expect(detailCodeFromMessage(message)).toBe(code);
  });
});
