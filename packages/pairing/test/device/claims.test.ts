import { nativeEngine } from "@saltgate/identity/node";
import { expect, test } from "vitest";
import {
  type AdmitEvent,
  type DevicePairingEvent,
  type DevicePairingState,
  deviceDocumentShapes,
  devicePairing,
  emptyDevicePairing,
  listDevices,
  type NodeFacts,
  nodeApprovalOf,
  type PairingRequired,
} from "../../src/index.ts";

const root = { scopes: ["operator.admin", "operator.approvals", "operator.pairing"] };
const shapes = deviceDocumentShapes(nativeEngine.sha256);
const linux: NodeFacts = { platform: "linux", deviceFamily: "pi" };
const runs: NodeFacts = { ...linux, caps: ["system"], commands: ["system.run"], permissions: { camera: true } };

/** A gateway with one app that connects in two roles. */
function createWorld() {
  let state: DevicePairingState = emptyDevicePairing;
  let serial = 0;
  const world = {
    nowMs: 1_000,
    get phone() {
      return state.paired["phone"];
    },
    get waiting() {
      return Object.values(state.pending);
    },
    list: () => listDevices(state),
    step<E extends DevicePairingEvent>(event: E) {
      const result = devicePairing(state, event, world.nowMs);
      state = result.state;
      return result.outcome;
    },
    connect(role: "operator" | "node", metadata: AdmitEvent["metadata"], change: Partial<AdmitEvent> = {}) {
      serial += 1;
      return world.step<AdmitEvent>({
        type: "admit",
        deviceId: "phone",
        publicKey: "key",
        role,
        isProven: true,
        isSilentEligible: false,
        presented: [],
        defaultScopes: root.scopes,
        metadata,
        requestId: `r${serial}`,
        freshToken: `sha256:${String(serial).padStart(64, "0")}`,
        ...change,
      });
    },
    approve: (asked: unknown) =>
      world.step({ type: "approve", requestId: (asked as PairingRequired).request.requestId, caller: root }),
  };
  return world;
}

test("[pairing:pinned-claims] [R-30] device pairing: a node is pinned to what its request showed, whatever it says later", () => {
  const world = createWorld();
  const asked = world.connect("node", { displayName: "Pi", ...runs });
  expect(asked).toMatchObject({ request: { roles: ["node"], ...runs } });
  world.nowMs = 2_000;
  world.approve(asked);
  expect(world.phone).toMatchObject({ ...runs, nodeApprovedAtMs: 2_000 });
  world.nowMs = 3_000;
  const admitted = world.connect("node", { ...runs, platform: "macos", commands: ["system.run", "camera.snap"] });
  expect(admitted).toMatchObject({ type: "admitted", nodeApproval: { claims: runs, atMs: 2_000 } });
  expect(world.phone).toMatchObject({ ...runs, nodeApprovedAtMs: 2_000 });
});

test("[pairing:pinned-claims] [R-30] device pairing: saying something else while it waits makes another request", () => {
  const world = createWorld();
  const first = world.connect("node", linux) as PairingRequired;
  expect(world.connect("node", linux)).toMatchObject({ change: "unchanged" });
  for (const facts of [runs, { ...runs, platform: "windows" }, { ...runs, permissions: { camera: false } }, linux]) {
    expect(world.connect("node", facts)).toMatchObject({ change: "superseded" });
    expect(world.waiting).toMatchObject([facts]);
  }
  expect(world.approve(first)).toEqual({ type: "unknown-request" });
  const shuffled = { ...runs, caps: ["system", "camera"] };
  world.connect("node", shuffled);
  expect(world.connect("node", { ...runs, caps: ["camera", "system"] })).toMatchObject({ change: "unchanged" });
});

test("[pairing:pinned-claims] device pairing: the other role of an app leaves what its node claims, and shows none of its own", () => {
  const world = createWorld();
  const alone = world.connect("operator", { displayName: "App", ...runs }, { requestedScopes: ["operator.read"] });
  expect((alone as PairingRequired).request).not.toHaveProperty("commands");
  world.connect("node", runs);
  const joined = world.connect(
    "operator",
    { displayName: "App", platform: "ios" },
    { requestedScopes: ["operator.write"] },
  );
  expect(joined).toMatchObject({ change: "superseded", request: { roles: ["operator", "node"], ...runs } });
  expect(world.approve(joined)).toMatchObject({ device: runs });
  // Only what the node role asks for changes what is pinned, its platform included.
  world.nowMs = 5_000;
  const more = world.connect(
    "operator",
    { platform: "ios", commands: ["sms.send"] },
    { requestedScopes: ["operator.talk"] },
  );
  expect(world.approve(more)).toMatchObject({ device: { ...runs, approvedAtMs: 5_000, nodeApprovedAtMs: 1_000 } });
});

test("[pairing:pinned-claims] device pairing: letting the node role in again replaces what it may be asked, all of it", () => {
  const world = createWorld();
  world.approve(world.connect("node", runs));
  world.connect("node", runs);
  world.step({ type: "revoke", deviceId: "phone", role: "node", caller: root });
  expect(nodeApprovalOf(world.phone!)).toBeUndefined();
  world.nowMs = 9_000;
  world.approve(world.connect("node", { platform: "linux" }));
  expect(nodeApprovalOf(world.phone!)).toEqual({ claims: { platform: "linux" }, atMs: 9_000 });
});

test("[pairing:pinned-claims] device pairing: a silent first pairing pins what a node says, and nothing of an operator", () => {
  const local = { isSilentEligible: true };
  const node = createWorld();
  expect(node.connect("node", runs, local)).toMatchObject({ isFirstPairing: true, nodeApproval: { claims: runs } });
  expect(node.phone).toMatchObject({ ...runs, nodeApprovedAtMs: 1_000 });
  const operator = createWorld();
  expect(operator.connect("operator", runs, local)).not.toHaveProperty("nodeApproval");
  expect(operator.phone).not.toHaveProperty("commands");
  expect(operator.phone).not.toHaveProperty("nodeApprovedAtMs");
});

test("[pairing:pinned-claims] device pairing: lists show what a node claims, waiting and paired", () => {
  const world = createWorld();
  const asked = world.connect("node", runs);
  expect(world.list().pending).toMatchObject([runs]);
  world.approve(asked);
  expect(world.list().paired).toMatchObject([{ ...runs, nodeApprovedAtMs: 1_000 }]);
});

test.each([
  ["commands that are no list", { commands: "system.run" }],
  ["a cap that is no text", { caps: [1] }],
  ["a permission that is neither", { permissions: { camera: "yes" } }],
  ["permissions in a list", { permissions: ["camera"] }],
])("[pairing:corrupt] [R-57] device pairing: a row with %s refuses its file", (_, claims) => {
  const waiting = { requestId: "r", deviceId: "d", publicKey: "k", roles: ["node"], ts: 1, ...claims };
  expect(() => shapes.pending.parse({ r: waiting })).toThrow(TypeError);
  const paired = { deviceId: "d", publicKey: "k", roles: ["node"], createdAtMs: 1, approvedAtMs: 1, ...claims };
  expect(() => shapes.paired.parse({ d: paired })).toThrow(TypeError);
});

test("[pairing:corrupt] [R-57] device pairing: a time of the node's approval that is none refuses its file", () => {
  const row = {
    deviceId: "d",
    publicKey: "k",
    roles: ["node"],
    createdAtMs: 1,
    approvedAtMs: 1,
    nodeApprovedAtMs: "1",
  };
  expect(() => shapes.paired.parse({ d: row })).toThrow(TypeError);
});
