import { deferred } from "./deferred.ts";

/** What goes on by itself, so that whoever ends can wait for it. */
export class OpenWork {
  readonly #onFailure: (error: unknown) => void;
  readonly #going = new Set<Promise<void>>();
  #idle: (() => void)[] = [];

  /** @param onFailure told of what failed, since nobody else waits for it */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** How much goes on. */
  get size(): number {
    return this.#going.size;
  }

  /** Keeps sight of something until it has ended. */
  add(work: Promise<unknown>): void {
    const going: Promise<void> = work
      .then(() => undefined)
      .catch(this.#onFailure)
      .finally(() => {
        this.#going.delete(going);
        if (this.#going.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
    this.#going.add(going);
  }

  /** Resolves when nothing goes on, or at the signal. */
  async idle(signal: AbortSignal): Promise<void> {
    if (this.#going.size === 0 || signal.aborted) return;
    const { promise, resolve } = deferred<void>();
    this.#idle.push(resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  /** Resolves when nothing goes on. */
  async ended(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }
}
