import fc from "fast-check";
import { expect, test } from "vitest";
import { digestSecret, digestsEqual, isSecretDigest, mintSecret, secretMatches } from "../src/index.ts";
import { nativeEngine } from "../src/node/index.ts";

const { sha256 } = nativeEngine;

test("[identity:mint-256-bits] [R-46] secret: 256 random bits as 43 characters of base64url", () => {
  const asked: number[] = [];
  const secret = mintSecret((length) => {
    asked.push(length);
    return nativeEngine.randomBytes(length);
  });
  expect(asked).toEqual([32]);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(mintSecret(nativeEngine.randomBytes)).not.toBe(secret);
});

test("secret: what is stored is its SHA-256", () => {
  expect(digestSecret(sha256, "abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(isSecretDigest(digestSecret(sha256, ""))).toBe(true);
  for (const other of ["", "abc", "sha256:", `sha256:${"A".repeat(64)}`, "4f0c2a9be1d84b7796c3a1f05d2e8b61"]) {
    expect(isSecretDigest(other)).toBe(false);
  }
});

test("[identity:secret-compare] [R-46] secret: any presented text is compared without a throw", () => {
  const digest = digestSecret(sha256, "the secret");
  expect(secretMatches(sha256, digest, "the secret")).toBe(true);
  for (const other of ["", "the secre", "the secret ", "THE SECRET", "ключ", "\ud800", "🧂".repeat(1000), digest]) {
    expect(secretMatches(sha256, digest, other)).toBe(false);
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(secretMatches(sha256, digest, text)).toBe(text === "the secret");
    }),
  );
});

test("[identity:secret-compare] secret: a damaged digest matches nothing, not even itself", () => {
  for (const damaged of ["", "sha256:", "plain", digestSecret(sha256, "x").slice(0, -1)]) {
    expect(digestsEqual(damaged, damaged)).toBe(false);
    expect(secretMatches(sha256, damaged, damaged)).toBe(false);
  }
});
