import type { Delivery } from "@saltgate/channel";

/** Most deliveries that are remembered. */
const maxDeliveries = 1_024;

/**
 * Deliveries that are on their way, or whose answer nobody heard. Conversations are sent into one by one, but the topics of a group
 * are conversations of their own, and their messages are counted together: there, one could be taken for another.
 */
export class Unsettled {
  readonly #deliveries = new Map<string, { readonly chat: string; readonly isLeft: boolean }>();

  /** It is on its way from now on. */
  add(delivery: Delivery): void {
    this.#put(delivery, false);
  }

  /** It has come to its end, and it is known which. */
  settle({ id }: Delivery): void {
    this.#deliveries.delete(id);
  }

  /** It will never be known: its message may be there, and could be taken for another's until a later one was heard of. */
  leave(delivery: Delivery): void {
    this.#put(delivery, true);
  }

  /** A later message into the chat was heard of: whatever is looked for from now on comes after it. */
  passed(chat: string): void {
    for (const [id, one] of this.#deliveries) if (one.isLeft && one.chat === chat) this.#deliveries.delete(id);
  }

  /** Whether it began in this run and hasn't come to its end. */
  has({ id }: Delivery): boolean {
    return this.#deliveries.has(id);
  }

  /** Whether there are others into the same chat. */
  hasOthers({ id, target }: Delivery): boolean {
    return [...this.#deliveries].some(([other, { chat }]) => other !== id && chat === target.to);
  }

  #put({ id, target }: Delivery, isLeft: boolean): void {
    this.#deliveries.delete(id);
    this.#deliveries.set(id, { chat: target.to, isLeft });
    if (this.#deliveries.size > maxDeliveries) this.#deliveries.delete(this.#deliveries.keys().next().value ?? "");
  }
}
