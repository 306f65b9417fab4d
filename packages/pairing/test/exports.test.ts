import { expect, test } from "vitest";
import * as root from "../src/index.ts";

test("pairing: the public list is this one", () => {
  expect(Object.keys(root).sort()).toEqual([
    "DevicePairing",
    "checkDeviceToken",
    "defaultDevicePairingLimits",
    "deviceDocumentShapes",
    "devicePairing",
    "emptyDevicePairing",
    "listDevices",
    "nodeApprovalOf",
    "pairedSummary",
    "pendingSummary",
  ]);
});
