import { describe, expect, test } from "vitest";
import {
  type AdmitEvent,
  type DevicePairingEvent,
  type DevicePairingState,
  type DeviceToken,
  devicePairing,
} from "../../src/index.ts";
import { type Reducer, type WalkOptions, walk } from "./walk.ts";

const [read, admin, pairing] = ["operator.read", "operator.admin", "operator.pairing"];
const oneDevice: WalkOptions = { devices: ["a"], scopeRequests: [[], [read], [admin]] };
const twoDevices: WalkOptions = { ...oneDevice, devices: ["a", "b"] };
const claiming: WalkOptions = {
  devices: ["a"],
  scopeRequests: [[read]],
  claims: [{ platform: "linux" }, { platform: "linux", commands: ["system.run"], permissions: { camera: true } }],
};
const otherKeys: WalkOptions = { ...oneDevice, withOtherKeys: true };

// The numbers are typed in: a walk that shrinks, because an event or a state is no longer reached, is noticed.
test("[pairing:walk] [R-10] [R-11] [R-12] [R-13] [R-14] [R-15] pairing walk: in every reachable state of one device nothing exists that no owner allowed", {
  timeout: 300_000,
}, () => {
  const result = walk(devicePairing, oneDevice);
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions, depth: result.depth }).toEqual({
    states: 24_897,
    transitions: 3_532_566,
    depth: 23,
  });
  // A walk in which nobody ever comes in, or nobody is ever refused, would prove nothing.
  for (const outcome of [
    "admitted",
    "approved",
    "forbidden",
    "pairing-required",
    "refused",
    "rejected",
    "removed",
    "revoked",
    "rotated",
  ]) {
    expect(result.outcomes[outcome], outcome).toBeGreaterThan(10_000);
  }
  console.log(`walked every state of one device: ${result.states} states, ${result.transitions} events`);
});

test("[pairing:walk] pairing walk: two devices that act on each other, up to four events", { timeout: 300_000 }, () => {
  const result = walk(devicePairing, { ...twoDevices, maxDepth: 4 });
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions }).toEqual({ states: 5_713, transitions: 280_978 });
  console.log(`walked two devices to depth 4: ${result.states} states, ${result.transitions} events`);
});

test("[pairing:walk] pairing walk: a device id with another key is a stranger, up to six events", {
  timeout: 300_000,
}, () => {
  const result = walk(devicePairing, { ...otherKeys, maxDepth: 6 });
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions }).toEqual({ states: 9_511, transitions: 821_254 });
  console.log(`walked one device with two keys to depth 6: ${result.states} states, ${result.transitions} events`);
});

test("[pairing:pinned-claims] [R-30] pairing walk: in every reachable state a node is pinned to what its owner was shown", {
  timeout: 300_000,
}, () => {
  const result = walk(devicePairing, claiming);
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions, depth: result.depth }).toEqual({
    states: 3_018,
    transitions: 423_637,
    depth: 17,
  });
  console.log(`walked every state of one device with claims: ${result.states} states, ${result.transitions} events`);
});

test("[pairing:caps] [R-50] pairing walk: with room for one request, one waits and the other is refused", () => {
  const result = walk(devicePairing, { ...twoDevices, maxDepth: 3, limits: { maxPending: 1 } });
  expect(result.violation).toBeUndefined();
  expect(result.outcomes["refused"]).toBeGreaterThan(
    walk(devicePairing, { ...twoDevices, maxDepth: 3 }).outcomes["refused"]!,
  );
});

const root = { scopes: [admin, "operator.approvals", pairing] };
type Change = (
  before: DevicePairingState,
  event: DevicePairingEvent,
  real: ReturnType<Reducer>,
  again: (event: DevicePairingEvent, state?: DevicePairingState) => ReturnType<Reducer>,
) => ReturnType<Reducer>;

