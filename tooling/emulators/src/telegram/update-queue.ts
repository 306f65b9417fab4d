/** An update as a bot gets it. */
export type Update = { readonly update_id: number } & Readonly<Record<string, unknown>>;

/** Kinds that a bot gets without asking for them. */
const unasked: ReadonlySet<string> = new Set([
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "callback_query",
  "poll",
  "poll_answer",
  "my_chat_member",
]);

/** Why a poll ended without updates. */
export type PollEnd = { readonly updates: readonly Update[] } | { readonly conflict: string };

interface Poll {
  readonly limit: number;
  readonly end: (result: PollEnd) => void;
}

/** What waits for one bot. */
export class UpdateQueue {
  #nextId = 700_001;
  #pending: Update[] = [];
  readonly #confirmed: Update[] = [];
  #allowed: ReadonlySet<string> = unasked;
  #poll: Poll | undefined;
  #twist: "duplicate" | "out-of-order" | undefined;
  readonly #onWaiting: () => void;
  #taken = 0;
  /** Polls that were ended because another one began. */
  overlaps = 0;

  /** @param onWaiting called when something waits that nobody polls for */
  constructor(onWaiting: () => void) {
    this.#onWaiting = onWaiting;
  }

  get pending(): readonly Update[] {
    return this.#pending;
  }

  /** Adds what happened, if the bot wants to know of it. */
  push(kind: string, body: unknown): void {
    if (!this.#allowed.has(kind)) return;
    this.#pending.push({ update_id: this.#nextId++, [kind]: body });
    this.#serve();
  }

  /** Adds whatever it is, with an id unless it brings its own. */
  inject(raw: Readonly<Record<string, unknown>>): void {
    this.#pending.push({ update_id: this.#nextId++, ...raw } as Update);
    this.#serve();
  }

  /** Confirmed updates come once more, as if the confirmation had been lost. */
  redeliver(): void {
    this.#pending = [...this.#confirmed.splice(0), ...this.#pending];
    this.#serve();
  }

  /** Twists the next answer that has updates. */
  twist(how: "duplicate" | "out-of-order"): void {
    this.#twist = how;
  }

  allow(kinds: unknown): void {
    if (Array.isArray(kinds)) this.#allowed = kinds.length === 0 ? unasked : new Set(kinds.map(String));
  }

  /** How many updates were confirmed so far, repeats included. */
  get taken(): number {
    return this.#taken;
  }

  confirmBelow(offset: number): void {
    const done = this.#pending.filter(({ update_id }) => update_id < offset);
    this.#taken += done.length;
    this.#confirmed.push(...done);
    this.#pending = this.#pending.filter(({ update_id }) => !(update_id < offset));
  }

  /** Waits for updates, `timeoutMs` at most. A poll that waits already is ended with a conflict. */
  poll(limit: number, timeoutMs: number): { readonly ended: Promise<PollEnd>; readonly cancel: () => void } {
    if (this.#poll !== undefined) {
      this.overlaps += 1;
      this.#poll.end({
        conflict: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
      });
    }
    let cancel = (): void => {};
    const ended = new Promise<PollEnd>((resolve) => {
      const end = (result: PollEnd): void => {
        if (this.#poll?.end === end) this.#poll = undefined;
        clearTimeout(timer);
        resolve(result);
      };
      const timer = setTimeout(() => end({ updates: [] }), timeoutMs);
      this.#poll = { limit, end };
      cancel = () => end({ updates: [] });
      this.#serve();
    });
    return { ended, cancel };
  }

  /** The poll that waits ends without updates, as after its time. */
  endPoll(): void {
    this.#poll?.end({ updates: [] });
  }

  /** Whether somebody polls at this moment. */
  get isPolled(): boolean {
    return this.#poll !== undefined;
  }

  /** The oldest update is done with: a webhook took it. Twisted, the answer was lost, and it comes once more. */
  shift(): void {
    const isRepeated = this.#twist === "duplicate";
    this.#twist = undefined;
    if (isRepeated) return;
    const first = this.#pending.shift();
    if (first === undefined) return;
    this.#taken += 1;
    this.#confirmed.push(first);
  }

  #serve(): void {
    if (this.#pending.length === 0) return;
    if (this.#poll === undefined) return this.#onWaiting();
    let updates = this.#pending.slice(0, this.#poll.limit);
    if (this.#twist === "duplicate") updates = updates.flatMap((update) => [update, update]);
    if (this.#twist === "out-of-order") updates = updates.toReversed();
    this.#twist = undefined;
    this.#poll.end({ updates });
  }
}
