import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64Url, decodePublicKey, encodeBase64Url, isDeviceId, parseDeviceId } from "../src/index.ts";

const wire = "dVxMuSVsp83ErP3Gz-7ahJAX5bn5UU6ZGRvWfgsNQnY";
const raw = Uint8Array.from(Buffer.from(wire, "base64url"));
const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
const pem = createPublicKey({ key: der, format: "der", type: "spki" })
  .export({ format: "pem", type: "spki" })
  .toString();

test("[identity:public-key-spellings] public key: every spelling that clients send becomes the same key", () => {
  const standard = Buffer.from(raw).toString("base64");
  const spellings = [
    wire,
    `${wire}=`,
    standard,
    standard.replace("=", ""),
    pem,
    pem.trim(),
    pem.replaceAll("\n", "\r\n"),
  ];
  for (const spelling of spellings) {
    expect(decodePublicKey(spelling)).toEqual({ ok: true, raw, base64url: wire });
  }
});

test.each([
  ["", "length"],
  ["A", "encoding"],
  [`${wire} `, "encoding"],
  [`${wire}==`, "encoding"],
  [`${wire}A`, "length"],
  [wire.slice(0, 40), "length"],
  [`${wire.slice(0, 42)}Z`, "encoding"],
  [`+/${wire.slice(2)}`, "encoding"],
  [der.toString("base64"), "length"],
  ["é".repeat(43), "encoding"],
  ["A".repeat(513), "length"],
  ["-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "encoding"],
  [`${pem}${pem}`, "encoding"],
  [pem.replaceAll("PUBLIC", "PRIVATE"), "encoding"],
])("[identity:public-key-strict] public key: %j is refused as %s", (text, reason) => {
  expect(decodePublicKey(text)).toEqual({ ok: false, reason });
});

test("[identity:public-key-strict] public key: second spellings and small order points are refused", () => {
  const { cases } = JSON.parse(readFileSync(new URL("vectors/ed25519-hostile.json", import.meta.url), "utf8"));
  const reasons = (start: string) =>
    cases
      .filter(({ name }: { name: string }) => name.startsWith(start))
      .map(({ publicKey }: { publicKey: string }) => {
        const key = decodePublicKey(Buffer.from(publicKey, "hex").toString("base64url"));
        return key.ok ? "accepted" : key.reason;
      });
  expect(reasons("small order key")).toEqual(Array(8).fill("small-order"));
  expect(reasons("key spelled twice: y = p")).toEqual(Array(21).fill("not-canonical"));
});

test("base64url: decoding is the inverse of encoding, and agrees with the platform", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
      const text = encodeBase64Url(value);
      expect(text).toBe(Buffer.from(value).toString("base64url"));
      expect(decodeBase64Url(text)).toEqual(value);
    }),
  );
});

test("base64url: a text has one meaning or none, and nothing makes decoding throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String()), (text) => {
      const decoded = decodeBase64Url(text);
      if (decoded !== undefined) expect(encodeBase64Url(decoded)).toBe(text);
    }),
  );
});

test("public key: no text makes decoding throw, and what is accepted is canonical", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 40 }).map(encodeBase64Url)),
      (text) => {
        const key = decodePublicKey(text);
        if (key.ok) expect(decodePublicKey(key.base64url)).toEqual(key);
      },
    ),
  );
});

test("device id: 64 lower-case hex digits and nothing else", () => {
  const id = "ba0a6041c97c6fae80adbc1c08629717d5939cf62cd42883a32fd5d6ef3b6450";
  expect(parseDeviceId(id)).toBe(id);
  for (const other of ["", id.toUpperCase(), id.slice(1), `${id}0`, `${id}\n`, ` ${id}`]) {
    expect(isDeviceId(other)).toBe(false);
    expect(() => parseDeviceId(other)).toThrow(TypeError);
  }
});
