import { expect, test, vi } from "vitest";
import { systemClock } from "../src/index.ts";

test("[gateway:long-waits] clock: a wait that is longer than timers take isn't over at once", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    let fired = 0;
    // A platform that wants nothing of us for years.
    const cancel = systemClock.after(100 * 365 * 86_400_000, () => {
      fired += 1;
    });
    vi.advanceTimersByTime(20 * 86_400_000);
    expect(fired).toBe(0);
    cancel();
    vi.advanceTimersByTime(20 * 86_400_000);
    expect(fired).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
