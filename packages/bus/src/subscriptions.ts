import type { BusListener } from "./bus.ts";
import { type Pattern, parentsOf, requireSubject } from "./subject.ts";

interface Subscription {
  readonly order: number;
  readonly listener: BusListener;
}

const nobody: readonly BusListener[] = [];

/** How many subjects keep their list of listeners at hand. */
const maxCachedSubjects = 1_024;

/**
 * Who listens to what. Looking up a subject that was looked up before is one map access: lists are made once, never
 * changed, and thrown away when a subscription comes or goes. So a publisher may walk a list while listeners leave.
 */
export class Subscriptions {
  readonly #exact = new Map<string, Set<Subscription>>();
  readonly #below = new Map<string, Set<Subscription>>();
  readonly #cache = new Map<string, readonly BusListener[]>();
  #nextOrder = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add({ subject, matchesBelow }: Pattern, listener: BusListener): () => void {
    const group = matchesBelow ? this.#below : this.#exact;
    const subscription = { order: this.#nextOrder++, listener };
    const members = group.get(subject) ?? new Set();
    group.set(subject, members.add(subscription));
    this.#size += 1;
    this.#cache.clear();
    return () => {
      if (!members.delete(subscription)) return;
      if (members.size === 0) group.delete(subject);
      this.#size -= 1;
      this.#cache.clear();
    };
  }

  /**
   * Listeners of a subject, in the order in which they subscribed.
   * @throws {BusError} `invalid-subject`.
   */
  of(subject: string): readonly BusListener[] {
    const cached = this.#cache.get(subject);
    if (cached !== undefined) return cached;
    const found = [...(this.#exact.get(requireSubject(subject)) ?? [])];
    for (const parent of parentsOf(subject)) found.push(...(this.#below.get(parent) ?? []));
    const listeners = found.length === 0 ? nobody : found.sort((a, b) => a.order - b.order).map((one) => one.listener);
    if (this.#cache.size >= maxCachedSubjects) this.#cache.clear();
    this.#cache.set(subject, listeners);
    return listeners;
  }

  clear(): void {
    this.#exact.clear();
    this.#below.clear();
    this.#cache.clear();
    this.#size = 0;
  }
}
