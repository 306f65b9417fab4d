import { hash } from "node:crypto";
import { type DetailCode, type ErrorShape, errorShape, LIMITS } from "@saltgate/protocol";
import type { Outcome } from "./outcome.ts";

interface Remembered {
  readonly digest: string;
  readonly startedAtMs: number;
  outcome: Promise<Outcome>;
  settled: boolean;
  /** What its answer takes, in bytes, roughly. */
  bytes: number;
}

/** What all remembered answers together may take, in bytes. A picture of a node's camera is some megabytes. */
const MAX_BYTES = 33_554_432;

const notKept: Outcome = {
  ok: false,
  error: errorShape("RESULT_TOO_LARGE", "this was done, and its answer was too large to keep for a repeat"),
};

/** What to do with a request that carries an idempotency key. */
export type IdempotentCall =
  | { readonly do: "run"; readonly settle: (outcome: Outcome) => void }
  | { readonly do: "repeat"; readonly outcome: Promise<Outcome> }
  | { readonly do: "refuse" };

/**
 * Remembers the answers to requests with an idempotency key: a repeat waits for, or gets, the first answer, and
 * never runs twice. Keys belong to whoever used them, so nobody reads another's answers. Bounded by age, number and
 * bytes: of answers that are too large together, the oldest are only remembered as given. What is still running is never
 * forgotten. A failure that may be tried again isn't remembered, nor one of what was asked for: nothing was done.
 */
export class IdempotencyCache {
  readonly #remembered = new Map<string, Remembered>();
  readonly #now: () => number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(now: () => number, maxBytes: number = MAX_BYTES) {
    this.#now = now;
    this.#maxBytes = maxBytes;
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
    const entry: Remembered = { digest, startedAtMs: this.#now(), outcome: promise, settled: false, bytes: 0 };
    this.#remembered.set(name, entry);
    return {
      do: "run",
      settle: (outcome) => {
        entry.settled = true;
        resolve(outcome);
        if (!outcome.ok && (outcome.error.retryable === true || isMistake(outcome.error)))
          this.#remembered.delete(name);
        else this.#weigh(entry, outcome);
      },
    };
  }

  /** How many answers are remembered or awaited. */
  get size(): number {
    return this.#remembered.size;
  }

  /** Takes an answer into account, and lets go of the oldest ones that are too many bytes now. */
  #weigh(entry: Remembered, outcome: Outcome): void {
    entry.bytes = roughBytes(outcome);
    this.#bytes += entry.bytes;
    if (this.#bytes <= this.#maxBytes) return;
    for (const heavy of this.#remembered.values()) {
      if (this.#bytes <= this.#maxBytes) return;
      if (heavy.bytes === 0) continue;
      this.#bytes -= heavy.bytes;
      heavy.bytes = 0;
      heavy.outcome = Promise.resolve(notKept);
    }
  }

  #forget(): void {
    const oldest = this.#now() - LIMITS.idempotencyTtlMs;
    let over = this.#remembered.size - LIMITS.maxIdempotencyEntries + 1;
    for (const [name, entry] of this.#remembered) {
      if (!entry.settled) continue;
      if (entry.startedAtMs > oldest && over <= 0) break;
      this.#remembered.delete(name);
      this.#bytes -= entry.bytes;
      over -= 1;
    }
  }
}

const mistakes: ReadonlySet<unknown> = new Set<DetailCode>([
  "INVALID_PARAMS",
  "UNKNOWN_TARGET",
  "UNKNOWN_CHANNEL",
  "UNKNOWN_ACCOUNT",
  "IDEMPOTENCY_KEY_REUSED",
]);

/** Whether the caller asked for something that can't be: the same key is free for the request as it was meant. */
function isMistake({ details }: ErrorShape): boolean {
  return mistakes.has((details as { readonly code?: unknown } | undefined)?.code);
}

/** What a value takes in memory, roughly: its texts, and a little for everything else. */
function roughBytes(value: unknown): number {
  if (typeof value === "string") return 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 16;
  for (const [key, entry] of Object.entries(value)) bytes += key.length + roughBytes(entry);
  return bytes;
}
