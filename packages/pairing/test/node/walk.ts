// Walks the real reducer breadth-first through every event at every state of one node, and compares each step with a
// separate bookkeeping of what owners allowed: the newest of what its device was let in with, what was approved of the
// node itself, and that it was taken off the list.
import type { SecretDigest } from "@saltgate/identity";
import { nativeEngine } from "@saltgate/identity/node";
import {
  defaultNodePairingLimits,
  emptyNodePairing,
  type NodeFacts,
  type NodePairingEvent,
  type NodePairingLimits,
  type NodePairingOutcomes,
  type NodePairingState,
  nodeDocumentShapes,
  type Transition,
} from "../../src/index.ts";

type AnyOutcome = NodePairingOutcomes[keyof NodePairingOutcomes];
export type Reducer = (
  state: NodePairingState,
  event: NodePairingEvent,
  nowMs: number,
  limits: NodePairingLimits,
) => Transition<NodePairingState, AnyOutcome>;

/** What owners decided, and when. `facts: undefined`: nothing is allowed. */
interface Decision {
  readonly facts: NodeFacts | undefined;
  readonly atMs: number;
}

interface Place {
  readonly state: NodePairingState;
  /** What its device was let in with; kept by device pairing, and told with every declaration. */
  readonly device: Decision | undefined;
  /** What was decided about the node itself. */
  readonly node: Decision | undefined;
  /** Declarations that the owner said no to. */
  readonly rejected: readonly { readonly facts: string; readonly atMs: number }[];
  readonly nowMs: number;
  readonly path: string;
}

/** What happens: an event of the reducer, or its device is let in anew, which the reducer hears of later. */
type Happening = NodePairingEvent | { readonly type: "device-approved"; readonly facts: NodeFacts };

export interface WalkOptions {
  readonly declarations: readonly NodeFacts[];
  /** Most events after each other; `undefined` walks until nothing new is found. */
  readonly maxDepth?: number;
}

export interface WalkResult {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** The first step that broke a rule, with the events that led to it. */
  readonly violation: string | undefined;
}

const nodeId = "n";
const [pairing, admin] = ["operator.pairing", "operator.admin"];
const callers = [
  { scopes: [admin] },
  { scopes: [pairing] },
  { scopes: ["operator.write"] },
  { deviceId: nodeId, scopes: [pairing] },
];
const shapes = nodeDocumentShapes(nativeEngine.sha256);
const dayMs = 86_400_000;
const isAdmin = ({ scopes }: { scopes: readonly string[] }) => scopes.includes(admin);

export function walk(reducer: Reducer, options: WalkOptions): WalkResult {
  const start: Place = {
    state: emptyNodePairing,
    device: undefined,
    node: undefined,
    rejected: [],
    nowMs: 1_000_000,
    path: "",
  };
  const seen = new Set([keyOf(start)]);
  const outcomes: Record<string, number> = {};
  let frontier = [start];
  let [transitions, depth, serial] = [0, 0, 0];
  while (frontier.length > 0 && depth < (options.maxDepth ?? Number.POSITIVE_INFINITY)) {
    depth += 1;
    const found: Place[] = [];
    for (const place of frontier) {
      for (const [happening, waitMs] of happenings(place, options, () => ++serial)) {
        transitions += 1;
        // A moment passes at each step, so that "newer" is never a tie.
        const at = { ...place, nowMs: place.nowMs + 1 + waitMs };
        const next = take(reducer, at, happening, outcomes);
        if (typeof next === "string") {
          return { states: seen.size, transitions, depth, outcomes, violation: `${next}${pathTo(place, happening)}` };
        }
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        const broken = brokenRule(next);
        if (broken !== undefined) {
          return { states: seen.size, transitions, depth, outcomes, violation: `${broken}${pathTo(place, happening)}` };
        }
        found.push({ ...next, path: pathTo(place, happening) });
      }
    }
    frontier = found;
  }
  return { states: seen.size, transitions, depth, outcomes, violation: undefined };
}

const pathTo = (place: Place, happening: Happening): string => `${place.path}\n  ${JSON.stringify(happening)}`;

