import { expect, test } from "vitest";
import {
  type DeclareNodeEvent,
  defaultNodePairingLimits,
  EXEC_COMMANDS,
  emptyNodePairing,
  listNodes,
  type NodeApproval,
  type NodeFacts,
  type NodePairingEvent,
  type NodePairingLimits,
  type NodePairingState,
  needsAdmin,
  nodePairing,
  type RequestNodeEvent,
} from "../../src/index.ts";

const [admin, pairing] = [{ scopes: ["operator.admin"] }, { scopes: ["operator.pairing"] }];
const dayMs = 86_400_000;
const shows: NodeFacts = { platform: "linux", caps: ["canvas"], commands: ["canvas.present", "canvas.hide"] };
const runs: NodeFacts = { ...shows, commands: ["system.run", "canvas.hide"] };

/** A gateway's node pairing, with a clock to turn. */
function createWorld(limits: Partial<NodePairingLimits> = {}) {
  let state: NodePairingState = emptyNodePairing;
  let serial = 0;
  const world = {
    nowMs: 1_000,
    get state() {
      return state;
    },
    get waiting() {
      return listNodes(state).pending;
    },
    step<E extends NodePairingEvent>(event: E) {
      const result = nodePairing(state, event, world.nowMs, { ...defaultNodePairingLimits, ...limits });
      state = result.state;
      return result.outcome;
    },
    /** A connect of the node, with what its device was let in with. */
    declare(said: NodeFacts, approvedByDevice?: NodeApproval, change: Partial<DeclareNodeEvent["metadata"]> = {}) {
      serial += 1;
      const { platform, deviceFamily, ...claims } = said;
      const metadata = {
        displayName: "Pi",
        ...(platform && { platform }),
        ...(deviceFamily && { deviceFamily }),
        ...change,
      };
      return world.step({ type: "declare", nodeId: "n", claims, metadata, approvedByDevice, requestId: `r${serial}` });
    },
    request(change: Partial<RequestNodeEvent> = {}) {
      serial += 1;
      return world.step({ type: "request", nodeId: "n", metadata: {}, requestId: `r${serial}`, ...change });
    },
    approve: (requestId: string | undefined, caller: { scopes: string[] } = admin) =>
      world.step({ type: "approve", requestId: requestId ?? "", caller, freshToken: `sha256:${"a".repeat(64)}` }),
    reject: (requestId: string | undefined) =>
      world.step({ type: "reject", requestId: requestId ?? "", caller: pairing }),
  };
  return world;
}

test("[node-pairing:surface] [R-30] node pairing: what its device was let in with may be asked of a node, in the order of its declaration", () => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  expect(world.declare({ ...shows, commands: ["canvas.hide", "canvas.present"] }, approved)).toEqual({
    type: "declared",
    nodeId: "n",
    surface: { caps: ["canvas"], commands: ["canvas.hide", "canvas.present"], permissions: {} },
    change: "none",
  });
  const before = world.state;
  world.declare(shows, approved);
  expect(world.state).toBe(before);
  expect(world.state.paired["n"]).toMatchObject({ ...shows, displayName: "Pi", approvedAtMs: 500 });
});

test("[node-pairing:surface] [R-30] node pairing: a command beyond the approval makes one request and isn't usable until it is approved", () => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  const asked = world.declare(runs, approved);
  expect(asked).toMatchObject({
    surface: { commands: ["canvas.hide"] },
    change: "created",
    request: { ...runs, declared: true, isRepair: true, added: { caps: [], commands: ["system.run"] } },
  });
  expect(world.declare(runs, approved)).toMatchObject({ change: "unchanged", request: asked.request });
  const more = world.declare({ ...runs, caps: ["canvas", "camera"] }, approved);
  expect(more).toMatchObject({ change: "superseded", request: { added: { caps: ["camera"] } } });
  expect(world.waiting).toHaveLength(1);
  expect(world.approve(asked.request?.requestId)).toEqual({ type: "unknown-request" });
  expect(world.approve(more.request?.requestId)).toMatchObject({ type: "approved", isTokenIssued: false });
  expect(world.declare(runs, approved)).toMatchObject({ surface: { commands: runs.commands }, change: "none" });
});

test("[node-pairing:surface] node pairing: without any approval nothing is usable and its owner is asked for all of it", () => {
  const world = createWorld();
  for (const said of [runs, {}]) {
    expect(world.declare(said)).toMatchObject({
      surface: { caps: [], commands: [], permissions: {} },
      request: { added: { caps: said.caps ?? [], commands: said.commands ?? [] }, isRepair: false },
    });
  }
});

test("[node-pairing:surface] node pairing: a declaration within the approval withdraws the request", () => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  world.declare(runs, approved);
  expect(world.declare(shows, approved)).toMatchObject({ change: "withdrawn", surface: { commands: shows.commands } });
  expect(world.waiting).toEqual([]);
});

