import type { ChannelClock } from "@saltgate/channel";

interface Timer {
  atMs: number;
  readonly task: () => void;
}

/** A clock that stands still until a test moves it, and tells when somebody begins to wait. */
export class SteppedClock implements ChannelClock {
  #nowMs = 1_800_000_000_000;
  readonly #timers = new Set<Timer>();
  #watching: { readonly isMet: () => boolean; readonly go: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.add(timer);
    const met = this.#watching.filter(({ isMet }) => isMet());
    this.#watching = this.#watching.filter((one) => !met.includes(one));
    for (const { go } of met) go();
    return () => this.#timers.delete(timer);
  }

  /** Delays of everything that waits, in milliseconds from now, shortest first. */
  waits(): number[] {
    return [...this.#timers].map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Resolves when something waits for a time within these bounds. */
  untilWaiting(minMs: number, maxMs: number): Promise<void> {
    const isMet = (): boolean => this.waits().some((ms) => ms >= minMs && ms <= maxMs);
    if (isMet()) return Promise.resolve();
    return new Promise((go) => this.#watching.push({ isMet, go }));
  }

  /** The time is another one, and nothing ran in the meantime: the machine has slept. Timers are as far away as before. */
  jump(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) timer.atMs += ms;
  }

  /** Moves on, and runs what is due, in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.task();
    }
    this.#nowMs = untilMs;
  }
}
