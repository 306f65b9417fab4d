import { ChannelError, type Delivery, type Reconciliation } from "@saltgate/channel";
import type { BotApi } from "../bot-api.ts";
import { CallError, channelErrorOf, isAnswer } from "../call-failure.ts";
import type { MessageIds } from "../message-ids.ts";
import { fieldsIn, integerIn } from "../reading.ts";
import { keyboard } from "./outbound-call.ts";
import type { Unsettled } from "./unsettled.ts";

/** How many ids that nobody knows are looked at. */
const windowIds = 64;
/** Most deliveries whose search is remembered while Telegram makes us wait. */
const maxSearches = 128;
const probeDeadlineMs = 15_000;

/** What is known before a delivery: the highest message id where its chat counts. */
export interface DeliveryHandle {
  readonly after?: number;
  /** Another delivery was on its way into the same chat. */
  readonly isShared?: true;
}

/** What to keep before the first attempt. */
export function handleOf(delivery: Delivery, ids: MessageIds, unsettled: Unsettled): DeliveryHandle {
  const { target, content } = delivery;
  const answered = "replyToId" in content && content.replyToId !== undefined ? Number(content.replyToId) : 0;
  const after = Math.max(ids.highest(target.to) ?? 0, Number.isSafeInteger(answered) ? answered : 0);
  return { ...(after !== 0 && { after }), ...(unsettled.hasOthers(delivery) && { isShared: true }) };
}

/**
 * Looks whether a delivery was carried out: asks Telegram to leave the buttons of each message after the known ones as they are.
 * What it says to that tells our messages from other people's and from none, and changes nothing.
 */
export class Reconciler {
  readonly #api: BotApi;
  readonly #ids: MessageIds;
  readonly #unsettled: Unsettled;
  /** Where a search goes on that Telegram interrupted, by delivery. */
  readonly #searches = new Map<string, number>();

  constructor(api: BotApi, ids: MessageIds, unsettled: Unsettled) {
    this.#api = api;
    this.#ids = ids;
    this.#unsettled = unsettled;
  }

  /** @throws {ChannelError} when Telegram can't be asked */
  async reconcile(delivery: Delivery, handle: unknown, signal: AbortSignal): Promise<Reconciliation> {
    const found = await this.#findOut(delivery, handle, signal).catch((error: unknown): Reconciliation => {
      // Thrown out, or the group became another one: asking again brings no other answer, and others wait behind it.
      if (error instanceof ChannelError && error.kind === "refused") return { outcome: "unknown", why: error.message };
      throw error;
    });
    if (found.outcome === "unknown") this.#unsettled.leave(delivery);
    else this.#unsettled.settle(delivery);
    return found;
  }

  async #findOut(delivery: Delivery, handle: unknown, signal: AbortSignal): Promise<Reconciliation> {
    const { target, content } = delivery;
    // Saying the same once more changes nothing, so it need not be known.
    if (content.kind === "edit" || content.kind === "react" || content.kind === "unsend")
      return { outcome: "not-sent" };
    const after = integerIn(fieldsIn(handle)?.["after"]);
    if (after === undefined) return { outcome: "unknown", why: "no message of this chat was known before it was sent" };
    if (await this.#isChannel(target.to, signal))
      return { outcome: "unknown", why: "in a channel, Telegram doesn't tell our posts from others" };
    const isAmbiguous = {
      outcome: "unknown",
      why: "messages into other topics of this group were unheard as well",
    } as const;
    const isOfThisRun = this.#unsettled.has(delivery);
    if (fieldsIn(handle)?.["isShared"] === true && !isOfThisRun) return isAmbiguous;
    const found = await this.#search(delivery, after, signal);
    if (found.id === undefined) {
      const isWithin = (this.#ids.highest(target.to) ?? 0) <= found.last;
      if (isWithin) return { outcome: "not-sent" };
      return { outcome: "unknown", why: `more than ${windowIds} messages came since, and not all could be looked at` };
    }
    // Nothing there means that none of them was sent; one message could be any of them.
    if (this.#unsettled.hasOthers(delivery)) return isAmbiguous;
    this.#ids.note(target.to, found.id, "ours");
    return { outcome: "sent", receipt: { messageId: String(found.id) } };
  }

  async #search(
    delivery: Delivery,
    after: number,
    signal: AbortSignal,
  ): Promise<{ readonly id: number | undefined; readonly last: number }> {
    const { id: name, target } = delivery;
    let id = after;
    let left = windowIds;
    const begun = this.#searches.get(name) ?? after;
    while (left > 0) {
      id += 1;
      if (this.#ids.isKnown(target.to, id)) continue;
      left -= 1;
      if (id <= begun) continue; // looked at before we were told to wait
      if (await this.#isOurs(delivery, id, signal)) {
        this.#searches.delete(name);
        return { id, last: id };
      }
      this.#remember(name, id);
    }
    this.#searches.delete(name);
    return { id: undefined, last: id };
  }

  async #isOurs({ target, content }: Delivery, messageId: number, signal: AbortSignal): Promise<boolean> {
    const markup = content.kind === "text" ? keyboard(content.buttons) : undefined;
    const payload = {
      chat_id: target.to,
      message_id: messageId,
      ...(markup !== undefined && { reply_markup: markup }),
    };
    try {
      await this.#api.call("editMessageReplyMarkup", payload, { signal, deadlineMs: probeDeadlineMs });
      // It had other buttons. A delivery without any isn't this message.
      return markup !== undefined;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (isAnswer(error.failure, /message is not modified/i)) return true;
      if (isAnswer(error.failure, /message can't be edited|message to edit not found|message_id_invalid/i))
        return false;
      throw channelErrorOf("editMessageReplyMarkup", error.failure, false);
    }
  }

  async #isChannel(to: string, signal: AbortSignal): Promise<boolean> {
    if (!to.startsWith("@") && Number(to) > -1_000_000_000_000) return false;
    try {
      const chat = await this.#api.call("getChat", { chat_id: to }, { signal, deadlineMs: probeDeadlineMs });
      return fieldsIn(chat)?.["type"] === "channel";
    } catch (error) {
      if (error instanceof CallError) throw channelErrorOf("getChat", error.failure, false);
      throw error instanceof ChannelError ? error : new ChannelError("transient", "getChat failed.");
    }
  }

  #remember(name: string, id: number): void {
    this.#searches.delete(name);
    this.#searches.set(name, id);
    if (this.#searches.size > maxSearches) this.#searches.delete(this.#searches.keys().next().value ?? "");
  }
}
