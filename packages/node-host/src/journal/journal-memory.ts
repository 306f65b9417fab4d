import type { Outcome } from "../outcome.ts";
import type { JournalLimits, Remembered } from "./invocation-journal.ts";

const charsOf = ({ outcome }: Remembered): number =>
  typeof outcome === "object" && outcome.ok ? outcome.payloadJSON.length : 0;

/** What a journal holds in memory: bounded in number, in size and in time. */
export class JournalMemory {
  readonly #limits: JournalLimits;
  /** In the order in which they began. */
  readonly #entries = new Map<string, Remembered>();
  #chars = 0;

  constructor(limits: JournalLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  all(): Iterable<Remembered> {
    return this.#entries.values();
  }

  find(key: string, nowMs: number): Remembered | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || nowMs - entry.beganAtMs <= this.#limits.ttlMs) return entry;
    this.#remove(entry);
    return undefined;
  }

  begin(entry: Omit<Remembered, "outcome">): void {
    const before = this.#entries.get(entry.key);
    if (before !== undefined) this.#remove(before);
    this.#entries.set(entry.key, { ...entry, outcome: "unknown" });
    for (const old of this.#entries.values()) {
      if (entry.beganAtMs - old.beganAtMs <= this.#limits.ttlMs) break;
      this.#remove(old);
    }
    while (this.#entries.size > this.#limits.maxEntries) this.#remove(this.#leastNeeded());
  }

  end(key: string, outcome: Outcome | "not-kept"): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const isKept = outcome === "not-kept" || !outcome.ok || outcome.payloadJSON.length <= this.#limits.maxAnswerChars;
    const ended: Remembered = { ...entry, outcome: isKept ? outcome : "not-kept" };
    this.#entries.set(key, ended); // keeps its place in the order
    this.#chars += charsOf(ended) - charsOf(entry);
    for (const old of this.#entries.values()) {
      if (this.#chars <= this.#limits.maxAllAnswersChars) break;
      if (charsOf(old) === 0) continue;
      this.#chars -= charsOf(old);
      this.#entries.set(old.key, { ...old, outcome: "not-kept" });
    }
  }

  /** The oldest that has ended; one whose end is unknown is the last to be forgotten. */
  #leastNeeded(): Remembered {
    let oldest: Remembered | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.outcome !== "unknown") return entry;
      oldest ??= entry;
    }
    return oldest as Remembered; // there is one: it is asked only when there are too many
  }

  #remove(entry: Remembered): void {
    this.#chars -= charsOf(entry);
    this.#entries.delete(entry.key);
  }
}
