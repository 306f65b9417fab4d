/** Keeps what arrives in order and lets a test wait for something in it. Waits end when the source does. */
export class Mailbox<T> {
  readonly items: T[] = [];
  #ended: string | undefined;
  #wake: (() => void)[] = [];

  put(item: T): void {
    this.items.push(item);
    this.#changed();
  }

  /** Nothing more will come, because of `why`. */
  end(why: string): void {
    this.#ended ??= why;
    this.#changed();
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /**
   * The first thing that `look` finds, now or later.
   * @throws when the source has ended without it, with everything that did arrive.
   */
  async until<R>(look: (items: readonly T[]) => R | undefined): Promise<R> {
    for (;;) {
      const found = look(this.items);
      if (found !== undefined) return found;
      if (this.#ended !== undefined) {
        throw new Error(`${this.#ended}; what came before: ${JSON.stringify(this.items).slice(0, 4_000)}`);
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}
