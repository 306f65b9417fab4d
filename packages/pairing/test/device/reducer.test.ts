import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AdmitEvent,
  type Admitted,
  type DevicePairingEvent,
  type DevicePairingLimits,
  type DevicePairingState,
  defaultDevicePairingLimits,
  devicePairing,
  emptyDevicePairing,
  type PairingRequired,
} from "../../src/index.ts";

const [read, write, admin, pairing] = ["operator.read", "operator.write", "operator.admin", "operator.pairing"];
const root = { scopes: [admin, "operator.approvals", pairing] };
const digest = (name: string) => `sha256:${Buffer.from(name).toString("hex").padEnd(64, "0")}` as const;

/** A gateway's pairing, with a clock to turn. */
function createWorld(limits: Partial<DevicePairingLimits> = {}) {
  let state: DevicePairingState = emptyDevicePairing;
  let serial = 0;
  const world = {
    nowMs: 1_000,
    get state() {
      return state;
    },
    step<E extends DevicePairingEvent>(event: E) {
      const result = devicePairing(state, event, world.nowMs, { ...defaultDevicePairingLimits, ...limits });
      state = result.state;
      return result.outcome;
    },
    connect(change: Partial<AdmitEvent> = {}) {
      serial += 1;
      const deviceId = change.deviceId ?? "phone";
      return world.step<AdmitEvent>({
        type: "admit",
        deviceId,
        publicKey: `key of ${deviceId}`,
        role: "operator",
        isProven: true,
        isSilentEligible: false,
        presented: [],
        defaultScopes: root.scopes,
        metadata: { remoteIp: "203.0.113.9" },
        requestId: `r${serial}`,
        freshToken: digest(`t${serial}`),
        ...change,
      });
    },
    approve: (requestId: string, caller = root as { scopes: string[] }, grantScopes?: string[]) =>
      world.step({ type: "approve", requestId, caller, grantScopes }),
    /** Lets a device in that asks for these scopes. */
    pair(requestedScopes: string[], change: Partial<AdmitEvent> = {}) {
      const asked = world.connect({ requestedScopes, ...change }) as PairingRequired;
      world.approve(asked.request.requestId);
      return world.connect({ requestedScopes, ...change }) as Admitted;
    },
  };
  return world;
}

test("[pairing:first-pairing] device pairing: an unknown device waits, and comes in with its token once it is approved", () => {
  const world = createWorld();
  const asked = world.connect({ requestedScopes: [read], metadata: { displayName: "Phone", remoteIp: "203.0.113.9" } });
  expect(asked).toEqual({
    type: "pairing-required",
    reason: "not-paired",
    change: "created",
    missing: { roles: ["operator"], scopes: [read] },
    request: {
      requestId: "r1",
      deviceId: "phone",
      publicKey: "key of phone",
      displayName: "Phone",
      remoteIp: "203.0.113.9",
      role: "operator",
      roles: ["operator"],
      scopes: [read],
      silent: false,
      isRepair: false,
      ts: 1_000,
    },
  });
  expect(world.approve("r1")).toMatchObject({ type: "approved", deviceId: "phone", grantedScopes: [read] });
  expect(world.state.paired["phone"]?.tokens).toEqual({});
  expect(world.connect({ requestedScopes: [read] })).toMatchObject({
    type: "admitted",
    scopes: [read],
    isTokenIssued: true,
  });
  expect(world.connect({ requestedScopes: [read], isProven: false, presented: [digest("t2")] })).toMatchObject({
    type: "admitted",
    isTokenIssued: false,
    isTokenUsed: true,
  });
});

test("[pairing:silent-first-only] [R-13] device pairing: only a first pairing is silent, never an upgrade", () => {
  const world = createWorld();
  const local = { isSilentEligible: true, metadata: {} };
  expect(world.connect({ ...local, requestedScopes: [read] })).toMatchObject({
    type: "admitted",
    isFirstPairing: true,
    scopes: [read],
  });
  expect(world.connect({ ...local, requestedScopes: [admin] })).toMatchObject({
    type: "pairing-required",
    reason: "scope-upgrade",
    missing: { roles: [], scopes: [admin] },
  });
  expect(world.connect({ ...local, role: "node" })).toMatchObject({ type: "pairing-required", reason: "role-upgrade" });
});

