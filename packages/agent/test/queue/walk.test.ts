import { expect, test } from "vitest";
import { type QueueStep, queueStep } from "../../src/queue/turn-queue.ts";
import { type Reducer, walk } from "./walk.ts";

const depth = 7;

test.each(["summarize", "old", "new"] as const)(
  "[runs:queue-walk] turn queue: in every reachable state one run goes on at most, nobody joins another's run, and no turn is forgotten (drop %s)",
  { timeout: 120_000 },
  (drop) => {
    const result = walk(queueStep, drop, drop === "summarize" ? depth - 1 : depth);
    expect(result.violation).toBeUndefined();
    expect(result.states).toBeGreaterThan(2_000);
    for (const action of ["ask", "start", "join", "abort", "drop", "wake", "yield"])
      if (action !== "drop" || drop !== "summarize") expect(result.done[action], action).toBeGreaterThan(0);
    if (drop === "summarize") expect(result.done["shorten"]).toBeGreaterThan(0);
    console.log(`walked a session's queue (${drop}): ${result.states} states, ${result.transitions} events`);
  },
);

/** Queues that are wrong in one way each. */
const mutants: Readonly<Record<string, Reducer>> = {
  "anybody's message steers": (state, event, rules, nowMs) => {
    if (event.type !== "boundary" || state.active === undefined) return queueStep(state, event, rules, nowMs);
    const runIds = state.waiting.filter(({ mode }) => mode === "steer").map(({ runId }) => runId);
    if (runIds.length === 0) return { state, actions: [] };
    return {
      state: { ...state, waiting: state.waiting.filter(({ mode }) => mode !== "steer") },
      actions: [{ do: "join", runIds }],
    };
  },
  "anybody interrupts": (state, event, rules, nowMs) => {
    const step = queueStep(state, event, rules, nowMs);
    if (event.type !== "arrived" || event.turn.mode !== "interrupt" || state.active === undefined) return step;
    return {
      ...step,
      actions: [{ do: "abort", runId: state.active.runId }, ...step.actions.filter((one) => one.do !== "abort")],
    };
  },
  "a collection isn't woken": (state, event, rules, nowMs) => {
    const step = queueStep(state, event, rules, nowMs);
    return { ...step, actions: step.actions.filter((one) => one.do !== "wake") };
  },
  "everybody is answered together": (state, event, rules, nowMs) => {
    if (event.type !== "granted") return queueStep(state, event, rules, nowMs);
    const same = { ...state, waiting: state.waiting.map((turn) => ({ ...turn, authority: "a" })) };
    return queueStep(same, event, rules, nowMs);
  },
  "the newest is answered first": (state, event, rules, nowMs) =>
    event.type === "granted"
      ? reversed(queueStep({ ...state, waiting: state.waiting.toReversed() }, event, rules, nowMs))
      : queueStep(state, event, rules, nowMs),
  "what doesn't fit is forgotten without a word": (state, event, rules, nowMs) => {
    const step = queueStep(state, event, rules, nowMs);
    return { ...step, actions: step.actions.filter((one) => one.do !== "drop") };
  },
  "there is no room that ends": (state, event, rules, nowMs) => queueStep(state, event, { ...rules, cap: 100 }, nowMs),
  "it starts beside a run": (state, event, rules, nowMs) =>
    event.type === "arrived"
      ? queueStep({ ...state, active: undefined }, event, rules, nowMs)
      : queueStep(state, event, rules, nowMs),
  "a run that ended is forgotten to be followed": (state, event, rules, nowMs) =>
    event.type === "ended"
      ? { state: { ...state, active: undefined }, actions: [] }
      : queueStep(state, event, rules, nowMs),
  "talking on postpones for ever": (state, event, rules, nowMs) => {
    const step = queueStep(state, event, rules, nowMs);
    return {
      ...step,
      actions: step.actions.map((one) => (one.do === "wake" ? { ...one, atMs: one.atMs + 1_000 } : one)),
    };
  },
};

function reversed(step: QueueStep): QueueStep {
  return { ...step, state: { ...step.state, waiting: step.state.waiting.toReversed() } };
}

test.each(Object.entries(mutants))(
  "[runs:queue-walk-mutants] turn queue: the walk catches one in which %s",
  { timeout: 120_000 },
  (_, mutant) => {
    const found = (["summarize", "old", "new"] as const).map((drop) => walk(mutant, drop, depth).violation);
    expect(found.some((violation) => violation !== undefined)).toBe(true);
  },
);
