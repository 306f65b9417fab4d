import type { ChannelClock } from "@saltgate/channel";

/** Waits, or until the signal. Never rejects. */
export function pause(clock: ChannelClock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resume) => {
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      resume();
    };
    const cancel = clock.after(delayMs, wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
