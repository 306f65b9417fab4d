import { CommandError } from "./command-error.ts";
import type { GatewaySession } from "./gateway-session.ts";

/** How often something is asked for again with the same key, after the way was cut. */
const MAX_REPEATS = 20;
/** Between an attempt that was cut short and the next one, in milliseconds. */
const PAUSE_MS = 500;

/** Whether only the way was cut: the same may be asked again. */
export function isCut(error: unknown): boolean {
  return error instanceof CommandError && ["CLOSED", "RESTARTING", "NOT_CONNECTED"].includes(error.code);
}

/** Waits between an attempt that was cut short and the next one. */
export async function aLittle(): Promise<void> {
  const { setTimeout: wait } = await import("node:timers/promises");
  await wait(PAUSE_MS);
}

/** Whether the same may be asked again: the way was cut, or the gateway says so. */
export function isRetryable(error: unknown): boolean {
  return isCut(error) || (error instanceof CommandError && error.retryable);
}

/**
 * Asks again once the connection is there again. What is asked has an idempotency key or changes nothing, so that it
 * happens once.
 * @param mayRepeat after which failures it is asked again; those of the way alone unless it says more
 */
export async function repeatWhenCut<T>(
  session: Pick<GatewaySession, "connected">,
  ask: () => Promise<T>,
  mayRepeat: (error: unknown) => boolean = isCut,
): Promise<T> {
  for (let repeats = 0; ; repeats += 1) {
    try {
      await session.connected();
      return await ask();
    } catch (error) {
      if (!mayRepeat(error) || repeats >= MAX_REPEATS) throw error;
      await aLittle();
    }
  }
}
