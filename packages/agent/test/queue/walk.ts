// Walks the real queue of one session through every event at every state, beside a bookkeeping of its own: what was said, by
// whom, and what became of it.

import type { QueueMode } from "../../src/index.ts";
import type { LaneRules } from "../../src/queue/queue-settings.ts";
import { idleQueue, type QueueEvent, type QueueState, type queueStep } from "../../src/queue/turn-queue.ts";

export type Reducer = typeof queueStep;

/** What became of a turn. */
type Fate = "waiting" | "running" | "over";

interface Place {
  readonly state: QueueState;
  /** By run id; its first letter is who said it, its second the mode. */
  readonly fates: Readonly<Record<string, Fate>>;
  /** Ids in the order in which they were said. */
  readonly said: readonly string[];
  readonly asked: boolean;
  readonly wakeAtMs: number | undefined;
  readonly nowMs: number;
  readonly path: string;
}

const letters: Readonly<Record<string, QueueMode>> = { c: "collect", f: "followup", s: "steer", i: "interrupt" };
const people = ["a", "b"];
const debounceMs = 10;
/** Turns that are said in one walk at most. */
const maxSaid = 5;

export function walk(reducer: Reducer, drop: LaneRules["drop"], maxDepth: number) {
  const rules: LaneRules = { mode: "collect", debounceMs, cap: 2, drop };
  const start: Place = {
    state: idleQueue,
    fates: {},
    said: [],
    asked: false,
    wakeAtMs: undefined,
    nowMs: 1_000,
    path: "",
  };
  const seen = new Set([keyOf(start)]);
  const done: Record<string, number> = {};
  let frontier = [start];
  let [transitions, depth] = [0, 0];
  while (frontier.length > 0 && depth < maxDepth) {
    depth += 1;
    const found: Place[] = [];
    for (const place of frontier) {
      for (const [event, waitMs] of events(place)) {
        transitions += 1;
        const at = {
          ...place,
          nowMs: place.nowMs + waitMs,
          path: `${place.path}\n  +${waitMs} ${JSON.stringify(event)}`,
        };
        const next = settle(at, event, reducer(at.state, event, rules, at.nowMs), done);
        if (typeof next === "string") return { states: seen.size, transitions, done, violation: next + at.path };
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        found.push(next);
      }
    }
    frontier = found;
  }
  return { states: seen.size, transitions, done, violation: undefined };
}

function* events({ asked, fates, nowMs, said, state, wakeAtMs }: Place): Generator<[QueueEvent, number]> {
  if (said.length < maxSaid) {
    for (const who of people) {
      for (const [letter, mode] of Object.entries(letters)) {
        const runId = `${who}${letter}${said.length}`;
        for (const waitMs of [0, debounceMs])
          yield [
            { type: "arrived", turn: { runId, authority: who, mode, shortened: false, atMs: nowMs + waitMs } },
            waitMs,
          ];
      }
    }
  }
  if (asked) yield [{ type: "granted" }, 0];
  if (state.active !== undefined) {
    yield [{ type: "boundary" }, 0];
    yield [{ type: "ended" }, 0];
  }
  const waiting = said.filter((runId) => fates[runId] === "waiting");
  if (waiting[0] !== undefined) yield [{ type: "removed", runIds: [waiting[0]] }, 0];
  if (waiting.length > 1) yield [{ type: "removed", runIds: waiting }, 0];
  // A timer may come late.
  if (wakeAtMs !== undefined) yield [{ type: "due" }, Math.max(0, wakeAtMs - nowMs)];
}

