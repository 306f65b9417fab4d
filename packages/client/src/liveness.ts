/** What to do about a connection that may have died silently. */
export type LivenessStep = { readonly do: "give-up" } | { readonly do: "look-again"; readonly afterMs: number };

/** Shortest time between two looks, in milliseconds, however often a gateway ticks. */
const minLookMs = 1_000;

/**
 * A gateway ticks, so a connection on which nothing arrived for two tick intervals is dead, whatever the socket says.
 * Any frame counts. Pure. Source: docs/protocol.md, "Tick and shutdown".
 */
export function livenessStep(nowMs: number, lastFrameAtMs: number, tickIntervalMs: number): LivenessStep {
  const leftMs = lastFrameAtMs + 2 * Math.max(tickIntervalMs, minLookMs) - nowMs;
  // A clock that was set back must not make a dead connection live for long.
  return leftMs <= 0
    ? { do: "give-up" }
    : { do: "look-again", afterMs: Math.min(leftMs, 2 * Math.max(tickIntervalMs, minLookMs)) };
}
