import { expect, test } from "vitest";
import { decodeSetupCode, encodeBase64Url, encodeSetupCode } from "../src/index.ts";

const code = {
  url: "wss://attic.example:18789",
  bootstrapToken: "A".repeat(43),
  tlsFingerprint: "ab".repeat(32),
};

test("identity: a setup code comes back as it was, with and without a certificate", () => {
  const { tlsFingerprint: _, ...plain } = code;
  expect(decodeSetupCode(encodeSetupCode(code))).toEqual(code);
  expect(decodeSetupCode(` ${encodeSetupCode(plain)}\n`)).toEqual(plain);
  expect(encodeSetupCode(code)).toMatch(/^[\w-]+$/);
});

test.each([
  ["empty", ""],
  ["no base64url", "not a code!"],
  ["cut short", encodeSetupCode(code).slice(0, -9)],
  ["no JSON", encodeBase64Url(new TextEncoder().encode("hello"))],
  ["no UTF-8", encodeBase64Url(new Uint8Array([0xff, 0xfe, 0x7b]))],
  ["another address", encodeSetupCode({ ...code, url: "https://attic.example" })],
  ["an address with a line break", encodeSetupCode({ ...code, url: "wss://a\nb" })],
  ["a short secret", encodeSetupCode({ ...code, bootstrapToken: "short" })],
  ["a wrong fingerprint", encodeSetupCode({ ...code, tlsFingerprint: "AB".repeat(32) })],
  ["too long", "A".repeat(10_000)],
])("identity: a setup code that is %s is none", (_name, word) => {
  expect(decodeSetupCode(word)).toBeUndefined();
});
