import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as client from "../src/index.ts";
import * as node from "../src/node/index.ts";
import { CLIENT_VERSION } from "../src/version.ts";

test("client: the root exports these values and no others", () => {
  expect(Object.keys(client).sort()).toEqual([
    "CLIENT_ERRORS",
    "ClientError",
    "GatewayClient",
    "GatewayError",
    "createDeviceIdentity",
    "deviceIdentityOf",
    "memoryTokenStore",
    "portableEngine",
  ]);
});

test("client: the Node entry exports these values and no others", () => {
  expect(Object.keys(node).sort()).toEqual(["fileTokenStore"]);
});

test("client: the version that it tells gateways is that of its package", () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
  expect(CLIENT_VERSION).toBe(manifest.version);
});
