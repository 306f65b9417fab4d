// Walks the real reducer breadth-first through every event at every state, and compares each step with a second, far
// simpler bookkeeping ("the ledger") of what owners really allowed. Not a model of the reducer: only of consent.
import type { SecretDigest } from "@saltgate/identity";
import { nativeEngine } from "@saltgate/identity/node";
import {
  type AdmitEvent,
  type DevicePairingEvent,
  type DevicePairingLimits,
  type DevicePairingOutcomes,
  type DevicePairingState,
  type DeviceToken,
  defaultDevicePairingLimits,
  deviceDocumentShapes,
  emptyDevicePairing,
  type NodeFacts,
  type PairedDevice,
  type PendingDevice,
  type Transition,
} from "../../src/index.ts";

type AnyOutcome = DevicePairingOutcomes[keyof DevicePairingOutcomes];
export type Reducer = (
  state: DevicePairingState,
  event: DevicePairingEvent,
  nowMs: number,
  limits: DevicePairingLimits,
) => Transition<DevicePairingState, AnyOutcome>;

/** What owners allowed one device. */
interface Consent {
  readonly key: string;
  readonly roles: readonly string[];
  /** Roles that were closed, and would come back with a rotation by an admin. */
  readonly closed: readonly string[];
  readonly scopes: readonly string[];
  /** What the node role was let in with, as text; `undefined` when it never was. */
  readonly claims: string | undefined;
}
type Ledger = Readonly<Record<string, Consent>>;

interface Node {
  readonly state: DevicePairingState;
  readonly ledger: Ledger;
  /** Who a digest was handed to. */
  readonly handedOut: ReadonlyMap<string, string>;
  /** Digests that must never count again. */
  readonly ended: ReadonlySet<string>;
  readonly nowMs: number;
  readonly path: string;
}

export interface WalkOptions {
  readonly devices: readonly string[];
  readonly scopeRequests: readonly (readonly string[])[];
  /** Most events after each other; `undefined` walks until nothing new is found. */
  readonly maxDepth?: number;
  readonly limits?: Partial<DevicePairingLimits>;
  /** What nodes say that they can do. */
  readonly claims?: readonly NodeFacts[];
  /** Whether devices come with another key under the same id as well. */
  readonly withOtherKeys?: boolean;
}

export interface WalkResult {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** The first step that broke a rule, with the events that led to it. */
  readonly violation: string | undefined;
}

const tokenTtlMs = 10_000_000;
const [read, admin, pairing] = ["operator.read", "operator.admin", "operator.pairing"];
const ownerDefaults = [admin, "operator.approvals", pairing];
const wrong: SecretDigest = `sha256:${"f".repeat(64)}`;
const shapes = deviceDocumentShapes(nativeEngine.sha256);

/** Independent of the lattice under test: admin covers all, write covers read, anything covers itself. */
const covers = (held: readonly string[], scope: string): boolean =>
  held.some((own) => own === scope || own === admin || (own === "operator.write" && scope === read));
const coversAll = (held: readonly string[], scopes: readonly string[]) => scopes.every((scope) => covers(held, scope));

export function walk(reducer: Reducer, options: WalkOptions): WalkResult {
  const limits = { ...defaultDevicePairingLimits, tokenTtlMs, ...options.limits };
  const start: Node = {
    state: emptyDevicePairing,
    ledger: {},
    handedOut: new Map(),
    ended: new Set(),
    nowMs: 1_000_000,
    path: "",
  };
  const seen = new Set([keyOf(start)]);
  const outcomes: Record<string, number> = {};
  let frontier: Node[] = [start];
  let transitions = 0;
  let depth = 0;
  let serial = 0;
  while (frontier.length > 0 && depth < (options.maxDepth ?? Number.POSITIVE_INFINITY)) {
    depth += 1;
    const found: Node[] = [];
    for (const node of frontier) {
      for (const [event, nowMs] of eventsAt(node, options, () => ++serial)) {
        transitions += 1;
        const { state, outcome } = reducer(node.state, event, nowMs, limits);
        outcomes[outcome.type] = (outcomes[outcome.type] ?? 0) + 1;
        const next = settle(nowMs === node.nowMs ? node : { ...node, nowMs }, event, state, outcome);
        if (next === node) continue;
        const violation = typeof next === "string" ? next : undefined;
        if (violation !== undefined || typeof next === "string") {
          return {
            states: seen.size,
            transitions,
            depth,
            outcomes,
            violation: `${violation}${node.path}\n  ${describe(event)}`,
          };
        }
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        const broken = brokenRule(next, limits);
        if (broken !== undefined) {
          return {
            states: seen.size,
            transitions,
            depth,
            outcomes,
            violation: `${broken}${node.path}\n  ${describe(event)}`,
          };
        }
        found.push({ ...next, path: `${node.path}\n  ${describe(event)}` });
      }
    }
    frontier = found;
  }
  return { states: seen.size, transitions, depth, outcomes, violation: undefined };
}

