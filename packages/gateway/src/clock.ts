/** Time as the gateway sees it. Passed in, so that deadlines are tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `delayMs`, at most 24 days; the returned function cancels it. Never keeps the process alive. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` every `intervalMs`; the returned function stops it. Never keeps the process alive. */
  every(intervalMs: number, task: () => void): () => void;
}

/** The longest that a timer can be set for, in milliseconds; one that is set for longer fires at once. */
const longestMs = 2_147_483_647;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, longestMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