function* happenings(place: Place, options: WalkOptions, serial: () => number): Generator<[Happening, number]> {
  const { state, device } = place;
  for (const facts of options.declarations) {
    const { platform, deviceFamily: _, ...claims } = facts;
    const metadata = { displayName: "Pi", remoteIp: "203.0.113.9", ...(platform !== undefined && { platform }) };
    const approvedByDevice = device?.facts === undefined ? undefined : { claims: device.facts, atMs: device.atMs };
    yield [{ type: "declare", nodeId, claims, metadata, approvedByDevice, requestId: `r${serial()}` }, 0];
    yield [{ type: "request", nodeId, metadata, ...claims, silent: true, requestId: `r${serial()}` }, 0];
    yield [{ type: "device-approved", facts }, 0];
  }
  for (const caller of callers) {
    for (const requestId of [...Object.keys(state.pending), "__proto__"]) {
      yield [{ type: "approve", requestId, caller, freshToken: digest(serial()) }, 0];
      yield [{ type: "reject", requestId, caller }, 0];
    }
    yield [{ type: "remove", nodeId, caller }, 0];
  }
  yield [{ type: "forget", nodeId }, 0];
  yield [{ type: "expire" }, 300_001];
  yield [{ type: "expire" }, dayMs + 1];
}

const digest = (serial: number): SecretDigest => `sha256:${serial.toString(16).padStart(64, "0")}`;

/** The place after a step, or the rule that the step broke. */
function take(reducer: Reducer, at: Place, event: Happening, outcomes: Record<string, number>): Place | string {
  if (event.type === "device-approved") return { ...at, device: { facts: event.facts, atMs: at.nowMs } };
  const before = at.state;
  const { state, outcome } = reducer(before, event, at.nowMs, defaultNodePairingLimits);
  const name = outcome.type === "declared" ? `declared ${outcome.change}` : outcome.type;
  outcomes[name] = (outcomes[name] ?? 0) + 1;
  for (const [id, row] of Object.entries(state.pending)) {
    const old = before.pending[id];
    if (old === undefined || old === row) continue;
    const { rejectedAtMs: _, ...rest } = row;
    const isJustRejected = outcome.type === "rejected" && outcome.requestId === id;
    if (JSON.stringify(isJustRejected ? rest : row) !== JSON.stringify(old))
      return "a request changed under its owner's eyes";
  }
  if ("caller" in event) {
    const isOwn = event.caller.deviceId === nodeId;
    const may = event.caller.scopes.some((scope) => scope === pairing || scope === admin);
    const mayRemove = isAdmin(event.caller) || (may && isOwn);
    if (state !== before && (!may || (event.type === "remove" && !mayRemove)))
      return "a caller without the right changed something";
  }
  const isPaired = JSON.stringify(before.paired) !== JSON.stringify(state.paired);
  const next = { ...at, state };
  switch (outcome.type) {
    case "declared":
      return event.type === "declare" ? settleDeclared(next, before, event, outcome) : "declared without saying so";
    case "requested": {
      if (isPaired) return "asking changed what is approved";
      if (outcome.request.approval !== undefined) return "a request was born approved";
      const waiting = waitingIn(before);
      if (waiting?.declared === true && outcome.request.requestId !== waiting.requestId)
        return "somebody pushed aside what the node declared";
      return next;
    }
    case "approved": {
      if (event.type !== "approve") return "approved without an owner";
      const row = before.pending[event.requestId];
      if (row === undefined || row.rejectedAtMs !== undefined) return "approved what wasn't waiting";
      if ((row.commands ?? []).includes("system.run") && !isAdmin(event.caller)) return "programs run without an admin";
      if (outcome.isTokenIssued !== (row.declared !== true)) return "a token for whom there is none";
      const token = state.paired[nodeId]?.token;
      if (outcome.isTokenIssued ? token !== event.freshToken : token !== before.paired[nodeId]?.token)
        return "another token";
      return { ...next, node: { facts: row, atMs: at.nowMs } };
    }
    case "rejected": {
      if (event.type !== "reject") return "rejected without an owner";
      if (isPaired) return "a rejection changed what is approved";
      const row = before.pending[event.requestId]!;
      if (row.declared !== true) return next;
      return { ...next, rejected: [...at.rejected, { facts: factsKey(row), atMs: at.nowMs }] };
    }
    case "removed":
      return { ...next, node: { facts: undefined, atMs: at.nowMs }, rejected: [] };
    case "forgotten":
      return { ...next, node: undefined, device: undefined, rejected: [] };
    default:
      return isPaired ? `${outcome.type} changed what is approved` : next;
  }
}