test("device pairing: a silent first pairing that names no scopes gets the defaults, and one that names more waits", () => {
  const world = createWorld();
  expect(world.connect({ isSilentEligible: true })).toMatchObject({
    type: "admitted",
    scopes: [...root.scopes].sort(),
  });
  const other = world.connect({
    deviceId: "page",
    isSilentEligible: true,
    defaultScopes: [read],
    requestedScopes: [write],
  });
  expect(other).toMatchObject({ type: "pairing-required", reason: "not-paired" });
});

test("device pairing: each connection is judged by itself: a local one is silent though a remote one of the device waits", () => {
  const world = createWorld();
  world.connect({ requestedScopes: [read] });
  expect(world.connect({ isSilentEligible: true, requestedScopes: [read] })).toMatchObject({ isFirstPairing: true });
  expect(world.state.pending).toEqual({});
});

test("[pairing:granted-intersection] [R-10] device pairing: granted is what was asked for, within what is approved", () => {
  const world = createWorld();
  world.pair([admin]);
  expect(world.connect({ requestedScopes: [read] })).toMatchObject({ scopes: [read] });
  expect(world.connect({ requestedScopes: [write, read, read] })).toMatchObject({ scopes: [read, write] });
  expect(world.connect({ requestedScopes: [] })).toMatchObject({ scopes: [admin] });
  expect(world.connect()).toMatchObject({ scopes: [admin] });
});

test("[pairing:no-scopes-no-admin] [R-10] device pairing: who names no scopes gets what its owner chose, and nothing without", () => {
  const world = createWorld();
  world.connect();
  world.approve("r1");
  expect(world.connect()).toMatchObject({ type: "admitted", scopes: [] });
  const other = createWorld();
  other.connect();
  other.approve("r1", root, [read]);
  expect(other.connect()).toMatchObject({ type: "admitted", scopes: [read] });
});

test("device pairing: a scope that this gateway doesn't know is ignored, so that a newer client gets in", () => {
  const world = createWorld();
  world.pair([read]);
  expect(world.connect({ requestedScopes: [read, "operator.tomorrow"] })).toMatchObject({
    type: "admitted",
    scopes: [read],
  });
  expect(world.connect({ requestedScopes: ["operator.tomorrow"] })).toMatchObject({ type: "admitted", scopes: [] });
});

test("[pairing:lists-everything] device pairing: a request lists all that is missing, of both roles of an app, once", () => {
  const world = createWorld();
  world.connect({ requestedScopes: [read] });
  const joined = world.connect({ role: "node" });
  expect(joined).toMatchObject({ change: "superseded", request: { roles: ["operator", "node"], scopes: [read] } });
  expect(world.connect({ requestedScopes: [read] })).toMatchObject({
    change: "unchanged",
    request: { requestId: "r2" },
  });
  expect(world.connect({ role: "node" })).toMatchObject({ change: "unchanged", request: { requestId: "r2" } });
  expect(Object.keys(world.state.pending)).toEqual(["r2"]);
  world.approve("r2");
  expect(world.connect({ requestedScopes: [read] })).toMatchObject({ type: "admitted" });
  expect(world.connect({ role: "node" })).toMatchObject({ type: "admitted", scopes: [] });
});

test("[pairing:owner-sees] device pairing: asking for something else makes another request; the old id is gone", () => {
  const world = createWorld();
  world.connect({ requestedScopes: [read] });
  expect(world.connect({ requestedScopes: [admin] })).toMatchObject({
    change: "superseded",
    request: { requestId: "r2" },
  });
  expect(world.approve("r1")).toEqual({ type: "unknown-request" });
});

