import { hash } from "node:crypto";
import { LIMITS } from "@saltgate/protocol";
import type { Outcome } from "./outcome.ts";

interface Remembered {
  readonly digest: string;
  readonly startedAtMs: number;
  readonly outcome: Promise<Outcome>;
  settled: boolean;
}

/** What to do with a request that carries an idempotency key. */
export type IdempotentCall =
  | { readonly do: "run"; readonly settle: (outcome: Outcome) => void }
  | { readonly do: "repeat"; readonly outcome: Promise<Outcome> }
  | { readonly do: "refuse" };

/**
 * Remembers the answers to requests with an idempotency key: a repeat waits for, or gets, the first answer, and
 * never runs twice. Keys belong to whoever used them, so nobody reads another's answers. Bounded by age and number;
 * what is still running is never forgotten. A failure that may be tried again isn't remembered: nothing was done.
 */
export class IdempotencyCache {
  readonly #remembered = new Map<string, Remembered>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param who the principal: a device id, or the local owner.
   * @param params what was asked; the same key with other params is refused.
   */
  begin(who: string, method: string, key: string, params: unknown): IdempotentCall {
    this.#forget();
    const name = JSON.stringify([who, method, key]);
    const digest = hash("sha256", JSON.stringify(params) ?? "", "base64");
    const known = this.#remembered.get(name);
    if (known !== undefined) {
      return known.digest === digest ? { do: "repeat", outcome: known.outcome } : { do: "refuse" };
    }
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const entry: Remembered = { digest, startedAtMs: this.#now(), outcome: promise, settled: false };
    this.#remembered.set(name, entry);
    return {
      do: "run",
      settle: (outcome) => {
        entry.settled = true;
        resolve(outcome);
        if (!outcome.ok && outcome.error.retryable === true && this.#remembered.get(name) === entry)
          this.#remembered.delete(name);
      },
    };
  }

  /** How many answers are remembered or awaited. */
  get size(): number {
    return this.#remembered.size;
  }

  #forget(): void {
    const oldest = this.#now() - LIMITS.idempotencyTtlMs;
    let over = this.#remembered.size - LIMITS.maxIdempotencyEntries + 1;
    for (const [name, entry] of this.#remembered) {
      if (!entry.settled) continue;
      if (entry.startedAtMs > oldest && over <= 0) break;
      this.#remembered.delete(name);
      over -= 1;
    }
  }
}
