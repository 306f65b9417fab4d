// Walks the real reducer of setup codes through every event at every state, beside a bookkeeping of its own: who made
// which code, until when, for what, and whose key came first.
import type { SecretDigest } from "@saltgate/identity";
import {
  type DeviceInviteEvent,
  type DeviceInviteLimits,
  type DeviceInviteOutcomes,
  type DeviceInvitesState,
  defaultDeviceInviteLimits,
  deviceInvitesShape,
  type Transition,
} from "../../src/index.ts";

export type Reducer = (
  state: DeviceInvitesState,
  event: DeviceInviteEvent,
  nowMs: number,
  limits: DeviceInviteLimits,
) => Transition<DeviceInvitesState, DeviceInviteOutcomes[keyof DeviceInviteOutcomes]>;

/** What an owner made, and what became of it. */
interface Made {
  readonly role: string;
  readonly scopes: readonly string[];
  readonly untilMs: number;
  readonly key?: string;
  readonly isOver?: boolean;
}
interface Place {
  readonly state: DeviceInvitesState;
  readonly made: Readonly<Record<string, Made>>;
  readonly nowMs: number;
  readonly path: string;
}

const limits = { ...defaultDeviceInviteLimits, maxOpen: 2 };
const [read, write, admin] = ["operator.read", "operator.write", "operator.admin"];
const ids = ["i1", "i2", "i3"] as const;
const codeOf = (id: string): SecretDigest => `sha256:${id.charCodeAt(1).toString(16).padStart(64, "0")}`;
const holds = (held: readonly string[], scope: string) =>
  held.some((own) => own === scope || own === admin || (own === write && scope === read));

export function walk(reducer: Reducer, maxDepth?: number) {
  const start: Place = { state: {}, made: {}, nowMs: 1_000_000, path: "" };
  const seen = new Set([keyOf(start)]);
  const outcomes: Record<string, number> = {};
  let frontier = [start];
  let [transitions, depth] = [0, 0];
  while (frontier.length > 0 && depth < (maxDepth ?? Number.POSITIVE_INFINITY)) {
    depth += 1;
    const found: Place[] = [];
    for (const place of frontier) {
      for (const [event, waitMs] of events(place)) {
        transitions += 1;
        const nowMs = place.nowMs + waitMs;
        const { state, outcome } = reducer(place.state, event, nowMs, limits);
        const name = outcome.type === "refused" ? `refused: ${outcome.reason}` : outcome.type;
        outcomes[name] = (outcomes[name] ?? 0) + 1;
        const path = `${place.path}\n  ${JSON.stringify(event)}`;
        const next = settle({ ...place, nowMs, path }, event, state, outcome);
        if (typeof next === "string")
          return { states: seen.size, transitions, depth, outcomes, violation: next + path };
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        if (keyOf({ ...next, state: deviceInvitesShape.parse(JSON.parse(JSON.stringify(state))) }) !== key)
          return { states: seen.size, transitions, depth, outcomes, violation: `a restart changes the state${path}` };
        found.push(next);
      }
    }
    frontier = found;
  }
  return { states: seen.size, transitions, depth, outcomes, violation: undefined };
}

function* events({ state }: Place): Generator<[DeviceInviteEvent, number]> {
  const fresh = ids.find((id) => state[id] === undefined);
  for (const caller of [{ scopes: [admin] }, { scopes: [write, "operator.pairing"] }]) {
    for (const [role, scopes] of [
      ["operator", [write]],
      ["node", []],
      ["node", [read]],
      ["operator", ["operator.all"]],
    ] as const) {
      if (fresh !== undefined)
        yield [{ type: "create", role, scopes, caller, inviteId: fresh, code: codeOf(fresh) }, 0];
    }
    for (const inviteId of [...Object.keys(state), "__proto__"]) yield [{ type: "revoke", inviteId, caller }, 0];
  }
  for (const waitMs of [0, 600_000]) {
    for (const id of [...Object.keys(state), "x0"]) {
      for (const [deviceId, publicKey] of [
        ["a", "ka"],
        ["b", "kb"],
        ["a", "kb"],
      ] as const) {
        const use = { type: "redeem", code: codeOf(id), deviceId, publicKey } as const;
        for (const requestedScopes of [[], [read], [admin], ["operator.all"]])
          yield [{ ...use, role: "operator", requestedScopes }, waitMs];
        yield [{ ...use, role: "node" }, waitMs];
      }
      for (const deviceId of ["a", "b"]) yield [{ type: "complete", inviteId: id, deviceId }, waitMs];
    }
  }
  yield [{ type: "revoke", inviteId: "x", caller: { scopes: [admin] } }, 4_200_001];
}

