import type { QueueMode } from "../turn.ts";
import type { LaneRules } from "./queue-settings.ts";

/** Something that waits in a session. */
export interface QueuedTurn {
  readonly runId: string;
  /**
   * On whose behalf, with which options, and where the answer goes. Only what agrees in all of it is ever answered together: nobody's
   * words join a run that may do more than they may.
   */
  readonly authority: string;
  readonly mode: QueueMode;
  readonly atMs: number;
  /** It didn't fit: of it only a line is told. Those that are, are the oldest. */
  readonly shortened: boolean;
}

/** What one session is busy with. */
export interface QueueState {
  readonly active: { readonly runId: string; readonly authority: string; readonly isEnding: boolean } | undefined;
  /** Whether it has asked for its turn among the sessions. */
  readonly asked: boolean;
  /** In their order. */
  readonly waiting: readonly QueuedTurn[];
  /** When the last run ended, while something waits since. */
  readonly endedAtMs: number | undefined;
}

/** A session in which nothing happens. */
export const idleQueue: QueueState = { active: undefined, asked: false, waiting: [], endedAtMs: undefined };

/** What happens to a queue. */
export type QueueEvent =
  | { readonly type: "arrived"; readonly turn: QueuedTurn }
  /** Its turn among the sessions has come. */
  | { readonly type: "granted" }
  /** The active run is between two steps. */
  | { readonly type: "boundary" }
  | { readonly type: "ended" }
  /** These don't wait any more. */
  | { readonly type: "removed"; readonly runIds: readonly string[] }
  /** The time has come that was asked for. */
  | { readonly type: "due" };

/** What is to be done. */
export type QueueAction =
  /** Ask for a turn among the sessions. */
  | { readonly do: "ask" }
  /** Nothing waits any more: give the turn back. */
  | { readonly do: "yield" }
  /** One run for all of `runIds`, in their order; the last of them gives it its name. Of `shortened` only a line is told. */
  | {
      readonly do: "start";
      readonly leader: string;
      readonly runIds: readonly string[];
      readonly shortened: readonly string[];
    }
  /** These join the active run now. */
  | { readonly do: "join"; readonly runIds: readonly string[] }
  | { readonly do: "abort"; readonly runId: string }
  /** There is no room for it. */
  | { readonly do: "drop"; readonly runId: string }
  | { readonly do: "shorten"; readonly runId: string }
  /** Say `due` then. */
  | { readonly do: "wake"; readonly atMs: number };

/** The queue after an event, and what is to be done. */
export interface QueueStep {
  readonly state: QueueState;
  readonly actions: readonly QueueAction[];
}

/** How often the quiet that ends a collection may be broken before it ends anyway. */
const maxDebounces = 10;

/** What an event does to the queue of a session. Pure; one run at a time, and nothing that arrived is forgotten. */
export function queueStep(state: QueueState, event: QueueEvent, rules: LaneRules, nowMs: number): QueueStep {
  switch (event.type) {
    case "arrived":
      return arrived(state, event.turn, rules, nowMs);
    case "granted":
      return granted(state);
    case "boundary": {
      const { active } = state;
      if (active === undefined || active.isEnding) return { state, actions: [] };
      const joins = (turn: QueuedTurn) =>
        turn.mode === "steer" && !turn.shortened && turn.authority === active.authority;
      const runIds = state.waiting.filter(joins).map(({ runId }) => runId);
      if (runIds.length === 0) return { state, actions: [] };
      return {
        state: { ...state, waiting: state.waiting.filter((turn) => !joins(turn)) },
        actions: [{ do: "join", runIds }],
      };
    }
    case "ended":
      return goOn(
        { ...state, active: undefined, endedAtMs: state.waiting.length > 0 ? nowMs : undefined },
        rules,
        nowMs,
      );
    case "removed": {
      const waiting = state.waiting.filter(({ runId }) => !event.runIds.includes(runId));
      return goOn({ ...state, waiting, endedAtMs: waiting.length > 0 ? state.endedAtMs : undefined }, rules, nowMs);
    }
    case "due":
      return goOn(state, rules, nowMs);
    default:
      return event satisfies never;
  }
}

