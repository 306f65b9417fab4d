// Walks the real reducer of one account's senders through every event at every state, beside a bookkeeping of its own:
// who was told which code when, and whom the owner let in.
import {
  defaultSenderPairingLimits,
  emptySenderPairing,
  type SenderPairingEvent,
  type SenderPairingLimits,
  type SenderPairingOutcomes,
  type SenderPairingState,
  senderDocumentShapes,
  type Transition,
} from "../../src/index.ts";

export type Reducer = (
  state: SenderPairingState,
  event: SenderPairingEvent,
  nowMs: number,
  limits: SenderPairingLimits,
) => Transition<SenderPairingState, SenderPairingOutcomes[keyof SenderPairingOutcomes]>;

interface Told {
  readonly code: string;
  readonly atMs: number;
}
interface Place {
  readonly state: SenderPairingState;
  /** Who was told which code, as long as it is good. */
  readonly told: Readonly<Record<string, Told>>;
  /** Whom the owner let in. */
  readonly allowed: readonly string[];
  /** A code that was good once. */
  readonly used: string | undefined;
  readonly nowMs: number;
  readonly path: string;
}

/** Two people, and others who only ask. */
const people = ["ann", "bob"];
const crowd = ["x", "y"];
const hourMs = 3_600_000;
const waits = [0, hourMs / 2, hourMs + 1];
const shapes = senderDocumentShapes("test");

