import type { ChannelClock, ChannelLogger } from "./adapter.ts";
import { backoffMs, reconnectBackoff } from "./backoff.ts";
import { type GatheringRules, gather } from "./gathering.ts";
import type { InboundEvent } from "./inbound.ts";
import type { Inbox, InboxRow } from "./inbox.ts";

export interface ReceptionistOptions {
  readonly inbox: Inbox;
  /**
   * Deals with something that came in. When it resolves, its rows are settled in the inbox, in the same transaction as
   * whatever follows from them. Throws {@link NotNowError} where it has to wait; anything else counts as an attempt.
   */
  readonly handle: (event: InboundEvent, rows: readonly [InboxRow, ...InboxRow[]]) => Promise<void>;
  readonly rulesFor: (row: InboxRow) => GatheringRules;
  readonly isCommand: (text: string) => boolean;
  readonly clock: ChannelClock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: ChannelLogger;
  /** Conversations that are dealt with at once. @default 8 */
  readonly maxAtOnce?: number;
}

/** Dealing with a message has to wait, and that is not the message's fault: it isn't counted against it. */
export class NotNowError extends Error {
  override readonly name = "NotNowError";
  /** When it is looked at again, in milliseconds; `undefined`: soon. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { readonly retryAfterMs?: number } = {}) {
    super(message);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What is looked at of a conversation at once. */
const maxHead = 16;

/**
 * Takes what waits in the inbox to whoever deals with it: in order within a conversation, several conversations at once.
 * What can't be dealt with is tried again with growing pauses, then set aside with its reason; the others go on.
 */
export class Receptionist {
  readonly #options: ReceptionistOptions;
  /** Conversations in which something waits, in the order in which they are looked at. */
  readonly #queue = new Set<string>();
  readonly #busy = new Map<string, Promise<void>>();
  /** What waits for more, or for another attempt. */
  readonly #pauses = new Map<string, { readonly cancel: () => void; readonly isForFailure: boolean }>();
  #isStopped = false;

  constructor(options: ReceptionistOptions) {
    this.#options = options;
  }

  /** Takes up what waited when the gateway last ended. */
  async start(): Promise<void> {
    this.arrived(await this.#options.inbox.waitingConversations());
  }

  /** Something new waits in these conversations. */
  arrived(conversations: readonly string[]): void {
    for (const conversation of conversations) {
      const pause = this.#pauses.get(conversation);
      // Somebody who goes on writing must not use up the attempts of what has failed.
      if (pause?.isForFailure) continue;
      pause?.cancel();
      this.#pauses.delete(conversation);
      this.#queue.add(conversation);
    }
    this.#fill();
  }

  /** Takes up nothing new, and resolves when what was taken up has been dealt with. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { cancel } of this.#pauses.values()) cancel();
    this.#pauses.clear();
    await Promise.all(this.#busy.values());
  }

  /** What waits and what is under way, for whoever watches sizes. */
  sizes(): { readonly queued: number; readonly busy: number; readonly paused: number } {
    return { queued: this.#queue.size, busy: this.#busy.size, paused: this.#pauses.size };
  }

  #fill(): void {
    for (const conversation of this.#queue) {
      if (this.#isStopped || this.#busy.size >= (this.#options.maxAtOnce ?? 8)) return;
      if (this.#busy.has(conversation)) continue;
      this.#queue.delete(conversation);
      const work = this.#serve(conversation).finally(() => {
        this.#busy.delete(conversation);
        this.#fill();
      });
      this.#busy.set(conversation, work);
    }
  }

  /** Deals with a conversation until nothing waits in it, or until it has to wait. */
  async #serve(conversation: string): Promise<void> {
    const { inbox, clock, handle, logger, random, rulesFor, isCommand } = this.#options;
    let rows: readonly InboxRow[] = [];
    try {
      while (!this.#isStopped) {
        const [first, ...others] = await inbox.waiting(conversation, maxHead);
        if (first === undefined) return;
        rows = [first];
        const gathered = gather([first, ...others], clock.now(), rulesFor(first), isCommand);
        if (gathered.do === "wait") return this.#pause(conversation, gathered.ms, false);
        rows = gathered.rows;
        await handle(gathered.event, gathered.rows);
        rows = [];
      }
    } catch (error) {
      const [row] = rows;
      logger.error({ channel: row?.channel, err: error }, "a message could not be dealt with; it is tried again");
      await this.#noteFailure(rows, error);
      const waitMs = error instanceof NotNowError ? error.retryAfterMs : undefined;
      this.#pause(conversation, waitMs ?? backoffMs(reconnectBackoff, (row?.attempts ?? 0) + 1, random()), true);
    }
  }

  /**
   * A store that can't be used is nobody's fault, and neither is a gateway that is full or ending: that doesn't count
   * against the message. What was put together fails together, so that no part of it is taken for the whole.
   */
  async #noteFailure(rows: readonly InboxRow[], error: unknown): Promise<void> {
    if (error instanceof NotNowError || (error instanceof Error && error.name === "StoreError")) return;
    const reason = error instanceof Error ? error.message : String(error);
    try {
      const answers = await Promise.all(rows.map(({ seq }) => this.#options.inbox.failed(seq, reason)));
      for (const [index, isTriedAgain] of answers.entries()) {
        if (isTriedAgain) continue;
        this.#options.logger.warn({ channel: rows[index]?.channel, reason }, "a message was set aside");
      }
    } catch (cause) {
      this.#options.logger.error({ err: cause }, "the inbox can't be used; what is in it waits");
    }
  }

  #pause(conversation: string, ms: number, isForFailure: boolean): void {
    if (this.#isStopped) return;
    this.#pauses.get(conversation)?.cancel();
    // What came in meanwhile waits behind it.
    if (isForFailure) this.#queue.delete(conversation);
    const cancel = this.#options.clock.after(Math.max(1, ms), () => {
      this.#pauses.delete(conversation);
      this.#queue.add(conversation);
      this.#fill();
    });
    this.#pauses.set(conversation, { cancel, isForFailure });
  }
}
