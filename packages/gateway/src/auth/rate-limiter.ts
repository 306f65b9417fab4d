import { createHash } from "node:crypto";

/** Kinds of credential. Each has its own buckets, so that guessing one never locks another. */
export type CredentialClass = "token" | "password" | "device-token" | "setup-code" | "node-token" | "http";

/** How many wrong credentials are too many. */
export interface RateLimitRules {
  /** Wrong credentials within the window before the lock. */
  readonly maxFailures: number;
  /** Length of the window, in milliseconds. */
  readonly windowMs: number;
  /** Length of the lock, in milliseconds. */
  readonly lockoutMs: number;
}

interface Bucket {
  failures: number;
  windowEndsAtMs: number;
  lockedUntilMs: number;
  /** Digests of recent wrong credentials: a program that repeats one wrong credential is mistaken, not guessing. */
  readonly seen: Set<string>;
}

const MAX_BUCKETS = 10_000;

/**
 * Counts wrong credentials per kind and address, in front of every credential check (rule R-06). Missing
 * credentials don't count, the same wrong one again counts once, and a right one of one kind resets nothing of
 * another. Bounded: the buckets that were touched longest ago go first.
 */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rules: RateLimitRules;
  readonly #now: () => number;

  constructor(rules: RateLimitRules, now: () => number) {
    this.#rules = rules;
    this.#now = now;
  }

  /** Milliseconds until this kind may be tried again from there; 0 when it may be tried now. */
  retryAfterMs(kind: CredentialClass, who: string): number {
    const bucket = this.#buckets.get(`${kind} ${who}`);
    return bucket === undefined ? 0 : Math.max(0, bucket.lockedUntilMs - this.#now());
  }

  /** Notes a wrong credential. */
  fail(kind: CredentialClass, who: string, credential: string): void {
    const now = this.#now();
    const key = `${kind} ${who}`;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined || (bucket.windowEndsAtMs <= now && bucket.lockedUntilMs <= now)) {
      bucket = { failures: 0, windowEndsAtMs: now + this.#rules.windowMs, lockedUntilMs: 0, seen: new Set() };
    }
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const digest = createHash("sha256").update(credential, "utf8").digest("base64");
    if (!bucket.seen.has(digest)) {
      bucket.seen.add(digest);
      bucket.failures += 1;
    }
    if (bucket.failures >= this.#rules.maxFailures) bucket.lockedUntilMs = now + this.#rules.lockoutMs;
    if (this.#buckets.size > MAX_BUCKETS) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
  }

  /** Forgets the failures of this kind from there, after a right credential. */
  succeed(kind: CredentialClass, who: string): void {
    this.#buckets.delete(`${kind} ${who}`);
  }

  /** How many buckets are kept. */
  get size(): number {
    return this.#buckets.size;
  }
}
