import type { InboundEvent, InboundPort, SetAside } from "@saltgate/channel";

/** An inbox that keeps what it takes, and can be slow or full. It outlives connections, as the real one does. */
export class RecordingInbox implements InboundPort {
  /** Everything that was taken, repetitions included, in its order. */
  readonly taken: InboundEvent[] = [];
  readonly aside: SetAside[] = [];
  #cursor: string | undefined;
  #watching: { readonly isMet: () => boolean; readonly go: () => void }[] = [];
  #failures = 0;
  #gate: { readonly open: Promise<void>; readonly release: () => void } | undefined;
  /** How many batches came to it, taken or not. */
  offered = 0;

  /** Each event once, as the real inbox has them. */
  get events(): readonly InboundEvent[] {
    return [...new Map(this.taken.map((event) => [event.nativeId, event])).values()];
  }

  /** The next batches can't be written. */
  failNext(times: number): void {
    this.#failures = times;
  }

  /** Batches wait until the returned function is called. */
  hold(): () => void {
    let release = (): void => {};
    const open = new Promise<void>((go) => {
      release = go;
    });
    this.#gate = { open, release };
    return () => {
      this.#gate = undefined;
      release();
    };
  }

  async accept(batch: {
    readonly events: readonly InboundEvent[];
    readonly aside?: readonly SetAside[];
    readonly cursor?: string;
  }): Promise<void> {
    this.offered += 1;
    this.#look();
    await this.#gate?.open;
    if (this.#failures > 0) {
      this.#failures -= 1;
      throw new Error("The disk is full.");
    }
    // As on a disk: what comes back has been written as JSON.
    this.taken.push(...(JSON.parse(JSON.stringify(batch.events)) as InboundEvent[]));
    this.aside.push(...(batch.aside ?? []));
    if (batch.cursor !== undefined) this.#cursor = batch.cursor;
    this.#look();
  }

  cursor(): Promise<string | undefined> {
    return Promise.resolve(this.#cursor);
  }

  /** Resolves when so many different events were taken. */
  async until(count: number): Promise<readonly InboundEvent[]> {
    await this.untilMet(() => this.events.length >= count);
    return this.events;
  }

  /** Resolves when this holds; looks at every batch. */
  untilMet(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((go) => this.#watching.push({ isMet, go }));
  }

  #look(): void {
    const met = this.#watching.filter(({ isMet }) => isMet());
    this.#watching = this.#watching.filter((one) => !met.includes(one));
    for (const { go } of met) go();
  }
}