test("[pairing:pending-expires] device pairing: a request lives five minutes from when it was made", () => {
  const world = createWorld();
  world.connect({ requestedScopes: [read] });
  world.nowMs += 300_000;
  expect(world.connect({ requestedScopes: [read] })).toMatchObject({ change: "unchanged" });
  world.nowMs += 1;
  expect(world.approve("r1")).toEqual({ type: "unknown-request" });
  expect(world.connect({ requestedScopes: [read] })).toMatchObject({ change: "created" });
});

test("[pairing:caps] [R-50] device pairing: a flood fills its own address, never pushes anybody out, and the total is bounded", () => {
  const world = createWorld({ maxPending: 5, maxPendingPerAddress: 3 });
  const from = (deviceId: string, remoteIp: string) =>
    world.connect({ deviceId, metadata: { remoteIp }, requestedScopes: [read] });
  for (const deviceId of ["a", "b", "c"]) expect(from(deviceId, "192.0.2.1")).toMatchObject({ change: "created" });
  expect(from("d", "192.0.2.1")).toEqual({ type: "refused", reason: "pending-full-for-address" });
  expect(from("a", "192.0.2.1")).toMatchObject({ change: "unchanged" });
  expect(from("e", "192.0.2.2")).toMatchObject({ change: "created" });
  expect(from("f", "192.0.2.3")).toMatchObject({ change: "created" });
  expect(from("g", "192.0.2.4")).toEqual({ type: "refused", reason: "pending-full" });
  expect(Object.keys(world.state.pending).length).toBe(5);
});

test("[pairing:nothing-for-strangers] device pairing: without the gateway's secret or its own token nothing is written", () => {
  const world = createWorld();
  const before = world.state;
  expect(world.connect({ isProven: false, presented: [digest("guess")] })).toEqual({
    type: "refused",
    reason: "device-not-paired",
  });
  expect(world.state).toBe(before);
});

test("[pairing:approver-holds] [R-12] device pairing: an approver holds every scope of the result, inherited ones included", () => {
  const world = createWorld();
  world.pair([admin]);
  world.connect({ requestedScopes: ["operator.questions"] });
  world.connect({ deviceId: "other", requestedScopes: [write] });
  const [request] = Object.keys(world.state.pending);
  expect(world.approve(request!, { scopes: [pairing, read] })).toEqual({
    type: "forbidden",
    reason: "missing-scopes",
    scopes: [write],
  });
  expect(world.approve(request!, { scopes: [read, write] })).toEqual({
    type: "forbidden",
    reason: "missing-scopes",
    scopes: [pairing],
  });
  expect(world.approve(request!, { scopes: [pairing, write] })).toMatchObject({ type: "approved" });
  world.pair([write], { deviceId: "heir" });
  world.connect({ deviceId: "heir", requestedScopes: [read, pairing] });
  const [upgrade] = Object.keys(world.state.pending);
  expect(world.approve(upgrade!, { scopes: [pairing, read] })).toMatchObject({ type: "forbidden", scopes: [write] });
});

test("[pairing:approver-holds] [R-12] device pairing: a node is let in by an admin only", () => {
  const world = createWorld();
  world.connect({ role: "node" });
  expect(world.approve("r1", { scopes: [pairing, read, write] })).toEqual({
    type: "forbidden",
    reason: "missing-scopes",
    scopes: [admin],
  });
  expect(world.approve("r1")).toMatchObject({ type: "approved" });
});

test("device pairing: an owner may grant less than was asked for, and not something else", () => {
  const world = createWorld();
  world.connect({ requestedScopes: [write] });
  expect(world.approve("r1", root, [pairing])).toEqual({
    type: "forbidden",
    reason: "exceeds-request",
    scopes: [pairing],
  });
  expect(world.approve("r1", root, [read])).toMatchObject({ type: "approved", grantedScopes: [read] });
  expect(world.connect({ requestedScopes: [write] })).toMatchObject({
    type: "pairing-required",
    missing: { scopes: [write] },
  });
});