/** Reducers that are wrong in one way each. Every one of them is an incident that happened to somebody. */
const mutants: Record<string, Change> = {
  "a local upgrade is approved silently": (_, event, real, again) =>
    event.type === "admit" && event.isSilentEligible && real.outcome.type === "pairing-required"
      ? again(
          event,
          again({ type: "approve", requestId: real.outcome.request.requestId, caller: root }, real.state).state,
        )
      : real,
  "approving doesn't ask what the approver holds": (_, event, real, again) =>
    event.type === "approve" && real.outcome.type === "forbidden" && real.outcome.reason === "missing-scopes"
      ? again({ ...event, caller: root })
      : real,
  "approving ignores the owner's choice of fewer scopes": (_, event, real, again) =>
    event.type === "approve" && event.grantScopes !== undefined ? again({ ...event, grantScopes: undefined }) : real,
  "revoking answers and forgets": (before, _, real) =>
    real.outcome.type === "revoked" ? { ...real, state: before } : real,
  "revoking leaves the connections open": (_, __, real) =>
    real.outcome.type === "revoked" ? { ...real, outcome: { ...real.outcome, closeSockets: [] } } : real,
  "a revoked role comes back with the shared secret": (before, event, real, again) => {
    const isRevoked =
      event.type === "admit" && before.paired[event.deviceId]?.tokens[event.role]?.revokedAtMs !== undefined;
    if (!isRevoked || !event.isProven) return real;
    return again(event, changeToken(before, event, withoutRevocation));
  },
  "rotating widens what is approved": (_, event, real) => {
    if (event.type !== "rotate" || real.outcome.type !== "rotated") return real;
    const device = real.state.paired[event.deviceId]!;
    const paired = { ...real.state.paired, [event.deviceId]: { ...device, scopes: [...device.scopes, admin] } };
    return { ...real, state: { ...real.state, paired } };
  },
  "anybody with pairing rotates anybody": (_, event, real, again) =>
    event.type === "rotate" && real.outcome.type === "forbidden" && event.caller.scopes.includes(pairing)
      ? again({ ...event, caller: root })
      : real,
  "a waiting request grows under its old id": (before, event, real) => {
    if (real.outcome.type !== "pairing-required" || real.outcome.change !== "superseded" || event.type !== "admit")
      return real;
    const old = Object.values(before.pending).find(({ deviceId }) => deviceId === event.deviceId)!;
    const { [real.outcome.request.requestId]: _, ...pending } = real.state.pending;
    return {
      ...real,
      state: {
        ...real.state,
        pending: { ...pending, [old.requestId]: { ...real.outcome.request, requestId: old.requestId } },
      },
    };
  },
  "a second request of a device waits beside the first": (before, _, real) =>
    real.outcome.type === "pairing-required"
      ? { ...real, state: { ...real.state, pending: { ...before.pending, ...real.state.pending } } }
      : real,
  "a token is issued to whom pairing is required of": (_, event, real) => {
    if (real.outcome.type !== "pairing-required" || event.type !== "admit") return real;
    const device = real.state.paired[event.deviceId];
    if (device === undefined) return real;
    const token = { token: event.freshToken, role: event.role, scopes: [], createdAtMs: 0 };
    const changed = { ...device, tokens: { ...device.tokens, [event.role]: token } };
    return { ...real, state: { ...real.state, paired: { ...real.state.paired, [event.deviceId]: changed } } };
  },
  "no scopes asked for means admin": (_, event, real) =>
    real.outcome.type === "admitted" &&
    event.type === "admit" &&
    event.role === "operator" &&
    event.requestedScopes?.length === 0
      ? { ...real, outcome: { ...real.outcome, scopes: [admin] } }
      : real,
  "the old token outlives the first use of the new one": (before, event, real) => {
    if (event.type !== "admit" || real.outcome.type !== "admitted") return real;
    const old = before.paired[event.deviceId]?.tokens[event.role];
    if (old?.next === undefined || real.state.paired[event.deviceId]?.tokens[event.role]?.next !== undefined)
      return real;
    return {
      ...real,
      state: changeToken(real.state, event, (token) => ({ ...token, token: old.token, next: old.next! })),
    };
  },
  "a token presented by another device counts": (before, event, real, again) => {
    if (event.type !== "admit" || event.presented.length === 0 || real.outcome.type !== "refused") return real;
    const all = Object.values(before.paired).flatMap(({ tokens }) => Object.values(tokens));
    return all.some(({ token }) => event.presented.includes(token)) ? again({ ...event, isProven: true }) : real;
  },
  "a removed device keeps its place": (before, _, real) =>
    real.outcome.type === "removed" ? { ...real, state: { ...real.state, paired: before.paired } } : real,
  "another key under a known id is the same device": (before, event, real, again) => {
    const known = event.type === "admit" ? before.paired[event.deviceId] : undefined;
    return event.type === "admit" && known !== undefined ? again({ ...event, publicKey: known.publicKey }) : real;
  },
  "a stranger without any secret is put on the list as admitted": (_, event, real, again) =>
    event.type === "admit" && real.outcome.type === "refused"
      ? again({ ...event, isProven: true, isSilentEligible: true })
      : real,
  "approving an operator brings back scopes that ended with the revocation": (before, event, real) => {
    if (event.type !== "approve" || real.outcome.type !== "approved") return real;
    const { deviceId, device } = real.outcome;
    const scopes = [...new Set([...(before.paired[deviceId]?.scopes ?? []), ...device.scopes])];
    return { ...real, state: { ...real.state, paired: { ...real.state.paired, [deviceId]: { ...device, scopes } } } };
  },
};