/** Every event that can happen at a state, with the time at which it does. */
function* eventsAt(node: Node, options: WalkOptions, serial: () => number): Generator<[DevicePairingEvent, number]> {
  const { state, nowMs } = node;
  for (const event of eventsNow(state, options, serial)) yield [event, nowMs];
  yield [{ type: "expire" }, nowMs + 300_001];
  yield [{ type: "expire" }, nowMs + tokenTtlMs];
}

function* eventsNow(
  state: DevicePairingState,
  options: WalkOptions,
  serial: () => number,
): Generator<DevicePairingEvent> {
  const { devices } = options;
  for (const deviceId of devices) {
    const keys = options.withOtherKeys ? ["k", "other"] : ["k"];
    for (const key of keys) yield* admissions(state, deviceId, `${key} of ${deviceId}`, options, serial);
  }
  const callers = [
    { scopes: ownerDefaults },
    { scopes: [] },
    { scopes: [pairing] },
    { scopes: [pairing, read] },
    // A device that is in acts with what it was granted, on itself and on others.
    ...devices.flatMap((deviceId) => {
      const device = state.paired[deviceId];
      if (device === undefined || device.tokens["operator"]?.revokedAtMs !== undefined) return [];
      return device.roles.includes("operator") ? [{ deviceId, scopes: device.scopes }] : [];
    }),
    // A pairing-only device, whichever it is.
    ...devices.map((deviceId) => ({ deviceId, scopes: [pairing] })),
  ];
  for (const caller of callers) {
    for (const requestId of [...Object.keys(state.pending), "__proto__"]) {
      for (const grantScopes of [undefined, [], [read], [admin]]) {
        yield { type: "approve", requestId, caller, grantScopes };
      }
      yield { type: "reject", requestId, caller };
    }
    for (const deviceId of devices) {
      yield { type: "remove", deviceId, caller };
      for (const role of ["operator", "node"]) {
        yield { type: "revoke", deviceId, role, caller };
        for (const scopes of [undefined, [read], [admin]]) yield { type: "rotate", deviceId, role, caller, scopes };
      }
    }
  }
}

function* admissions(
  state: DevicePairingState,
  deviceId: string,
  publicKey: string,
  options: WalkOptions,
  serial: () => number,
): Generator<AdmitEvent> {
  for (const role of ["operator", "node"] as const) {
    const token = state.paired[deviceId]?.tokens[role];
    const others = Object.values(state.paired).filter((device) => device.deviceId !== deviceId);
    const foreign = others.flatMap((device) => Object.values(device.tokens).map((held) => held.token)).slice(0, 1);
    const presentable = [
      [],
      [wrong],
      ...(token ? [[token.token]] : []),
      ...(token?.next ? [[token.next.token]] : []),
      ...(foreign.length > 0 ? [foreign] : []),
    ];
    for (const requestedScopes of role === "node" ? [[]] : options.scopeRequests) {
      for (const presented of presentable) {
        for (const [isProven, isSilentEligible] of [
          [true, true],
          [true, false],
          [false, false],
        ] as const) {
          // An operator may say the same of itself; nobody shall see or pin that.
          for (const claims of options.claims ?? [{}]) {
            const id = serial();
            yield {
              type: "admit",
              deviceId,
              publicKey,
              role,
              requestedScopes,
              isProven,
              isSilentEligible,
              presented,
              defaultScopes: ownerDefaults,
              metadata: { displayName: deviceId, ...claims, ...(isSilentEligible ? {} : { remoteIp: "203.0.113.9" }) },
              requestId: `r${id}`,
              freshToken: `sha256:${id.toString(16).padStart(64, "0")}`,
            };
          }
        }
      }
    }
  }
}