function arrived(before: QueueState, turn: QueuedTurn, rules: LaneRules, nowMs: number): QueueStep {
  const whole = before.waiting.filter(({ shortened }) => !shortened);
  const actions: QueueAction[] = [];
  let waiting = before.waiting;
  if (whole.length >= rules.cap) {
    const [oldest] = whole;
    if (rules.drop === "new" || oldest === undefined)
      return { state: before, actions: [{ do: "drop", runId: turn.runId }] };
    if (rules.drop === "old") {
      actions.push({ do: "drop", runId: oldest.runId });
      waiting = waiting.filter((other) => other !== oldest);
    } else {
      actions.push({ do: "shorten", runId: oldest.runId });
      waiting = waiting.map((other) => (other === oldest ? { ...other, shortened: true } : other));
      const lines = waiting.filter(({ shortened }) => shortened);
      const [first] = lines;
      if (lines.length > rules.cap && first !== undefined) {
        actions.push({ do: "drop", runId: first.runId });
        waiting = waiting.filter((other) => other !== first);
      }
    }
  }
  const { active } = before;
  const interrupts =
    turn.mode === "interrupt" && active !== undefined && !active.isEnding && active.authority === turn.authority;
  if (interrupts) actions.push({ do: "abort", runId: active.runId });
  const state: QueueState = {
    ...before,
    active: interrupts ? { ...active, isEnding: true } : active,
    waiting: [...waiting, turn],
  };
  const next = goOn(state, rules, nowMs);
  return { state: next.state, actions: [...actions, ...next.actions] };
}

/** Asks for the next run, or says when to. */
function goOn(state: QueueState, rules: LaneRules, nowMs: number): QueueStep {
  const last = group(state.waiting).at(-1);
  if (state.active !== undefined || state.asked || last === undefined) return { state, actions: [] };
  const { endedAtMs = Number.POSITIVE_INFINITY } = state;
  // A clock that was set back since says nothing about how long it was quiet, and doesn't make anybody wait longer.
  const collects = last.mode === "collect" && endedAtMs <= nowMs;
  const dueMs = collects ? Math.min(last.atMs + rules.debounceMs, endedAtMs + maxDebounces * rules.debounceMs) : nowMs;
  if (dueMs > nowMs) return { state, actions: [{ do: "wake", atMs: dueMs }] };
  return { state: { ...state, asked: true }, actions: [{ do: "ask" }] };
}

function granted(before: QueueState): QueueStep {
  const members = group(before.waiting);
  const leader = members.at(-1);
  if (leader === undefined || before.active !== undefined)
    return { state: { ...before, asked: false }, actions: [{ do: "yield" }] };
  const waiting = before.waiting.filter((turn) => !members.includes(turn));
  return {
    state: {
      active: { runId: leader.runId, authority: leader.authority, isEnding: false },
      asked: false,
      waiting,
      endedAtMs: undefined,
    },
    actions: [
      {
        do: "start",
        leader: leader.runId,
        runIds: members.map(({ runId }) => runId),
        shortened: members.filter(({ shortened }) => shortened).map(({ runId }) => runId),
      },
    ],
  };
}

/**
 * What is answered together next: the oldest, and what follows it without a gap, as long as it is the same person's, asks
 * to be collected, and goes to the same place.
 */
function group(waiting: readonly QueuedTurn[]): readonly QueuedTurn[] {
  const [head] = waiting;
  if (head === undefined) return [];
  const merges = ({ mode }: QueuedTurn) => mode === "collect" || mode === "interrupt";
  const members: QueuedTurn[] = [head];
  for (const turn of waiting.slice(1)) {
    const previous = members.at(-1) ?? head;
    if (turn.authority !== head.authority) break;
    if (!turn.shortened && !previous.shortened && !(merges(turn) && merges(previous))) break;
    members.push(turn);
  }
  return members;
}