/** Reducers that get a node's claims wrong. */
const claimMutants: Record<string, Change> = {
  "a node is pinned to what it says later": (_, event, real) => {
    if (event.type !== "admit" || event.role !== "node" || real.outcome.type !== "admitted") return real;
    const device = { ...real.state.paired[event.deviceId]!, ...event.metadata };
    return { ...real, state: { ...real.state, paired: { ...real.state.paired, [event.deviceId]: device } } };
  },
  "approving an operator takes over its claims": (before, event, real) => {
    if (event.type !== "approve" || real.outcome.type !== "approved") return real;
    const request = before.pending[event.requestId]!;
    const device = { ...real.outcome.device, commands: request.commands ?? [] };
    return { ...real, state: { ...real.state, paired: { ...real.state.paired, [device.deviceId]: device } } };
  },
  "an operator's connect clears what the node of the same app claims": (_, event, real) => {
    if (event.type !== "admit" || event.role !== "operator" || real.outcome.type !== "pairing-required") return real;
    const { commands: __, ...request } = real.outcome.request;
    const pending = { ...real.state.pending, [request.requestId]: request };
    return { state: { ...real.state, pending }, outcome: { ...real.outcome, request } };
  },
  "a node's request keeps showing what it claimed first": (before, event, real) => {
    const waiting = Object.values(before.pending)[0];
    const isNode = event.type === "admit" && event.role === "node" && real.outcome.type === "pairing-required";
    if (!isNode || waiting?.roles.includes("node") !== true || real.outcome.type !== "pairing-required") return real;
    return { state: before, outcome: { ...real.outcome, request: waiting, change: "unchanged" } };
  },
  "a first pairing as operator pins claims": (_, event, real) => {
    if (event.type !== "admit" || event.role !== "operator" || real.outcome.type !== "admitted") return real;
    if (!real.outcome.isFirstPairing) return real;
    const device = { ...real.state.paired[event.deviceId]!, ...event.metadata, nodeApprovedAtMs: 1 };
    return { ...real, state: { ...real.state, paired: { ...real.state.paired, [event.deviceId]: device } } };
  },
};

function withoutRevocation(token: DeviceToken): DeviceToken {
  return Object.fromEntries(Object.entries(token).filter(([key]) => key !== "revokedAtMs")) as unknown as DeviceToken;
}

function changeToken(
  state: DevicePairingState,
  { deviceId, role }: AdmitEvent,
  change: (token: DeviceToken) => DeviceToken,
): DevicePairingState {
  const device = state.paired[deviceId]!;
  const tokens = { ...device.tokens, [role]: change(device.tokens[role]!) };
  return { ...state, paired: { ...state.paired, [deviceId]: { ...device, tokens } } };
}

describe("[pairing:walk-mutants] the walk catches a reducer in which", () => {
  test.each(Object.entries({ ...mutants, ...claimMutants }))("%s", { timeout: 120_000 }, (_, change) => {
    const broken: Reducer = (state, event, nowMs, limits) =>
      change(state, event, devicePairing(state, event, nowMs, limits), (other, at = state) =>
        devicePairing(at, other, nowMs, limits),
      );
    const violation =
      walk(broken, { ...claiming, maxDepth: 4 }).violation ??
      walk(broken, { ...twoDevices, maxDepth: 3 }).violation ??
      walk(broken, { ...otherKeys, maxDepth: 6 }).violation;
    expect(violation).toBeDefined();
    console.log(violation?.split("\n")[0]);
  });
});