/** The node after a step with its ledger brought up to date, or the rule that the step broke. */
function settle(
  before: Node,
  event: DevicePairingEvent,
  state: DevicePairingState,
  outcome: AnyOutcome,
): Node | string {
  for (const [id, row] of Object.entries(before.state.pending)) {
    const same = state.pending[id];
    if (same !== undefined && same !== row && JSON.stringify(same) !== JSON.stringify(row))
      return "a waiting request changed under its owner's eyes";
  }
  if ("caller" in event) {
    const isSelf = "deviceId" in event && event.deviceId === event.caller.deviceId;
    const mayTry = covers(event.caller.scopes, pairing);
    const mayActOnOthers = covers(event.caller.scopes, admin);
    const isOrderOnDevice = "deviceId" in event;
    const lacksRight = !mayTry || (isOrderOnDevice && !isSelf && !mayActOnOthers);
    const isTouched = state.paired !== before.state.paired;
    if (lacksRight && isTouched && JSON.stringify(state.paired) !== JSON.stringify(before.state.paired))
      return "a caller without the right changed something";
  }
  // Copied when they change only: most of the millions of steps change nothing.
  let ledger = before.ledger;
  let handedOut = before.handedOut;
  let ended = before.ended;
  const agree = (deviceId: string, consent: Consent) => {
    ledger = { ...ledger, [deviceId]: consent };
  };
  const endTokens = (...digests: readonly string[]) => {
    ended = new Set([...ended, ...digests]);
  };
  const end = (deviceId: string, role?: string) => {
    for (const token of Object.values(before.state.paired[deviceId]?.tokens ?? {})) {
      if (role === undefined || token.role === role) endTokens(token.token, token.next?.token ?? token.token);
    }
  };
  switch (outcome.type) {
    case "admitted": {
      if (event.type !== "admit") return "admitted without asking";
      const consent = before.ledger[event.deviceId];
      const token = before.state.paired[event.deviceId]?.tokens[event.role];
      if (outcome.isFirstPairing) {
        if (!event.isSilentEligible || !event.isProven) return "silent pairing of somebody who isn't the local owner";
        if (consent !== undefined) return "silent approval of a known device";
        const named = event.requestedScopes ?? [];
        const scopes = event.role !== "operator" ? [] : named.length > 0 ? named : ownerDefaults;
        if (!coversAll(ownerDefaults, scopes)) return "a silent pairing beyond the defaults";
        agree(event.deviceId, {
          key: event.publicKey,
          roles: [event.role],
          closed: [],
          scopes,
          claims: event.role === "node" ? claimsKey(event.metadata) : undefined,
        });
      } else {
        if (consent === undefined || consent.key !== event.publicKey) return "a stranger came in";
        if (!consent.roles.includes(event.role)) return "a role that nobody approved came in";
        const held = event.presented.filter((digest) => digest === token?.token || digest === token?.next?.token);
        if (!event.isProven && held.length === 0) return "came in without any proof";
        if (held.some((digest) => before.ended.has(digest))) return "a token that had ended came in";
        if (token?.next !== undefined && event.presented.includes(token.next.token)) endTokens(token.token);
        if (token?.expiresAtMs !== undefined && before.nowMs >= token.expiresAtMs) {
          if (!event.isProven) return "an expired token came in";
          endTokens(token.token);
        }
      }
      const scopes = ledger[event.deviceId]?.scopes ?? [];
      if (event.role === "node" && outcome.scopes.length > 0) return "a node was granted scopes";
      if (!coversAll(scopes, outcome.scopes)) return "granted more than was approved";
      const named = event.requestedScopes ?? [];
      if (named.length > 0 && !coversAll(named, outcome.scopes)) return "granted more than was asked for";
      if (outcome.isTokenIssued)
        handedOut = new Map([...handedOut, [event.freshToken, `${event.deviceId} ${event.role}`]]);
      break;
    }
    case "pairing-required": {
      if (event.type !== "admit") return "pairing is required of nobody";
      const { request } = outcome;
      const asked = Object.values(before.state.pending).find(
        ({ deviceId, publicKey }) => deviceId === event.deviceId && publicKey === event.publicKey,
      );
      const shown = request.roles.includes("node") ? claimsKey(request) : undefined;
      if (event.role === "node" && shown !== claimsKey(event.metadata)) return "a node's request shows other claims";
      if (event.role === "operator" && shown !== undefined && shown !== claimsKey(asked ?? {}))
        return "an operator changed what a node claims";
      break;
    }
    case "approved": {
      if (event.type !== "approve") return "approved without an owner";
      const request = before.state.pending[event.requestId];
      if (request === undefined) return "approved what wasn't waiting";
      const grant = event.grantScopes ?? request.scopes;
      if (request.scopes.length > 0 && !coversAll(request.scopes, grant)) return "granted what wasn't asked for";
      const known = before.ledger[request.deviceId];
      const consent = known?.key === request.publicKey ? known : undefined;
      const wasOpen = consent?.roles.includes("operator") === true;
      const kept = wasOpen || !request.roles.includes("operator") ? (consent?.scopes ?? []) : [];
      const roles = [...new Set([...(consent?.roles ?? []), ...request.roles])].sort();
      const scopes = [...new Set([...kept, ...grant])].sort();
      const needs = [pairing, ...scopes, ...(roles.includes("node") ? [admin] : [])];
      if (!coversAll(event.caller.scopes, needs)) return "approved by somebody who doesn't hold what was granted";
      const closed = (consent?.closed ?? []).filter((role) => !request.roles.includes(role));
      agree(request.deviceId, {
        key: request.publicKey,
        roles,
        closed,
        scopes,
        claims: request.roles.includes("node") ? claimsKey(request) : consent?.claims,
      });
      if (consent === undefined) end(request.deviceId);
      for (const role of request.roles) if (consent?.roles.includes(role) !== true) end(request.deviceId, role);
      break;
    }
    case "revoked": {
      const consent = before.ledger[outcome.deviceId];
      if (consent === undefined) return "revoked a stranger";
      const hadToken = before.state.paired[outcome.deviceId]?.tokens[outcome.role] !== undefined;
      const wasOpen = consent.roles.includes(outcome.role);
      agree(outcome.deviceId, {
        ...consent,
        roles: consent.roles.filter((role) => role !== outcome.role),
        claims: outcome.role === "node" && !hadToken ? undefined : consent.claims,
        closed: wasOpen && hadToken ? [...consent.closed, outcome.role].sort() : consent.closed,
      });
      end(outcome.deviceId, outcome.role);
      break;
    }
    case "rotated": {
      if (event.type !== "rotate") return "rotated without an order";
      const consent = before.ledger[outcome.deviceId];
      if (consent === undefined) return "rotated a stranger's token";
      if (event.scopes !== undefined && !coversAll(event.caller.scopes, event.scopes))
        return "rotated to scopes that the caller lacks";
      if (consent.closed.includes(outcome.role)) {
        if (!coversAll(event.caller.scopes, [admin, ...consent.scopes]))
          return "opened a revoked role without being admin";
        end(outcome.deviceId, outcome.role);
        agree(outcome.deviceId, {
          ...consent,
          roles: [...consent.roles, outcome.role].sort(),
          closed: consent.closed.filter((role) => role !== outcome.role),
        });
      }
      break;
    }
    case "removed":
      end(outcome.deviceId);
      ledger = Object.fromEntries(Object.entries(ledger).filter(([deviceId]) => deviceId !== outcome.deviceId));
      break;
    default:
      break;
  }
  if ("closeSockets" in outcome && ["revoked", "rotated", "removed"].includes(outcome.type)) {
    if (!outcome.closeSockets.some(({ deviceId }) => deviceId === outcome.deviceId))
      return "live connections were left open";
  }
  const isSame = ledger === before.ledger && handedOut === before.handedOut && ended === before.ended;
  if (isSame && state === before.state) return before;
  return { ...before, state, ledger, handedOut, ended };
}

