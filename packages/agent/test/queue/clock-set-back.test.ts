import { expect, test } from "vitest";
import { idleQueue, type QueuedTurn, queueStep } from "../../src/queue/turn-queue.ts";

const rules = { mode: "collect", debounceMs: 1_000, cap: 20, drop: "summarize" } as const;
const hourMs = 3_600_000;

test("[runs:collect] turn queue: a clock that is set back doesn't make anybody wait longer", () => {
  const atMs = 10 * hourMs;
  const turn = (runId: string): QueuedTurn => ({ runId, authority: "o", mode: "collect", atMs, shortened: false });
  const first = queueStep(idleQueue, { type: "arrived", turn: turn("r1") }, rules, atMs);
  const running = queueStep(first.state, { type: "granted" }, rules, atMs);
  const waiting = queueStep(running.state, { type: "arrived", turn: turn("r2") }, rules, atMs);
  const ended = queueStep(waiting.state, { type: "ended" }, rules, atMs);
  expect(ended.actions).toEqual([{ do: "wake", atMs: atMs + 1_000 }]);
  // The timer fires after its second, in which the clock was set right.
  const due = queueStep(ended.state, { type: "due" }, rules, atMs + 1_000 - hourMs);
  expect(due.actions).toEqual([{ do: "ask" }]);
});