export function walk(reducer: Reducer, maxDepth?: number) {
  const start: Place = {
    state: emptySenderPairing,
    told: {},
    allowed: [],
    used: undefined,
    nowMs: 1_800_000_000_000,
    path: "",
  };
  const seen = new Set([keyOf(start)]);
  const outcomes: Record<string, number> = {};
  let frontier = [start];
  let [transitions, depth, serial] = [0, 0, 0];
  const freshCode = () => {
    serial += 1;
    return Array.from(serial.toString(32).padStart(8, "0"))
      .map((digit) => "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[Number.parseInt(digit, 32)])
      .join("");
  };
  while (frontier.length > 0 && depth < (maxDepth ?? Number.POSITIVE_INFINITY)) {
    depth += 1;
    const found: Place[] = [];
    for (const place of frontier) {
      for (const [event, waitMs] of events(place, freshCode)) {
        transitions += 1;
        const nowMs = place.nowMs + waitMs;
        const { state, outcome } = reducer(place.state, event, nowMs, defaultSenderPairingLimits);
        const name = outcome.type === "ignored" ? `ignored: ${outcome.reason}` : outcome.type;
        outcomes[name] = (outcomes[name] ?? 0) + 1;
        const next = settle({ ...place, nowMs }, event, state, outcome);
        const path = `${place.path}\n  +${waitMs} ${JSON.stringify(event)}`;
        if (typeof next === "string")
          return { states: seen.size, transitions, depth, outcomes, violation: next + path };
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        if (keyOf({ ...next, state: throughFiles(state) }) !== key)
          return { states: seen.size, transitions, depth, outcomes, violation: `a restart changes the state${path}` };
        found.push({ ...next, path });
      }
    }
    frontier = found;
  }
  return { states: seen.size, transitions, depth, outcomes, violation: undefined };
}

function* events({ state, used }: Place, freshCode: () => string): Generator<[SenderPairingEvent, number]> {
  for (const waitMs of waits) {
    yield [{ type: "list" }, waitMs];
    for (const id of [...people, ...crowd]) yield [{ type: "upsert", id, freshCode: freshCode() }, waitMs];
    for (const code of [...state.requests.map((row) => row.code), ...(used === undefined ? [] : [used])]) {
      yield [{ type: "approve", code: ` ${code.toLowerCase()} ` }, waitMs];
    }
  }
  yield [{ type: "upsert", id: "ann", meta: { name: " Ann " }, freshCode: state.requests[0]?.code ?? freshCode() }, 0];
  for (const id of ["", "*"]) {
    yield [{ type: "upsert", id, freshCode: freshCode() }, 0];
    yield [{ type: "allow", id }, 0];
  }
  for (const code of ["", "AAAAAAAA", "ann"]) yield [{ type: "approve", code }, 0];
  for (const id of people) {
    yield [{ type: "allow", id }, 0];
    yield [{ type: "disallow", id }, 0];
  }
}

/** The place after a step, or the rule that the step broke. */
function settle(
  at: Place,
  event: SenderPairingEvent,
  state: SenderPairingState,
  outcome: SenderPairingOutcomes[keyof SenderPairingOutcomes],
): Place | string {
  const told = Object.fromEntries(Object.entries(at.told).filter(([, { atMs }]) => at.nowMs - atMs <= hourMs));
  let { allowed, used } = at;
  switch (event.type) {
    case "upsert": {
      const known = told[event.id];
      const isNobody = event.id === "" || event.id === "*";
      if (isNobody && outcome.type === "requested") return "nobody in particular waits";
      if (outcome.type === "requested") {
        if (outcome.created !== (known === undefined)) return "a sender isn't told its code exactly once";
        if (known !== undefined && outcome.request.code !== known.code) return "a sender's code changed";
        if (known === undefined && Object.keys(told).length >= 3) return "a fourth sender waits";
        if (known === undefined && Object.values(told).some(({ code }) => code === outcome.request.code))
          return "two senders have one code";
        told[event.id] = known ?? { code: outcome.request.code, atMs: at.nowMs };
      } else if (known !== undefined) return "a sender that waits isn't known any more";
      else if (
        !isNobody &&
        Object.keys(told).length < 3 &&
        !(outcome.type === "ignored" && outcome.reason === "code-taken")
      )
        return "a sender was turned away though there was room";
      break;
    }
    case "approve": {
      const typed = event.code.trim().toUpperCase();
      const [whose, row] = Object.entries(told).find(([, { code }]) => code === typed) ?? [];
      if ((outcome.type === "approved") !== (row !== undefined))
        return row === undefined ? "a code that isn't good let somebody in" : "a good code let nobody in";
      if (outcome.type !== "approved" || whose === undefined) break;
      if (outcome.id !== whose) return "a code let somebody else in";
      allowed = [...new Set([...allowed, whose])];
      used = typed;
      delete told[whose];
      break;
    }
    case "allow":
      if (event.id !== "" && event.id !== "*") allowed = [...new Set([...allowed, event.id])];
      break;
    case "disallow":
      allowed = allowed.filter((id) => id !== event.id);
      break;
    default:
      if (outcome.type === "listed" && outcome.requests.length !== Object.keys(told).length)
        return "the list shows others";
  }
  if (state.requests.length > 3) return "more than three wait";
  const rows = Object.fromEntries(state.requests.map((row) => [row.id, row.code]));
  for (const [id, { code, atMs }] of Object.entries(told)) {
    if (rows[id] !== code) return "somebody who waits was pushed out";
    if (Date.parse(state.requests.find((row) => row.id === id)?.createdAt ?? "") !== atMs)
      return "a code lives longer than it should";
  }
  if (Object.keys(rows).some((id) => told[id] === undefined)) return "somebody waits who isn't told";
  if ([...state.allowFrom].sort().join() !== [...allowed].sort().join())
    return "somebody may write whom no owner let in, or the reverse";
  return { ...at, state, told, allowed, used };
}

function throughFiles({ requests, allowFrom }: SenderPairingState): SenderPairingState {
  return {
    requests: shapes.pending.parse(JSON.parse(JSON.stringify({ version: 1, requests }))).requests,
    allowFrom: shapes.allowFrom.parse(JSON.parse(JSON.stringify({ version: 1, allowFrom }))).allowFrom,
  };
}

/** Places with the same key behave alike; who is in the crowd makes no difference. */
function keyOf({ state, told, allowed, used, nowMs }: Place): string {
  const rows = state.requests.map(
    ({ id, createdAt, meta }) =>
      `${crowd.includes(id) ? "crowd" : id} ${nowMs - Date.parse(createdAt)} ${meta?.["name"]}`,
  );
  const known = Object.entries(told).map(([id, { atMs }]) => `${crowd.includes(id) ? "crowd" : id} ${nowMs - atMs}`);
  return [rows.sort(), known.sort(), [...state.allowFrom].sort(), [...allowed].sort(), used !== undefined].join("|");
}