test.each([
  ["another platform", { platform: "macos" }],
  ["a platform that only looks the same", { platform: "linu\u0445" }],
  ["a platform in another case", { platform: "Linux" }],
  ["no platform", { platform: "" }],
  ["another device family", { platform: "linux", deviceFamily: "server" }],
])("[node-pairing:platform] [R-30] [R-31] node pairing: with %s nothing is usable until it is approved", (_, where) => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  const said = { ...shows, ...where };
  const asked = world.declare(said, approved);
  expect(asked).toMatchObject({
    surface: { caps: [], commands: [], permissions: {} },
    pinned: { platform: "linux" },
    request: { pinned: { platform: "linux" }, added: { caps: [], commands: [] } },
  });
  world.approve(asked.request?.requestId, pairing);
  expect(world.declare(said, approved)).toMatchObject({ surface: { commands: shows.commands }, change: "none" });
  expect(world.declare(shows, approved)).toMatchObject({ surface: { commands: [] } });
});

test("[node-pairing:surface] node pairing: a permission holds where the node says so and its owner was shown that", () => {
  const world = createWorld();
  const approved = { claims: { platform: "linux", permissions: { camera: true, screen: false } }, atMs: 500 };
  const said = { platform: "linux", permissions: { screen: true, camera: true, toString: true } };
  const { surface, change } = world.declare(said, approved);
  expect(surface.permissions).toEqual({ screen: false, camera: true, toString: false });
  expect(change).toBe("none");
});

test("[node-pairing:newest] node pairing: the newest approval counts, of its device or of the node", () => {
  const world = createWorld();
  world.approve(world.declare(runs, { claims: shows, atMs: 500 }).request?.requestId);
  expect(world.declare(runs, { claims: shows, atMs: 500 }).surface.commands).toEqual(runs.commands);
  expect(world.declare(runs, { claims: shows, atMs: 2_000 }).surface.commands).toEqual(["canvas.hide"]);
  expect(world.state.paired["n"]).toMatchObject({ commands: shows.commands, approvedAtMs: 2_000 });
});

test("[node-pairing:removed-stays] node pairing: taken off the list, an old approval of its device doesn't bring it back", () => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  world.declare(shows, approved);
  expect(world.step({ type: "remove", nodeId: "n", caller: pairing })).toMatchObject({ type: "forbidden" });
  // A clock that was set back doesn't make it older than what it ends.
  world.nowMs = 100;
  expect(world.step({ type: "remove", nodeId: "n", caller: admin })).toEqual({ type: "removed", nodeId: "n" });
  expect(listNodes(world.state).paired).toEqual([]);
  expect(world.step({ type: "remove", nodeId: "n", caller: admin })).toEqual({ type: "unknown-node" });
  expect(world.declare(shows, approved)).toMatchObject({ surface: { commands: [] }, change: "created" });
  expect(world.declare(shows, { claims: shows, atMs: 3_000 })).toMatchObject({ change: "withdrawn" });
  expect(world.step({ type: "forget", nodeId: "n" })).toMatchObject({ wasApproved: true });
  expect(world.state).toEqual(emptyNodePairing);
});

test("[node-pairing:rejected] node pairing: what was rejected doesn't ask again for a day, and anything else does", () => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  world.reject(world.declare(runs, approved).request?.requestId);
  world.nowMs += dayMs;
  expect(world.declare(runs, approved)).toMatchObject({ change: "rejected", surface: { commands: ["canvas.hide"] } });
  expect(world.waiting).toEqual([]);
  expect(world.declare({ ...runs, caps: ["sms"] }, approved)).toMatchObject({ change: "created" });
  expect(world.declare(runs, approved)).toMatchObject({ change: "rejected" });
  expect(world.waiting).toEqual([]);
  world.nowMs += 1;
  expect(world.declare(runs, approved)).toMatchObject({ change: "created" });
});

test("[node-pairing:rejected] node pairing: few rejections are remembered, the newest ones", () => {
  const world = createWorld({ maxRejectionsPerNode: 2 });
  const say = (at: number) => world.declare({ commands: [`c${at}`] });
  for (const at of [1, 2, 3]) {
    world.nowMs += 1;
    world.reject(say(at).request?.requestId);
  }
  expect([3, 2, 1].map((at) => say(at).change)).toEqual(["rejected", "rejected", "created"]);
});

test("[node-pairing:admin-for-exec] [R-29] node pairing: what runs programs is an admin's to approve", () => {
  expect([...EXEC_COMMANDS].sort()).toEqual([
    "browser.proxy",
    "system.execApprovals.get",
    "system.execApprovals.set",
    "system.run",
    "system.run.prepare",
    "system.which",
  ]);
  for (const command of [...EXEC_COMMANDS, " system.run ", "SYSTEM.RUN", "ｓystem.run"]) {
    const world = createWorld();
    const { request } = world.declare({ commands: ["canvas.hide", command] });
    const before = world.state;
    expect(world.approve(request?.requestId, pairing)).toEqual({
      type: "forbidden",
      reason: "missing-scopes",
      scopes: ["operator.admin"],
    });
    expect(world.approve(request?.requestId, { scopes: ["operator.write"] })).toMatchObject({ type: "forbidden" });
    expect(world.state).toBe(before);
    expect(world.approve(request?.requestId)).toMatchObject({ type: "approved" });
  }
  expect(needsAdmin(["canvas.present", "system.notify"])).toBe(false);
  const world = createWorld();
  expect(world.approve(world.declare(shows).request?.requestId, pairing)).toMatchObject({ type: "approved" });
});