function settleDeclared(
  next: Place,
  before: NodePairingState,
  event: NodePairingEvent & { readonly type: "declare" },
  { surface, request, pinned }: NodePairingOutcomes["declare"],
): Place | string {
  const consent = consentAt(next);
  const said = { ...event.claims, ...(event.metadata.platform !== undefined && { platform: event.metadata.platform }) };
  const isElsewhere = consent !== undefined && consent.platform !== said.platform;
  const usable = consent === undefined || isElsewhere ? {} : consent;
  // Exactly what it says and its owner allowed, in its own order: not more, and not less either.
  const commands = (said.commands ?? []).filter((command) => (usable.commands ?? []).includes(command));
  const caps = (said.caps ?? []).filter((cap) => (usable.caps ?? []).includes(cap));
  const isAllowed = ([name, given]: [string, boolean]) => given && usable.permissions?.[name] === true;
  const permissions = Object.entries(surface.permissions).filter(([, given]) => given);
  const wanted = Object.entries(said.permissions ?? {}).filter(isAllowed);
  if (JSON.stringify([surface.commands, surface.caps, permissions]) !== JSON.stringify([commands, caps, wanted]))
    return "a node may be asked something else than its owner allowed";
  if ((pinned !== undefined) !== isElsewhere) return "another platform isn't told";
  const isMore =
    commands.length < (said.commands ?? []).length || caps.length < (said.caps ?? []).length || isElsewhere;
  const asks = isMore || consent === undefined;
  const isMuted = next.rejected.some(({ facts, atMs }) => facts === factsKey(said) && next.nowMs - atMs <= dayMs);
  if ((request !== undefined) !== (asks && !isMuted)) return asks ? "nobody was asked" : "asked for what is approved";
  if (request !== undefined && factsKey(request) !== factsKey(said)) return "the request lists something else";
  if (!asks && waitingIn(next.state)?.declared === true) return "a request waits for what is approved";
  const isNew = request !== undefined && before.pending[request.requestId] === undefined;
  if (
    isNew &&
    waitingIn(before)?.declared === true &&
    waitingIn(next.state)?.requestId === waitingIn(before)?.requestId
  )
    return "the older request stayed";
  return next;
}

/** What is allowed at a place: by the newest decision. */
function consentAt({ device, node }: Place): NodeFacts | undefined {
  return (device?.atMs ?? 0) > (node?.atMs ?? 0) ? device?.facts : node?.facts;
}

const waitingIn = (state: NodePairingState) =>
  Object.values(state.pending).find((row) => row.rejectedAtMs === undefined);

/** The rule that a place breaks, or `undefined`. */
function brokenRule(place: Place): string | undefined {
  const { state } = place;
  const waiting = Object.values(state.pending).filter(({ rejectedAtMs }) => rejectedAtMs === undefined);
  if (waiting.length > 1) return "two requests of one node wait";
  const again = {
    pending: shapes.pending.parse(JSON.parse(JSON.stringify(state.pending))),
    paired: shapes.paired.parse(JSON.parse(JSON.stringify(state.paired))),
  };
  if (keyOf({ ...place, state: again }) !== keyOf(place)) return "a restart changes the state";
  return undefined;
}

/** Places with the same key behave alike: fresh ids, secrets and moments are replaced by what matters of them. */
function keyOf({ state, device, node, rejected, nowMs }: Place): string {
  const record = state.paired[nodeId];
  const row = waitingIn(state);
  const isNewer = (device?.atMs ?? 0) > (node?.atMs ?? 0);
  const muted = (list: readonly { facts: string; atMs: number }[]) =>
    list
      .filter(({ atMs }) => nowMs - atMs <= dayMs)
      .map(({ facts }) => facts)
      .sort();
  const remembered = Object.values(state.pending).flatMap((one) =>
    one.rejectedAtMs === undefined ? [] : [{ facts: factsKey(one), atMs: one.rejectedAtMs }],
  );
  return JSON.stringify([
    record && [factsKey(record), record.removedAtMs !== undefined, record.token !== undefined],
    (device?.atMs ?? 0) > (record?.approvedAtMs ?? 0),
    row && [factsKey(row), row.declared, row.added, row.pinned, row.isRepair, nowMs - row.ts > 300_000],
    device && factsKey(device.facts ?? {}),
    node && (node.facts === undefined ? "none" : factsKey(node.facts)),
    isNewer,
    [...new Set(muted(rejected))],
    [...new Set(muted(remembered))],
  ]);
}

/** What a node says, as text. Written without the code under test. */
function factsKey({ caps = [], commands = [], permissions = {}, platform }: NodeFacts): string {
  return JSON.stringify([caps, commands, Object.entries(permissions), platform ?? null]);
}