/** The rule that a state breaks, or `undefined`. */
function brokenRule({ state, ledger, handedOut, ended, nowMs }: Node, limits: DevicePairingLimits): string | undefined {
  for (const device of Object.values(state.paired)) {
    const consent = ledger[device.deviceId];
    if (consent === undefined || consent.key !== device.publicKey) return "a device is paired that nobody let in";
    const live = device.roles.filter((role) => device.tokens[role]?.revokedAtMs === undefined);
    if (!live.every((role) => consent.roles.includes(role))) return "a role exists that nobody approved";
    if (live.includes("operator") && !coversAll(consent.scopes, device.scopes))
      return "a scope exists that nobody approved";
    if ((device.nodeApprovedAtMs === undefined ? undefined : claimsKey(device)) !== consent.claims)
      return "a node is pinned to what nobody was shown";
    if (consent.claims === undefined && claimsKey({ ...device, platform: "" }) !== claimsKey({ platform: "" }))
      return "claims are pinned without the node role";
    for (const token of Object.values(device.tokens)) {
      if (token.revokedAtMs !== undefined) continue;
      if (!live.includes(token.role)) return "a token lives without its role";
      if (!coversAll(token.role === "operator" ? device.scopes : [], token.scopes))
        return "a token exceeds what is approved";
      for (const digest of [token.token, token.next?.token ?? token.token]) {
        if (handedOut.get(digest) !== `${device.deviceId} ${token.role}`)
          return "a token exists that was handed to nobody";
        if (ended.has(digest)) return "a token that had ended lives on";
      }
    }
  }
  const waiting = Object.values(state.pending);
  if (new Set(waiting.map(({ deviceId }) => deviceId)).size !== waiting.length)
    return "two requests of one device wait";
  if (waiting.length > limits.maxPending) return "more wait than may";
  if (waiting.some(({ roles, caps, commands }) => !roles.includes("node") && (caps ?? commands) !== undefined))
    return "an operator's request shows claims";
  if (waiting.some(({ silent }) => silent)) return "a silent request waits";
  const again = {
    pending: throughFile(shapes.pending, state.pending),
    paired: throughFile(shapes.paired, state.paired),
  };
  if (keyOf({ state: again, ledger, nowMs }) !== keyOf({ state, ledger, nowMs })) return "a restart changes the state";
  return undefined;
}