test("[node-pairing:older-way] node pairing: somebody asks for a node, once, and its approval mints a token", () => {
  const world = createWorld();
  const asked = world.request({ commands: ["canvas.hide"], silent: true });
  expect(asked).toMatchObject({ type: "requested", created: true, request: { silent: true } });
  expect(world.request({ commands: ["canvas.hide"], silent: true })).toMatchObject({
    created: false,
    request: { requestId: "r1" },
  });
  expect(world.request({ commands: ["sms.send"] })).toMatchObject({
    created: true,
    request: { requestId: "r3", silent: false },
  });
  expect(world.waiting).toHaveLength(1);
  expect(world.approve("r3", pairing)).toMatchObject({
    isTokenIssued: true,
    node: { token: `sha256:${"a".repeat(64)}` },
  });
});

test("[node-pairing:older-way] node pairing: such a request lives five minutes, what a node declares as long as it declares it", () => {
  const world = createWorld();
  world.request({ nodeId: "old" });
  world.declare(shows);
  world.nowMs += 300_000;
  expect(world.step({ type: "expire" })).toEqual({ type: "expired", requestIds: [] });
  world.nowMs += 1;
  expect(world.step({ type: "expire" })).toEqual({ type: "expired", requestIds: ["r1"] });
  world.nowMs += 10 * dayMs;
  expect(world.waiting).toMatchObject([{ nodeId: "n" }]);
});

test("[node-pairing:older-way] node pairing: what a node declares isn't pushed aside by who asks in its name", () => {
  const world = createWorld();
  const { request } = world.declare(shows);
  expect(world.request({ commands: ["system.run"] })).toEqual({ type: "requested", request, created: false });
  const other = createWorld();
  other.request({ commands: ["system.run"] });
  expect(other.declare(shows)).toMatchObject({ change: "superseded", request: { commands: shows.commands } });
});

test("[node-pairing:caps] [R-50] node pairing: a flood fills its own address, pushes nobody out, and stops no node", () => {
  const world = createWorld({ maxPending: 3, maxPendingPerAddress: 2 });
  const ask = (nodeId: string, remoteIp: string) => world.request({ nodeId, metadata: { remoteIp } });
  expect(["a", "b", "c"].map((nodeId) => ask(nodeId, "192.0.2.1").type)).toEqual(["requested", "requested", "refused"]);
  expect(ask("d", "192.0.2.2")).toMatchObject({ type: "requested" });
  expect(ask("e", "192.0.2.3")).toEqual({ type: "refused", reason: "pending-full" });
  expect(ask("a", "192.0.2.1")).toMatchObject({ type: "requested", created: false });
  expect(world.declare(shows)).toMatchObject({ change: "created" });
  expect(world.waiting).toHaveLength(4);
});

test("node pairing: a name of the owner's and the last connect outlive the next approval", () => {
  const world = createWorld();
  const approved = { claims: shows, atMs: 500 };
  world.declare(shows, approved);
  world.step({
    type: "rename",
    nodeId: "n",
    displayName: "Kitchen",
    caller: { deviceId: "n", scopes: ["operator.pairing"] },
  });
  world.step({
    type: "touch",
    uses: [
      { nodeId: "n", atMs: 900 },
      { nodeId: "gone", atMs: 900 },
    ],
  });
  world.approve(world.declare(runs, approved).request?.requestId);
  world.declare(runs, { claims: runs, atMs: 9_000 });
  expect(world.state.paired["n"]).toMatchObject({
    displayName: "Kitchen",
    lastConnectedAtMs: 900,
    approvedAtMs: 9_000,
  });
  expect(Object.keys(world.state.paired)).toEqual(["n"]);
  expect(world.step({ type: "rename", nodeId: "n", displayName: "x", caller: pairing })).toMatchObject({
    type: "forbidden",
  });
});

test("node pairing: claims are compared without repeats, blanks and surrounding space", () => {
  const world = createWorld();
  const approved = { claims: { commands: ["a", "b"] }, atMs: 500 };
  expect(world.declare({ commands: [" b", "b", "", "a "] }, approved)).toMatchObject({
    surface: { commands: ["b", "a"] },
    change: "none",
  });
});

test("node pairing: keys that every object has name no node and no request", () => {
  const world = createWorld();
  for (const nodeId of ["__proto__", "constructor", "toString"]) {
    expect(world.step({ type: "remove", nodeId, caller: admin })).toEqual({ type: "unknown-node" });
    expect(world.approve(nodeId)).toEqual({ type: "unknown-request" });
    const declared = world.step({ type: "declare", nodeId, claims: {}, metadata: {}, requestId: nodeId });
    expect(declared).toMatchObject({ surface: { commands: [] }, change: "created" });
    expect(world.approve(nodeId)).toMatchObject({ type: "approved", nodeId });
    expect(Object.hasOwn(world.state.paired, nodeId)).toBe(true);
  }
});
