import type { ClientClock } from "@saltgate/client";

export type { ClientClock };

/** The machine's own clock. */
export const systemClock: ClientClock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
