/** Pauses between attempts. */
export interface BackoffRules {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the pause that chance may add. */
  readonly jitter: number;
}

/** How long to wait when Telegram can't be reached. */
export const reconnectBackoff: BackoffRules = { initialMs: 2_000, maxMs: 30_000, factor: 1.8, jitter: 0.25 };

/** How long to wait while another program polls with our token: long enough for it to be stopped, and never a race. */
export const conflictBackoff: BackoffRules = { initialMs: 30_000, maxMs: 60_000, factor: 1.3, jitter: 0.25 };

/**
 * The pause before an attempt, in milliseconds. Pure.
 * @param attempt 1 for the first repetition
 * @param random from 0 up to 1
 */
export function backoffMs(attempt: number, rules: BackoffRules, random: number): number {
  const base = rules.initialMs * rules.factor ** Math.min(attempt - 1, 64);
  return Math.min(rules.maxMs, Math.round(base + base * rules.jitter * random));
}
