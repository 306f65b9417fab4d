import type { PairingDocuments } from "./pairing-documents.ts";
import type { PairingState, PendingRow } from "./pairing-state.ts";
import type { Transition } from "./transition.ts";

/** What a book needs beside its two files. */
export interface PairingBookOptions<State, Notice> {
  /** What follows for others from what somebody else wrote. */
  readonly noticesBetween: (before: State, after: State) => readonly Notice[];
  readonly listener: ((notice: Notice) => void | Promise<void>) | undefined;
}

/**
 * The two files of a pairing with a copy in memory. Changes take turns, are decided on what is on disk at that moment,
 * and are durable and told before they are answered. Several processes may do this on the same files.
 */
export class PairingBook<Pending extends PendingRow, Paired, Outcome extends { readonly type: string }, Notice> {
  readonly #documents: PairingDocuments<Pending, Paired, Outcome>;
  readonly #options: PairingBookOptions<PairingState<Pending, Paired>, Notice>;
  readonly #stop: () => void;
  #view: PairingState<Pending, Paired> = { pending: {}, paired: {} };
  /** Changes that the documents reported so far. */
  #reported = 0;
  /** How many of them the view has seen; `undefined` while memory may be behind the disk. */
  #seen: number | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    documents: PairingDocuments<Pending, Paired, Outcome>,
    options: PairingBookOptions<PairingState<Pending, Paired>, Notice>,
  ) {
    this.#documents = documents;
    this.#options = options;
    this.#stop = documents.changed(() => {
      this.#reported += 1;
    });
  }

  /** Reads both files and finishes what a crash left behind. @throws {StoreError} when one of them is damaged */
  static async open<Pending extends PendingRow, Paired, Outcome extends { readonly type: string }, Notice>(
    documents: PairingDocuments<Pending, Paired, Outcome>,
    options: PairingBookOptions<PairingState<Pending, Paired>, Notice>,
  ): Promise<PairingBook<Pending, Paired, Outcome, Notice>> {
    const book = new PairingBook(documents, options);
    const { state } = await documents.readSettled();
    book.#view = state;
    book.#seen = 0;
    return book;
  }

  /** The copy in memory; `undefined` while it may be behind the disk. */
  get fresh(): PairingState<Pending, Paired> | undefined {
    return this.#seen === this.#reported ? this.#view : undefined;
  }

  /** What is there, read again where memory may be behind. */
  async current(): Promise<PairingState<Pending, Paired>> {
    if (this.fresh === undefined) await this.refresh();
    return this.#view;
  }

  /** Decides on what is there now, and tells what follows before it answers. */
  change<O extends Outcome>(
    decide: (state: PairingState<Pending, Paired>) => Transition<PairingState<Pending, Paired>, O>,
    noticesOf: (outcome: O) => readonly Notice[],
  ): Promise<O> {
    return this.#inTurn(async () => {
      const reported = this.#reported;
      this.#seen = undefined;
      const { state, outcome } = await this.#documents.update(decide, (current) => this.#adopt(current));
      this.#view = state;
      // After an approval others may have written too: the next answer reads again.
      this.#seen = outcome.type === "approved" ? undefined : reported;
      await this.#tell(noticesOf(outcome));
      return outcome;
    });
  }

  /** Reads both files again, and tells what follows from what others wrote. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      const reported = this.#reported;
      this.#seen = undefined;
      await this.#adopt(await this.#documents.read());
      this.#seen = reported;
    });
  }

  /** Stops listening to the documents. */
  stop(): void {
    this.#stop();
  }

  /** Tells what follows from what others wrote, then takes it over: in this order, so that nothing is told never. */
  async #adopt(state: PairingState<Pending, Paired>): Promise<void> {
    await this.#tell(this.#options.noticesBetween(this.#view, state));
    this.#view = state;
  }

  async #tell(notices: readonly Notice[]): Promise<void> {
    for (const notice of notices) {
      await this.#options.listener?.(notice);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}