test("[pairing:rotate-two-phases] device pairing: the old token comes back until the new one is used, then it is over", () => {
  const world = createWorld();
  world.pair([read]);
  const withToken = (name: string) => world.connect({ isProven: false, presented: [digest(name)] });
  expect(world.step({ type: "rotate", deviceId: "phone", role: "operator", caller: root })).toEqual({
    type: "rotated",
    deviceId: "phone",
    role: "operator",
    scopes: [read],
    rotatedAtMs: 1_000,
    closeSockets: [{ deviceId: "phone", role: "operator" }],
  });
  expect(withToken("t2")).toMatchObject({ type: "admitted", isTokenIssued: true });
  expect(withToken("t2")).toMatchObject({ type: "admitted", isTokenIssued: true });
  // The first of the two new tokens was replaced before anybody used it.
  expect(withToken("t3")).toEqual({ type: "refused", reason: "token-mismatch" });
  world.nowMs = 2_000;
  expect(withToken("t4")).toMatchObject({ type: "admitted", isTokenIssued: false, token: { issuedAtMs: 2_000 } });
  expect(withToken("t2")).toEqual({ type: "refused", reason: "token-mismatch" });
  expect(withToken("t4")).toMatchObject({ type: "admitted" });
});

test("[pairing:lost-answer] device pairing: a device that never heard of its token is told another one, and the one before stays good until that is used", () => {
  const world = createWorld();
  expect(world.pair([read])).toMatchObject({ type: "admitted", isTokenIssued: true }); // t2, and the answer is lost
  expect(world.connect()).toMatchObject({ type: "admitted", isTokenIssued: true }); // t3
  const withToken = (name: string) => world.connect({ isProven: false, presented: [digest(name)] });
  expect(withToken("t3")).toMatchObject({ type: "admitted", isTokenIssued: false });
  expect(withToken("t2")).toEqual({ type: "refused", reason: "token-mismatch" });
  // Once a token was used, its device has it, and nothing is minted for it any more.
  world.step({ type: "touch", uses: [{ deviceId: "phone", role: "operator", atMs: 2_000 }] });
  expect(world.connect()).toMatchObject({ type: "admitted", isTokenIssued: false });
});

test("[pairing:lost-answer] device pairing: an answer that did arrive after all counts, and what was minted beside it is over", () => {
  const world = createWorld();
  world.pair([read]); // t2
  expect(world.connect()).toMatchObject({ isTokenIssued: true }); // t3, never used
  const withToken = (name: string) => world.connect({ isProven: false, presented: [digest(name)] });
  expect(withToken("t2")).toMatchObject({ type: "admitted", isTokenIssued: false });
  expect(withToken("t3")).toEqual({ type: "refused", reason: "token-mismatch" });
  expect(withToken("t2")).toMatchObject({ type: "admitted" });
});

test("[pairing:rotate-narrow] [R-11] device pairing: rotating never exceeds the caller or the approval, and never edits it", () => {
  const world = createWorld();
  world.pair([write]);
  const rotate = (scopes: string[], caller: { deviceId?: string; scopes: string[] }) =>
    world.step({ type: "rotate", deviceId: "phone", role: "operator", scopes, caller });
  const before = world.state;
  expect(rotate([admin], root)).toEqual({ type: "forbidden", reason: "exceeds-approved", scopes: [admin] });
  expect(rotate([write], { deviceId: "phone", scopes: [pairing, read] })).toEqual({
    type: "forbidden",
    reason: "missing-scopes",
    scopes: [write],
  });
  expect(world.state).toBe(before);
  expect(rotate([read], root)).toMatchObject({ type: "rotated", scopes: [read] });
  expect(world.state.paired["phone"]?.scopes).toEqual([write]);
  expect(world.connect({ isProven: false, presented: [digest("t2")], requestedScopes: [write] })).toEqual({
    type: "refused",
    reason: "token-scope-mismatch",
  });
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toMatchObject({ scopes: [read] });
});

