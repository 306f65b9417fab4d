import type { Clock } from "../../src/index.ts";

/** Waits up to this long aren't waited for, in milliseconds: pauses between messages, and the like. */
const hastyMs = 2_500;

interface Timer {
  readonly atMs: number;
  readonly task: () => void;
}

/**
 * A clock on which short waits are over at once, in their order, with the time moved on as if they had been waited for. Long
 * ones (deadlines, polls) last until a test moves the clock.
 */
export class HastyClock implements Clock {
  #nowMs = Date.now();
  readonly #timers = new Set<Timer>();
  readonly #hasty = new Set<Timer>();
  #isDue = false;

  readonly now = (): number => this.#nowMs;

  after(delayMs: number, task: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, task };
    const timers = delayMs <= hastyMs ? this.#hasty : this.#timers;
    timers.add(timer);
    this.#hurry();
    return () => timers.delete(timer);
  }

  every(intervalMs: number, task: () => void): () => void {
    let cancel: () => void = () => undefined;
    const again = (): void => {
      const timer: Timer = {
        atMs: this.#nowMs + intervalMs,
        task: () => {
          again();
          task();
        },
      };
      this.#timers.add(timer);
      cancel = () => this.#timers.delete(timer);
    };
    again();
    return () => cancel();
  }

  /** Moves on, and runs what is due, in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = earliest([...this.#timers, ...this.#hasty], untilMs);
      if (next === undefined) break;
      this.#run(next);
    }
    this.#nowMs = untilMs;
  }

  #hurry(): void {
    if (this.#isDue || this.#hasty.size === 0) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      const next = earliest(this.#hasty, Number.POSITIVE_INFINITY);
      if (next !== undefined) this.#run(next);
      this.#hurry();
    });
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#hasty.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.task();
  }
}

function earliest(timers: Iterable<Timer>, untilMs: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) if (timer.atMs <= untilMs && timer.atMs < (first?.atMs ?? Infinity)) first = timer;
  return first;
}