/** The place after a step, or the rule that the step broke. */
function settle(
  at: Place,
  event: DeviceInviteEvent,
  state: DeviceInvitesState,
  outcome: DeviceInviteOutcomes[keyof DeviceInviteOutcomes],
): Place | string {
  const made = { ...at.made };
  switch (outcome.type) {
    case "created": {
      if (event.type !== "create") return "made without an order";
      if (!event.caller.scopes.includes(admin)) return "made by somebody who isn't admin";
      if (
        event.role === "node"
          ? event.scopes.length > 0
          : !event.scopes.every((scope) => [read, write, admin].includes(scope))
      )
        return "made for what nobody can have";
      made[event.inviteId] = { role: event.role, scopes: event.scopes, untilMs: at.nowMs + 600_000 };
      break;
    }
    case "redeemed": {
      const one = made[outcome.inviteId];
      if (event.type !== "redeem" || one === undefined) return "a code that nobody made was good";
      if (event.code !== codeOf(outcome.inviteId)) return "another code was good";
      if (one.isOver) return "a code was good after its device was paired";
      if (at.nowMs >= one.untilMs) return "a code was good after its end";
      const key = `${event.deviceId} ${event.publicKey}`;
      if (one.key !== undefined && one.key !== key) return "two keys used one code";
      if (one.role !== event.role || outcome.role !== one.role) return "a code let in with another role";
      if (!outcome.scopes.every((scope) => holds(one.scopes, scope))) return "a code gave more than its owner named";
      const named = event.requestedScopes ?? [];
      if (named.length > 0 && !outcome.scopes.every((scope) => holds(named, scope)))
        return "a code gave more than was asked for";
      if (outcome.isFirst !== (one.key === undefined)) return "the first use isn't told";
      made[outcome.inviteId] = { ...one, key };
      break;
    }
    case "completed": {
      const one = made[outcome.inviteId];
      if (event.type !== "complete" || one?.key?.startsWith(`${event.deviceId} `) !== true)
        return "another device completed it";
      made[outcome.inviteId] = { ...one, isOver: true };
      break;
    }
    case "revoked":
      if (event.type !== "revoke" || !event.caller.scopes.includes(admin)) return "ended by somebody who isn't admin";
      delete made[outcome.inviteId];
      if (state[outcome.inviteId] !== undefined) return "a code that was ended is there";
      break;
    default:
      if (Object.keys(state).some((id) => at.state[id] !== state[id])) return `${outcome.type} changed something`;
  }
  const open = Object.values(state).filter((row) => row.completed === undefined && at.nowMs < row.expiresAtMs);
  if (open.length > limits.maxOpen) return "more codes are open than may be";
  const known = Object.fromEntries(Object.entries(made).filter(([id]) => state[id] !== undefined));
  return { ...at, state, made: known };
}

function keyOf({ state, made, nowMs }: Place): string {
  return ids
    .map((id) => {
      const [row, one] = [state[id], made[id]];
      if (row === undefined) return `${one !== undefined}`;
      const bound = row.boundTo && `${row.boundTo.deviceId} ${row.boundTo.publicKey}`;
      return [
        row.role,
        row.scopes,
        bound,
        row.completed?.deviceId,
        nowMs >= row.expiresAtMs,
        one?.key,
        one?.isOver,
      ].join(" ");
    })
    .sort()
    .join("|");
}
