import type { Outcome } from "./outcome.ts";

/** An answer that could not be delivered. */
export interface ShelvedResult {
  readonly id: string;
  readonly outcome: Outcome;
}

/** How much is kept for a connection that comes back. */
export interface ShelfLimits {
  /** @default 64 */
  readonly maxResults: number;
  /** All results together, in characters of JSON. @default 16_777_216 */
  readonly maxChars: number;
  /** @default 600_000 */
  readonly ttlMs: number;
}

export const SHELF_LIMITS: ShelfLimits = { maxResults: 64, maxChars: 16_777_216, ttlMs: 600_000 };

const charsOf = ({ outcome }: ShelvedResult): number =>
  outcome.ok ? outcome.payloadJSON.length : outcome.error.message.length;

/** Answers that wait for the connection to come back. Bounded: the oldest go first. */
export class ResultShelf {
  readonly #limits: ShelfLimits;
  #rows: { readonly result: ShelvedResult; readonly atMs: number }[] = [];

  constructor(limits: ShelfLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** @returns what had to go, so that it can be told. */
  put(result: ShelvedResult, nowMs: number): readonly ShelvedResult[] {
    this.#rows.push({ result, atMs: nowMs });
    const dropped: ShelvedResult[] = [];
    let chars = this.#rows.reduce((sum, row) => sum + charsOf(row.result), 0);
    while (this.#rows.length > this.#limits.maxResults || chars > this.#limits.maxChars) {
      const [oldest] = this.#rows.splice(0, 1);
      if (oldest === undefined) break;
      chars -= charsOf(oldest.result);
      dropped.push(oldest.result);
    }
    return dropped;
  }

  /** Takes everything that is not too old, oldest first. */
  takeAll(nowMs: number): readonly ShelvedResult[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows.filter(({ atMs }) => nowMs - atMs <= this.#limits.ttlMs).map(({ result }) => result);
  }
}