/** The place after a step, or the rule that the step broke. */
function settle(at: Place, event: QueueEvent, step: ReturnType<Reducer>, done: Record<string, number>): Place | string {
  const fates: Record<string, Fate> = { ...at.fates };
  let { asked, said, wakeAtMs } = at;
  const running = () => Object.keys(fates).filter((runId) => fates[runId] === "running");
  const who = (runId: string) => runId[0];
  if (event.type === "arrived") {
    fates[event.turn.runId] = "waiting";
    said = [...said, event.turn.runId];
  }
  if (event.type === "granted") asked = false;
  if (event.type === "ended") for (const runId of running()) fates[runId] = "over";
  if (event.type === "removed") for (const runId of event.runIds) fates[runId] = "over";
  if (event.type === "due") wakeAtMs = undefined;
  let answered = false;
  for (const action of step.actions) {
    done[action.do] = (done[action.do] ?? 0) + 1;
    switch (action.do) {
      case "ask":
        if (asked) return "it asks twice";
        if (running().length > 0) return "it asks while a run goes on";
        asked = true;
        break;
      case "yield":
        answered = true;
        if (said.some((runId) => fates[runId] === "waiting")) return "its turn is given back though something waits";
        break;
      case "start": {
        answered = true;
        if (running().length > 0) return "two runs go on at once";
        if (action.runIds.at(-1) !== action.leader) return "a run isn't named by its last turn";
        if (new Set(action.runIds.map(who)).size !== 1) return "turns of two people are answered together";
        const positions = action.runIds.map((runId) => said.indexOf(runId));
        if (positions.some((position, index) => index > 0 && position <= (positions[index - 1] ?? 0)))
          return "turns are answered out of order";
        const earlier = said.slice(0, positions[0]).some((runId) => fates[runId] === "waiting");
        if (earlier) return "a turn is answered before one that was said earlier";
        const whole = action.runIds.filter((runId) => !action.shortened.includes(runId));
        if (whole.length > 1 && whole.some((runId) => !"ci".includes(runId[1] ?? "")))
          return "a turn that wants its own run is answered with others";
        for (const runId of action.runIds) {
          if (fates[runId] !== "waiting") return "a turn is answered twice";
          fates[runId] = "running";
        }
        break;
      }
      case "join":
        for (const runId of action.runIds) {
          if (event.type !== "boundary" || running().length === 0) return "a turn joins where no run is at a boundary";
          if (fates[runId] !== "waiting") return "a turn joins that doesn't wait";
          if (who(runId) !== who(running()[0] ?? "")) return "somebody joins a run of somebody else";
          if (runId[1] !== "s") return "a turn joins that didn't want to";
          fates[runId] = "running";
        }
        break;
      case "abort":
        if (event.type !== "arrived" || event.turn.mode !== "interrupt")
          return "a run is ended that nobody interrupted";
        if (!running().includes(action.runId)) return "a run is ended that doesn't go on";
        if (who(action.runId) !== who(event.turn.runId)) return "somebody interrupts a run of somebody else";
        break;
      case "drop":
        if (fates[action.runId] !== "waiting") return "a turn is dropped that doesn't wait";
        fates[action.runId] = "over";
        break;
      case "shorten":
        if (fates[action.runId] !== "waiting") return "a turn is shortened that doesn't wait";
        break;
      case "wake":
        if (action.atMs <= at.nowMs) return "it wants to be woken in the past";
        wakeAtMs = action.atMs;
        break;
      default:
        action satisfies never;
    }
  }
  if (event.type === "granted" && !answered) return "it was its turn and nothing happened";
  const waits = said.filter((runId) => fates[runId] === "waiting");
  if (waits.join() !== step.state.waiting.map(({ runId }) => runId).join())
    return "a turn was forgotten, or waits that doesn't";
  if (step.state.waiting.filter(({ shortened }) => !shortened).length > 2) return "more wait than there is room for";
  if (step.state.waiting.length > 4) return "more wait, shortened, than there is room for";
  if (waits.length > 0 && running().length === 0 && !asked && wakeAtMs === undefined)
    return "something waits, and nothing will ever happen";
  const mayWaitMs = at.nowMs + 10 * debounceMs;
  if (wakeAtMs !== undefined && wakeAtMs > mayWaitMs) return "a collection never ends";
  if ((step.state.active !== undefined) !== running().length > 0)
    return "it believes that a run goes on, or that none does";
  return { ...at, state: step.state, fates, said, asked, wakeAtMs };
}

/** Places with the same key behave alike: when, and what is over, makes no difference. */
function keyOf({ asked, fates, nowMs, said, state, wakeAtMs }: Place): string {
  const open = said.filter((runId) => fates[runId] !== "over");
  const waiting = state.waiting.map(
    ({ atMs, runId, shortened }) => `${runId.slice(0, 2)}${shortened}${Math.min(nowMs - atMs, 100)}`,
  );
  const active = state.active === undefined ? "" : `${state.active.authority}${state.active.isEnding}`;
  const since = state.endedAtMs === undefined ? "" : Math.min(nowMs - state.endedAtMs, 200);
  const wake = wakeAtMs === undefined ? "" : Math.max(0, wakeAtMs - nowMs);
  return [
    said.length,
    open.map((runId) => `${runId.slice(0, 2)}${fates[runId]}`),
    waiting,
    active,
    state.asked,
    asked,
    since,
    wake,
  ].join("|");
}
