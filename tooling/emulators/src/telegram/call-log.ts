/** A call that a bot made. */
export interface Call {
  readonly token: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What went wrong with it on purpose. */
  readonly fault?: string;
}

/** Most calls that are kept. */
const maxCalls = 10_000;

/** What was called, in its order, and whoever waits for more of it. */
export class CallLog {
  readonly #calls: Call[] = [];
  #waiting: { readonly isMet: () => boolean; readonly go: () => void }[] = [];

  add(call: Call): void {
    this.#calls.push(call);
    if (this.#calls.length > maxCalls) this.#calls.shift();
    this.changed();
  }

  /** Calls of a method, or all. */
  of(method?: string): readonly Call[] {
    return this.#calls.filter((call) => method === undefined || call.method.toLowerCase() === method.toLowerCase());
  }

  /** Looks again whether what somebody waits for has come. */
  changed(): void {
    const met = this.#waiting.filter(({ isMet }) => isMet());
    this.#waiting = this.#waiting.filter((one) => !met.includes(one));
    for (const { go } of met) go();
  }

  /** Resolves when `isMet` holds; looks whenever something happened here. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((go) => this.#waiting.push({ isMet, go }));
  }

  /** Resolves when a method was called `times` times since the emulator began. */
  untilCalled(method: string, times = 1): Promise<void> {
    return this.until(() => this.of(method).length >= times);
  }
}
