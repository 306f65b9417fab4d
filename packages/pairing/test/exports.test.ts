import { expect, test } from "vitest";
import * as root from "../src/index.ts";

test("pairing: the public list is this one", () => {
  expect(Object.keys(root).sort()).toEqual([
    "DeviceInvites",
    "DevicePairing",
    "EXEC_COMMANDS",
    "NodePairing",
    "checkDeviceToken",
    "defaultDeviceInviteLimits",
    "defaultDevicePairingLimits",
    "defaultNodePairingLimits",
    "deviceDocumentShapes",
    "deviceInvites",
    "deviceInvitesShape",
    "devicePairing",
    "emptyDevicePairing",
    "emptyNodePairing",
    "listDevices",
    "listNodes",
    "needsAdmin",
    "nodeApprovalOf",
    "nodeDocumentShapes",
    "nodePairing",
    "nodeTokenMatches",
    "pairedNodeSummary",
    "pairedSummary",
    "pendingNodeSummary",
    "pendingSummary",
  ]);
});
