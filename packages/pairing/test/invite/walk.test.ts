import { describe, expect, test } from "vitest";
import { type DeviceInviteEvent, type DeviceInvitesState, deviceInvites } from "../../src/index.ts";
import { type Reducer, walk } from "./walk.ts";

test("[invites:walk] [R-28] invites walk: in every reachable state a code is good for one key, one role, what its owner named, and not for long", {
  timeout: 120_000,
}, () => {
  const result = walk(deviceInvites);
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions }).toEqual({ states: 4_375, transitions: 621_115 });
  const reasons = ["unknown", "expired", "completed", "used", "role", "scopes", "too-many", "unknown-scope"];
  for (const outcome of [
    "created",
    "redeemed",
    "revoked",
    "forbidden",
    ...reasons.map((reason) => `refused: ${reason}`),
  ]) {
    expect(result.outcomes[outcome], outcome).toBeGreaterThan(50);
  }
  console.log(`walked every state of two open codes: ${result.states} states, ${result.transitions} events`);
});

type Change = (
  before: DeviceInvitesState,
  event: DeviceInviteEvent,
  real: ReturnType<Reducer>,
  again: (event: DeviceInviteEvent, state?: DeviceInvitesState, nowMs?: number) => ReturnType<Reducer>,
) => ReturnType<Reducer>;
const root = { scopes: ["operator.admin"] };
const isRefused = (real: ReturnType<Reducer>, reason: string) =>
  real.outcome.type === "refused" && real.outcome.reason === reason;
const unbound = (state: DeviceInvitesState): DeviceInvitesState =>
  Object.fromEntries(
    Object.entries(state).map(([id, row]) => {
      const { boundTo: _, completed: __, ...rest } = row;
      return [id, rest];
    }),
  );

/** Reducers that are wrong in one way each. */
const mutants: Record<string, Change> = {
  "anybody makes a code": (_, event, real, again) =>
    event.type === "create" && real.outcome.type === "forbidden" ? again({ ...event, caller: root }) : real,
  "a code isn't bound to the first key": (_, event, real) =>
    event.type === "redeem" && real.outcome.type === "redeemed" ? { ...real, state: unbound(real.state) } : real,
  "a code is good for a second key": (before, event, real, again) =>
    event.type === "redeem" && isRefused(real, "used") ? again(event, unbound(before)) : real,
  "the key alone binds, and not its device": (before, event, real, again) => {
    const bound = Object.values(before).find(
      ({ boundTo }) => event.type === "redeem" && boundTo?.publicKey === event.publicKey,
    );
    return event.type === "redeem" && isRefused(real, "used") && bound !== undefined
      ? again(event, unbound(before))
      : real;
  },
  "a code is good after its device was paired": (before, event, real, again) =>
    event.type === "redeem" && isRefused(real, "completed") ? again(event, unbound(before)) : real,
  "a code has no end": (_, event, real, again) =>
    event.type === "redeem" && isRefused(real, "expired") ? again(event, undefined, 1) : real,
  "a code lets in with any role": (before, event, real, again) => {
    if (event.type !== "redeem" || !isRefused(real, "role")) return real;
    return again(
      event,
      Object.fromEntries(Object.entries(before).map(([id, row]) => [id, { ...row, role: event.role }])),
    );
  },
  "a code gives whatever is asked for": (_, event, real) =>
    real.outcome.type === "redeemed" && event.type === "redeem"
      ? { ...real, outcome: { ...real.outcome, scopes: ["operator.admin"] } }
      : real,
  "who names only what isn't known gets everything": (_, event, real, again) =>
    event.type === "redeem" && event.requestedScopes?.[0] === "operator.all"
      ? again({ ...event, requestedScopes: [] })
      : real,
  "another device completes it": (before, event, real, again) => {
    const row = event.type === "complete" ? before[event.inviteId] : undefined;
    return event.type === "complete" && row?.boundTo !== undefined && isRefused(real, "used")
      ? again({ ...event, deviceId: row.boundTo.deviceId })
      : real;
  },
  "there is no bound to open codes": (_, event, real, again) =>
    event.type === "create" && isRefused(real, "too-many")
      ? { state: { ...real.state, ...again(event, {}).state }, outcome: again(event, {}).outcome }
      : real,
  "ending a code answers and forgets": (before, _, real) =>
    real.outcome.type === "revoked" ? { ...real, state: before } : real,
};

describe("[invites:walk] the invites walk catches a reducer in which", () => {
  test.each(Object.entries(mutants))("%s", (_, change) => {
    const broken: Reducer = (state, event, nowMs, limits) =>
      change(state, event, deviceInvites(state, event, nowMs, limits), (other, at = state, whenMs = nowMs) =>
        deviceInvites(at, other, whenMs, limits),
      );
    const { violation } = walk(broken, 5);
    expect(violation).toBeDefined();
    console.log(violation?.split("\n")[0]);
  });
});