function throughFile<T>(shape: { readonly parse: (json: unknown) => T }, value: T): T {
  return shape.parse(JSON.parse(JSON.stringify(value)));
}

/** Two states with the same key behave alike: fresh ids, secrets and moments are replaced by what matters of them. */
function keyOf({ state, ledger, nowMs }: Pick<Node, "state" | "ledger" | "nowMs">): string {
  const parts: string[] = [];
  for (const device of Object.values(state.paired).sort(byDevice)) {
    parts.push(pairedKey(device));
    for (const role of ["node", "operator"]) {
      const token = device.tokens[role];
      if (token === undefined) continue;
      const expired = token.expiresAtMs !== undefined && nowMs >= token.expiresAtMs;
      parts.push(`T${tokenKey(token)} ${expired}`);
    }
  }
  for (const row of Object.values(state.pending).sort(byDevice)) {
    parts.push(`W${pendingKey(row)} ${nowMs - row.ts > 300_000}`);
  }
  return `${parts.join("\n")}\n${ledgerKey(ledger)}`;
}

/** Remembers what was made of an object: most of a state is the same object as in the state before. */
function remembered<T extends object>(make: (value: T) => string): (value: T) => string {
  const known = new WeakMap<T, string>();
  return (value) => {
    const text = known.get(value) ?? make(value);
    known.set(value, text);
    return text;
  };
}

const pairedKey = (device: PairedDevice) => {
  const roles = [...device.roles].sort().join();
  return `P${device.deviceId} ${device.publicKey} ${roles} ${device.scopes.join()} ${claimsKey(device)}`;
};

const tokenKey = ({ role, scopes, revokedAtMs, rotationPending, next }: DeviceToken) => {
  const marks = [revokedAtMs !== undefined, rotationPending === true, next !== undefined];
  return `${role} ${scopes.join()} ${marks.map(Number).join("")}`;
};

const pendingKey = (row: PendingDevice) => {
  const asked = `${row.roles.join()} ${row.scopes.join()} ${row.remoteIp} ${row.isRepair}`;
  return `${row.deviceId} ${row.publicKey} ${asked} ${claimsKey(row)}`;
};

const ledgerKey = remembered((ledger: Ledger) => {
  const entries = Object.entries(ledger).sort(([left], [right]) => (left < right ? -1 : 1));
  return entries
    .map(([deviceId, consent]) => {
      const { key, roles, closed, scopes, claims } = consent;
      return `L${deviceId} ${key} ${roles.join()} ${closed.join()} ${[...scopes].sort().join()} ${claims}`;
    })
    .join("\n");
});

/** What a node says, as text. Written without the code under test. */
function claimsKey({ caps = [], commands = [], permissions = {}, platform, deviceFamily }: NodeFacts): string {
  return JSON.stringify([caps, commands, Object.entries(permissions), platform ?? null, deviceFamily ?? null]);
}

const byDevice = (left: { deviceId: string }, right: { deviceId: string }) => (left.deviceId < right.deviceId ? -1 : 1);

function describe(event: DevicePairingEvent): string {
  if (event.type !== "admit") return JSON.stringify(event);
  const { role, deviceId, requestedScopes, isProven, isSilentEligible, presented, publicKey } = event;
  return JSON.stringify({
    admit: deviceId,
    role,
    requestedScopes,
    isProven,
    isSilentEligible,
    presented: presented.length,
    claims: claimsKey(event.metadata),
    publicKey,
  });
}
