/** Events that were sent and didn't arrive. */
export interface Gap {
  /** The position that should have come. */
  readonly expected: number;
  /** The position that came instead. */
  readonly received: number;
}

/** What a position in the sequence of events means. */
export interface SequenceStep {
  /** The last position seen so far. */
  readonly last: number | undefined;
  readonly gap: Gap | undefined;
}

/** Follows the positions of one connection's events. The first is accepted as it is; events without one don't count. */
export function sequenceStep(last: number | undefined, seq: number | undefined): SequenceStep {
  if (seq === undefined) return { last, gap: undefined };
  if (last === undefined) return { last: seq, gap: undefined };
  if (seq <= last) return { last, gap: undefined };
  return { last: seq, gap: seq > last + 1 ? { expected: last + 1, received: seq } : undefined };
}
