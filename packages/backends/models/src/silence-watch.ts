import type { After } from "./models-options.ts";

/** How long nothing may be heard, in milliseconds. */
export interface SilenceLimits {
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/**
 * Watches an answer while somebody waits for more of it: every byte is a sign of life, and silence ends it. Time in which
 * nobody waits, because what came is still being worked on, doesn't count.
 */
export class SilenceWatch {
  readonly #limits: SilenceLimits;
  readonly #after: After;
  readonly #onSilence: () => void;
  #cancel: (() => void) | undefined;
  #heardAnything = false;
  #silentMs: number | undefined;

  constructor(limits: SilenceLimits, after: After, onSilence: () => void) {
    this.#limits = limits;
    this.#after = after;
    this.#onSilence = onSilence;
  }

  /** Whether the answer had begun. */
  get heardAnything(): boolean {
    return this.#heardAnything;
  }

  /** How long it was silent when it was given up, in milliseconds; `undefined` while it wasn't. */
  get silentMs(): number | undefined {
    return this.#silentMs;
  }

  /** Waits with somebody for what comes next. */
  async during<T>(next: Promise<T>): Promise<T> {
    this.#restart();
    try {
      return await next;
    } finally {
      this.#cancel?.();
      this.#cancel = undefined;
    }
  }

  /** Something came. */
  heard(): void {
    this.#heardAnything = true;
    if (this.#cancel !== undefined) this.#restart();
  }

  #restart(): void {
    this.#cancel?.();
    const ms = this.#heardAnything ? this.#limits.idleTimeoutMs : this.#limits.firstByteTimeoutMs;
    this.#cancel = this.#after(ms, () => {
      this.#silentMs = ms;
      this.#onSilence();
    });
  }
}