test("[pairing:own-device-only] [R-15] device pairing: who isn't admin acts on its own device", () => {
  const world = createWorld();
  world.pair([read]);
  const stranger = { deviceId: "laptop", scopes: [pairing, read] };
  const orders = [
    { type: "rotate", deviceId: "phone", role: "operator", caller: stranger },
    { type: "revoke", deviceId: "phone", role: "operator", caller: stranger },
    { type: "remove", deviceId: "phone", caller: stranger },
    { type: "rename", deviceId: "phone", displayName: "Mine", caller: stranger },
  ] as const;
  const before = world.state;
  for (const order of orders) {
    expect(world.step(order)).toEqual({ type: "forbidden", reason: "not-own-device", scopes: [admin] });
  }
  expect(world.state).toBe(before);
  for (const order of orders) {
    expect(world.step({ ...order, caller: { ...stranger, deviceId: "phone" } }).type).not.toBe("forbidden");
    if (order.type === "remove") break;
  }
});

test("[pairing:revoked-stays] [R-14] device pairing: a revoked role is refused, with the shared secret too, until it is approved", () => {
  const world = createWorld();
  world.pair([admin]);
  world.nowMs = 5_000;
  expect(world.step({ type: "revoke", deviceId: "phone", role: "operator", caller: root })).toEqual({
    type: "revoked",
    deviceId: "phone",
    role: "operator",
    revokedAtMs: 5_000,
    closeSockets: [{ deviceId: "phone", role: "operator" }],
  });
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toEqual({
    type: "refused",
    reason: "token-revoked",
  });
  const asked = world.connect({ isSilentEligible: true, requestedScopes: [read] });
  expect(asked).toMatchObject({ reason: "role-upgrade", missing: { roles: ["operator"], scopes: [read] } });
  expect(world.approve((asked as PairingRequired).request.requestId)).toMatchObject({ type: "approved" });
  // What the role had before it was closed did not come back with it.
  expect(world.connect()).toMatchObject({ type: "admitted", scopes: [read], isTokenIssued: true });
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toEqual({
    type: "refused",
    reason: "token-mismatch",
  });
});

test("device pairing: a role that never had a token can be revoked as well", () => {
  const world = createWorld();
  world.connect({ role: "node" });
  world.approve("r1");
  expect(world.step({ type: "revoke", deviceId: "phone", role: "node", caller: root })).toMatchObject({
    type: "revoked",
  });
  expect(world.connect({ role: "node", isSilentEligible: true })).toMatchObject({
    type: "pairing-required",
    reason: "role-upgrade",
  });
});

test("device pairing: rotating a revoked role opens it again, which only an admin may, and its old token stays dead", () => {
  const world = createWorld();
  world.pair([read, pairing]);
  world.step({ type: "revoke", deviceId: "phone", role: "operator", caller: root });
  const order = { type: "rotate", deviceId: "phone", role: "operator" } as const;
  expect(world.step({ ...order, caller: { deviceId: "phone", scopes: [pairing, read] } })).toMatchObject({
    type: "forbidden",
  });
  expect(world.step({ ...order, caller: root })).toMatchObject({ type: "rotated" });
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toEqual({
    type: "refused",
    reason: "token-missing",
  });
  expect(world.connect()).toMatchObject({ type: "admitted", isTokenIssued: true });
});

test("device pairing: removing forgets the device, what it waits for, and its tokens", () => {
  const world = createWorld();
  world.pair([read]);
  world.connect({ requestedScopes: [admin] });
  expect(world.step({ type: "remove", deviceId: "phone", caller: root })).toMatchObject({
    closeSockets: [{ deviceId: "phone" }],
  });
  expect(world.state).toEqual(emptyDevicePairing);
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toEqual({
    type: "refused",
    reason: "device-not-paired",
  });
});

