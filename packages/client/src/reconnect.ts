/** How to come back after a connection was lost. */
export interface ReconnectDelays {
  /** Upper bound of the first wait, in milliseconds. Each further one doubles it. @default 1_000 */
  readonly minDelayMs: number;
  /** Upper bound of every wait, in milliseconds. @default 60_000 */
  readonly maxDelayMs: number;
}

/** Longest wait that a gateway can ask for, in milliseconds: one hour. */
const MAX_ASKED_DELAY_MS = 3_600_000;

/**
 * Milliseconds until the next attempt: full jitter, a random part of a bound that doubles, so that a thousand clients
 * of a gateway that restarts don't come back at once. What the gateway asked for is waited in full, and the jitter
 * comes on top of it.
 * @param failures how many attempts have failed since the last connection that held, from 0
 * @param random 0 included to 1 excluded
 */
export function reconnectDelayMs(
  delays: ReconnectDelays,
  failures: number,
  random: () => number,
  askedMs: number | undefined,
): number {
  const bound = Math.min(delays.maxDelayMs, delays.minDelayMs * 2 ** Math.min(failures, 30));
  const asked = Math.min(Math.max(askedMs ?? 0, 0), MAX_ASKED_DELAY_MS);
  return Math.round(asked + random() * bound);
}

/** A connection that held for this long was a good one: the waits start small again. */
const STABLE_AFTER_MS = 10_000;

/** How many failures still count after a connection ended: one that ended soon did not make up for those before it. */
export function failuresAfterLoss(failures: number, heldForMs: number): number {
  return heldForMs >= STABLE_AFTER_MS ? 0 : failures;
}
