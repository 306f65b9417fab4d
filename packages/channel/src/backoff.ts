/** Growing pauses between attempts. */
export interface BackoffRules {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** How much of a pause is random, from 0 to 1. */
  readonly jitter: number;
}

/** How adapters come back after a loss. */
export const reconnectBackoff: BackoffRules = { initialMs: 2_000, maxMs: 30_000, factor: 1.8, jitter: 0.25 };

/** While another program uses the account: long enough for it to be stopped, and never a race. */
export const conflictBackoff: BackoffRules = { initialMs: 30_000, maxMs: 60_000, factor: 1.3, jitter: 0.25 };

/** How deliveries are tried again while a platform is down. */
export const deliveryBackoff: BackoffRules = { initialMs: 1_000, maxMs: 300_000, factor: 2, jitter: 0.25 };

/**
 * The pause before the next attempt, in milliseconds.
 * @param attempt how many have failed, from 1
 * @param random a number from 0 up to 1
 */
export function backoffMs(rules: BackoffRules, attempt: number, random: number): number {
  const base = Math.min(rules.maxMs, rules.initialMs * rules.factor ** Math.min(attempt - 1, 64));
  return Math.min(rules.maxMs, Math.round(base + base * rules.jitter * random));
}
