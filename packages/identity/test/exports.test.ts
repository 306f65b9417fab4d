import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as root from "../src/index.ts";
import * as node from "../src/node/index.ts";

test("identity: the public list is this one", () => {
  expect(Object.keys(root).sort()).toEqual([
    "connectPayload",
    "createDeviceIdentity",
    "decodeBase64Url",
    "decodePublicKey",
    "decodeSetupCode",
    "deviceIdOf",
    "deviceIdentityOf",
    "digestSecret",
    "digestsEqual",
    "encodeBase64Url",
    "encodeSetupCode",
    "isDeviceId",
    "isSecretDigest",
    "maxSignatureSkewMs",
    "mintSecret",
    "parseDeviceId",
    "portableEngine",
    "secretMatches",
    "signConnect",
    "verifyConnectProof",
  ]);
  expect(Object.keys(node).sort()).toEqual([
    "IdentityFileError",
    "createNativeEngine",
    "loadOrCreateDeviceIdentity",
    "nativeEngine",
  ]);
});

test("[identity:browser-safe] identity: nothing at the root entry needs Node", () => {
  const folder = new URL("../src/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(10);
  for (const name of files) {
    const text = readFileSync(new URL(name, folder), "utf8");
    expect(text, name).not.toMatch(/from "(node:|\.\/node\/)|\bBuffer\b|\bprocess\b|\brequire\(/);
  }
});