test("[pairing:token-use-time] [R-14] device pairing: a token gives nothing that isn't approved at the moment of its use", () => {
  const world = createWorld();
  world.pair([admin]);
  const device = world.state.paired["phone"]!;
  const narrowed = { ...world.state, paired: { phone: { ...device, scopes: [read] } } };
  const event = {
    type: "admit",
    deviceId: "phone",
    publicKey: "key of phone",
    role: "operator",
    isProven: false,
    isSilentEligible: false,
  } as const;
  const { outcome } = devicePairing(
    narrowed,
    { ...event, presented: [digest("t2")], defaultScopes: [], metadata: {}, requestId: "x", freshToken: digest("x") },
    world.nowMs,
  );
  expect(outcome).toMatchObject({ type: "admitted", scopes: [read], token: { scopes: [read] } });
});

test("device pairing: a token with an end isn't good after it, and the shared secret gets a new one", () => {
  const world = createWorld({ tokenTtlMs: 1_000 });
  world.pair([read]);
  world.nowMs += 999;
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toMatchObject({ type: "admitted" });
  world.nowMs += 1;
  expect(world.connect({ isProven: false, presented: [digest("t2")] })).toEqual({
    type: "refused",
    reason: "token-expired",
  });
  expect(world.connect()).toMatchObject({ isTokenIssued: true });
});

test("device pairing: an owner's name for a device outlives what the device calls itself", () => {
  const world = createWorld();
  world.pair([read], { metadata: { displayName: "iPhone" } });
  world.step({ type: "rename", deviceId: "phone", displayName: "Mina's phone", caller: root });
  world.pair([write], { metadata: { displayName: "iPhone" } });
  expect(world.state.paired["phone"]?.displayName).toBe("Mina's phone");
});

test("device pairing: turning an upgrade away ends the device's connections in that role", () => {
  const world = createWorld();
  world.pair([read]);
  const { request } = world.connect({ requestedScopes: [admin] }) as PairingRequired;
  expect(request.isRepair).toBe(true);
  expect(world.step({ type: "reject", requestId: request.requestId, caller: { scopes: [pairing] } })).toEqual({
    type: "rejected",
    requestId: request.requestId,
    deviceId: "phone",
    closeSockets: [{ deviceId: "phone", role: "operator" }],
  });
});

test("device pairing: keys that every object has name no device, request or role", () => {
  const world = createWorld();
  for (const name of ["__proto__", "constructor", "toString"]) {
    expect(world.approve(name)).toEqual({ type: "unknown-request" });
    expect(world.step({ type: "remove", deviceId: name, caller: root })).toEqual({ type: "unknown-device" });
    expect(world.step({ type: "rotate", deviceId: name, role: name, caller: root })).toEqual({
      type: "unknown-device",
    });
    expect(world.connect({ deviceId: name, isProven: false })).toEqual({
      type: "refused",
      reason: "device-not-paired",
    });
  }
});

test("[pairing:hostile-input] device pairing: no text that a stranger sends makes it throw, changes another device, or lets it in", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "phone", "operator", "", admin, read),
  );
  const texts = fc.array(text, { maxLength: 5 });
  fc.assert(
    fc.property(text, text, texts, fc.boolean(), text, (deviceId, publicKey, requestedScopes, isProven, requestId) => {
      const world = createWorld();
      world.pair([read]);
      const phone = world.state.paired["phone"];
      const outcome = world.connect({ deviceId, publicKey, requestedScopes, isProven, requestId, role: "operator" });
      expect(outcome.type).not.toBe("admitted");
      const caller = { deviceId, scopes: requestedScopes.filter((scope) => scope !== admin) };
      world.step({ type: "rename", deviceId: "phone", displayName: "x", caller: { ...caller, deviceId: "other" } });
      world.step({ type: "revoke", deviceId, role: publicKey, caller });
      world.step({ type: "rotate", deviceId, role: publicKey, scopes: requestedScopes, caller });
      world.step({ type: "approve", requestId, caller, grantScopes: requestedScopes });
      expect(world.state.paired).toEqual({ phone });
    }),
  );
});
