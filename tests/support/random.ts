import { randomInt } from "node:crypto";

/** Randomness that can be had again: the same seed gives the same choices. */
export interface Random {
  readonly seed: number;
  /** 0 included to 1 excluded. */
  next(): number;
  /** A whole number from 0 up to `below`. */
  below(below: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Seeded from SALTGATE_SEED, or else by chance. Tell people the seed, so that they can have it again. */
export function seededRandom(seed: number = Number(process.env["SALTGATE_SEED"] ?? randomInt(2 ** 31))): Random {
  let state = seed >>> 0;
  // The mulberry32 generator: small, and good enough to choose moments.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { seed, next, below, pick: (items) => items[below(items.length)] ?? items[0] };
}
