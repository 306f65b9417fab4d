import type { Transition } from "../transition.ts";
import type { SenderIgnored, SenderPairingEvent, SenderPairingOutcomes, UpsertSenderEvent } from "./events.ts";
import { defaultSenderPairingLimits, type SenderPairingLimits } from "./limits.ts";
import type { SenderPairingState, SenderRequest } from "./records.ts";
import { tidySenderCode } from "./sender-code.ts";

type Step<Type extends keyof SenderPairingOutcomes> = Transition<SenderPairingState, SenderPairingOutcomes[Type]>;

/** Nobody waits, nobody may write. */
export const emptySenderPairing: SenderPairingState = { requests: [], allowFrom: [] };

/**
 * Who may write to the bot on one account of one channel, whole. Pure: codes come in with the event. The state that
 * comes back is the same object when nothing changed. What is allowed here is a direct message, never a group (rule
 * Rules.
 */
export function senderPairing<Event extends SenderPairingEvent>(
  state: SenderPairingState,
  event: Event,
  nowMs: number,
  limits: SenderPairingLimits = defaultSenderPairingLimits,
): Transition<SenderPairingState, SenderPairingOutcomes[Event["type"]]> {
  const live = state.requests.filter((request) => isLive(request, nowMs, limits));
  const current = live.length === state.requests.length ? state : { ...state, requests: live };
  const transition = step(current, event, nowMs, limits);
  return transition as Transition<SenderPairingState, SenderPairingOutcomes[Event["type"]]>;
}

/** A code lives from its first message. A time that is none, or far ahead of the clock, is over too. */
function isLive({ createdAt }: SenderRequest, nowMs: number, { codeTtlMs }: SenderPairingLimits): boolean {
  return Math.abs(nowMs - Date.parse(createdAt)) <= codeTtlMs;
}

function step(
  state: SenderPairingState,
  event: SenderPairingEvent,
  nowMs: number,
  limits: SenderPairingLimits,
): Step<keyof SenderPairingOutcomes> {
  switch (event.type) {
    case "upsert":
      return upsert(state, event, nowMs, limits);
    case "list":
      return list(state, limits);
    case "approve":
      return approve(state, event.code);
    case "allow":
    case "disallow":
      return change(state, event.id, event.type === "allow", limits);
    default:
      return event satisfies never;
  }
}

function upsert(
  state: SenderPairingState,
  event: UpsertSenderEvent,
  nowMs: number,
  limits: SenderPairingLimits,
): Step<"upsert"> {
  if (!isSomebody(event.id, limits)) return ignore(state, "nobody");
  const at = new Date(nowMs).toISOString();
  const given = event.meta === undefined ? undefined : tidyMeta(event.meta, limits);
  const known = state.requests.find(({ id }) => id === event.id);
  if (known !== undefined) {
    const { meta: before, ...rest } = known;
    const meta = given ?? before;
    const request = { ...rest, lastSeenAt: at, ...(meta !== undefined && Object.keys(meta).length > 0 && { meta }) };
    const requests = state.requests.map((row) => (row === known ? request : row));
    return { state: { ...state, requests }, outcome: { type: "requested", request, created: false } };
  }
  if (state.requests.length >= limits.maxPending) return ignore(state, "full");
  const code = tidySenderCode(event.freshCode);
  if (state.requests.some((row) => row.code === code)) return ignore(state, "code-taken");
  const request: SenderRequest = {
    id: event.id,
    code,
    createdAt: at,
    lastSeenAt: at,
    ...(given !== undefined && Object.keys(given).length > 0 && { meta: given }),
  };
  return {
    state: { ...state, requests: [...state.requests, request] },
    outcome: { type: "requested", request, created: true },
  };
}

/** Who waits, oldest first. Of too many, which only another program can have written, the ones seen last stay. */
function list(state: SenderPairingState, limits: SenderPairingLimits): Step<"list"> {
  const kept = new Set(
    [...state.requests]
      .sort((left, right) => timeOf(right.lastSeenAt) - timeOf(left.lastSeenAt))
      .slice(0, limits.maxPending),
  );
  const requests = state.requests.filter((request) => kept.has(request));
  const next = requests.length === state.requests.length ? state : { ...state, requests };
  const shown = [...requests].sort((left, right) => timeOf(left.createdAt) - timeOf(right.createdAt));
  return { state: next, outcome: { type: "listed", requests: shown } };
}

function approve(state: SenderPairingState, typed: string): Step<"approve"> {
  const code = tidySenderCode(typed);
  const request = code === "" ? undefined : state.requests.find((row) => row.code === code);
  if (request === undefined) return { state, outcome: { type: "unknown-code" } };
  const { id } = request;
  return {
    state: {
      requests: state.requests.filter((row) => row.id !== id),
      allowFrom: state.allowFrom.includes(id) ? state.allowFrom : [...state.allowFrom, id],
    },
    outcome: { type: "approved", id, request },
  };
}

function change(
  state: SenderPairingState,
  id: string,
  isAllowed: boolean,
  limits: SenderPairingLimits,
): Step<"allow" | "disallow"> {
  const isThere = state.allowFrom.includes(id);
  const changed = isAllowed ? !isThere && isSomebody(id, limits) : isThere;
  const others = state.allowFrom.filter((other) => other !== id);
  const allowFrom = !changed ? state.allowFrom : isAllowed ? [...others, id] : others;
  return { state: changed ? { ...state, allowFrom } : state, outcome: { type: "allowed", changed, allowFrom } };
}

/** Whether an id names somebody. `*` names everybody, which is for the configuration to say. */
function isSomebody(id: string, { maxIdChars }: SenderPairingLimits): boolean {
  return id !== "" && id !== "*" && id.length <= maxIdChars;
}

function ignore(
  state: SenderPairingState,
  reason: SenderIgnored["reason"],
): Transition<SenderPairingState, SenderIgnored> {
  return { state, outcome: { type: "ignored", reason } };
}

function tidyMeta(meta: Readonly<Record<string, string>>, limits: SenderPairingLimits): Record<string, string> {
  const facts = Object.entries(meta)
    .map(([key, value]): [string, string] => [key, Array.from(value.trim()).slice(0, limits.maxMetaChars).join("")])
    .filter(([, value]) => value !== "");
  return Object.fromEntries(facts.slice(0, limits.maxMetaEntries));
}

function timeOf(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}
