import { backoffMs, deliveryBackoff } from "./backoff.ts";
import { isChannelError } from "./channel-error.ts";
import type { DeliveryOutcome } from "./outbox.ts";

/** How long after an attempt nobody heard of it is asked about: the platform may still be carrying it out. */
export const reconcileAfterMs = 3_000;

/** What follows from a failed attempt: for the delivery, and for the account it was made on. */
export interface Aftermath {
  readonly outcome: Exclude<DeliveryOutcome, { state: "sent" }> | { readonly state: "gone" };
  /** Nothing is sent on this account until then. */
  readonly pauseUntilMs?: number;
  /** The account can't send until its owner has mended it. */
  readonly stopsAccount?: boolean;
}

/**
 * Decides what follows from a failed attempt. Pure. What may have been carried out is never simply tried again: it is
 * found out first, unless trying again is harmless.
 */
export function afterAttempt(facts: {
  readonly error: unknown;
  /** How many attempts there were, this one included. */
  readonly attempts: number;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  /** Whether a repeat has no effect: an edit, a reaction, or what a platform drops by its handle. */
  readonly isRepeatable: boolean;
  /** A number from 0 up to 1. */
  readonly random: number;
}): Aftermath {
  const { error, attempts, nowMs, expiresAtMs, isRepeatable, random } = facts;
  const kind = isChannelError(error) ? error.kind : "unknown-outcome";
  const message = error instanceof Error ? error.message : String(error);
  const again = (pauseMs: number): Aftermath["outcome"] =>
    nowMs + pauseMs >= expiresAtMs
      ? { state: "expired", error: message, errorKind: kind }
      : { state: "waiting", pauseMs, error: message, errorKind: kind };
  const ownMs = backoffMs(deliveryBackoff, attempts, random);
  const askedMs = isChannelError(error) ? (error.retryAfterMs ?? ownMs) : ownMs;
  switch (kind) {
    case "rate":
      // Exactly as long as the platform said, and nothing else of this account before.
      return { outcome: again(askedMs), pauseUntilMs: nowMs + askedMs };
    case "transient":
    case "conflict":
      return { outcome: again(askedMs) };
    case "auth":
    case "config":
      // Nothing is wrong with what is sent: it waits until the account works again.
      return { outcome: again(deliveryBackoff.maxMs), stopsAccount: true };
    case "gone":
      return { outcome: { state: "gone" } };
    case "refused":
      return { outcome: { state: "failed", error: message, errorKind: kind } };
    // An unknown outcome, and what an adapter that is newer than this package may say: nothing is known about either.
    default:
      if (isRepeatable) return { outcome: again(ownMs) };
      return { outcome: { state: "unsure", pauseMs: reconcileAfterMs, error: message } };
  }
}
