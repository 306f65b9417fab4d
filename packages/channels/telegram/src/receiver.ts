import type { AccountContext, InboundEvent } from "@saltgate/channel";
import type { BotApi } from "./bot-api.ts";
import { CallError, channelErrorOf } from "./call-failure.ts";
import { type Cursor, decodeCursor, encodeCursor, offsetToAsk } from "./cursor.ts";
import { normalise } from "./inbound/normalise.ts";
import type { BotIdentity } from "./inbound/update-context.ts";
import type { MessageIds } from "./message-ids.ts";
import { fieldsIn, integerIn, Malformed, textIn } from "./reading.ts";

/** How long a call may take that neither sends nor waits, in milliseconds. */
const callDeadlineMs = 15_000;

/**
 * Takes updates, however they came: reads them, has them written, and only then moves the offset. Knows who this bot is, which
 * reading needs.
 */
export class Receiver {
  readonly #api: BotApi;
  readonly #context: AccountContext;
  readonly #ids: MessageIds;
  readonly #startedAtMs: number;
  #bot: BotIdentity | undefined;
  #cursor: Cursor | undefined;
  #lastTaken: Promise<void> = Promise.resolve();

  constructor(api: BotApi, context: AccountContext, ids: MessageIds) {
    this.#api = api;
    this.#context = context;
    this.#ids = ids;
    // Telegram tells times in whole seconds.
    this.#startedAtMs = Math.floor(context.clock.now() / 1_000) * 1_000;
  }

  /** Who this bot is; asked once. @throws {CallError} */
  async identity(signal: AbortSignal): Promise<BotIdentity> {
    this.#bot ??= identityIn(await this.#api.call("getMe", {}, { signal, deadlineMs: callDeadlineMs }));
    return this.#bot;
  }

  /** Where to go on. @throws what the store throws */
  async offset(): Promise<number | undefined> {
    const cursor = await this.#loaded();
    return offsetToAsk(cursor, this.#context.clock.now());
  }

  /**
   * Takes a batch. When it resolves, everything in it is on the disk.
   * @throws what `accept` throws; then nothing was taken and the offset is what it was
   */
  take(updates: readonly unknown[], signal: AbortSignal): Promise<void> {
    if (updates.length === 0) return Promise.resolve();
    // One after another: webhooks bring several at once, and the offset must not go back.
    const taken = this.#lastTaken.then(() => this.#take(updates, signal));
    this.#lastTaken = taken.catch(() => undefined);
    return taken;
  }

  /**
   * Writes down which messages are known by now. Said before anybody hears that one of ours was sent: the store writes in
   * order, so that after a restart no message that is known to be sent is taken for another one that is looked for. Nobody
   * waits for it. Its offset may be an older one than that of a batch that is being written; then updates come twice.
   */
  keepIds(): void {
    if (this.#cursor === undefined) return;
    const cursor: Cursor = { ...this.#cursor, messageIds: this.#ids.carried() };
    this.#context.inbound.accept({ events: [], cursor: encodeCursor(cursor) }).catch((error: unknown) => {
      this.#context.logger.warn({ error: String(error) }, "which messages are known could not be written");
    });
  }

  async #take(updates: readonly unknown[], signal: AbortSignal): Promise<void> {
    const { clock, inbound, logger } = this.#context;
    const before = await this.#loaded();
    const batch = normalise(
      updates,
      {
        bot: await this.identity(signal),
        isOurs: (conversation, message) => this.#ids.isOurs(conversation, message),
        backlogBeforeMs: this.#startedAtMs,
      },
      clock.now(),
    );
    for (const event of batch.events) this.#noteIds(event);
    const offset =
      batch.lastId === undefined ? before.offset : Math.max(batch.lastId + 1, offsetBefore(before, batch.lastId));
    const cursor: Cursor = { offset, atMs: clock.now(), messageIds: this.#ids.carried() };
    await inbound.accept({ events: batch.events, aside: batch.aside, cursor: encodeCursor(cursor) });
    this.#cursor = cursor;
    if (batch.aside.length > 0)
      logger.warn({ count: batch.aside.length }, "updates that could not be read were set aside");
    for (const id of batch.presses) this.#answerPress(id, signal);
  }

  async #loaded(): Promise<Cursor> {
    if (this.#cursor !== undefined) return this.#cursor;
    const cursor = decodeCursor(await this.#context.inbound.cursor());
    this.#ids.carry(cursor.messageIds);
    this.#cursor = cursor;
    return cursor;
  }

  #noteIds(event: InboundEvent): void {
    if (!("messageId" in event) || event.messageId === undefined) return;
    const whose =
      event.kind !== "message" && event.kind !== "edit" ? "somebody's" : event.sender.isSelf ? "ours" : "theirs";
    this.#ids.note(event.conversation.id, Number(event.messageId), whose);
  }

  /** Ends the little clock on a button that was pressed. Nothing depends on it. */
  #answerPress(id: string, signal: AbortSignal): void {
    this.#api
      .call("answerCallbackQuery", { callback_query_id: id }, { signal, deadlineMs: callDeadlineMs })
      .catch((error: unknown) => {
        this.#context.logger.debug({ error: String(error) }, "a press of a button was not answered");
      });
  }
}

/** An id far below the offset means that Telegram has begun to count anew; otherwise it was a repetition. */
function offsetBefore({ offset }: Cursor, lastId: number): number {
  return offset === undefined || lastId < offset - 100_000 ? 0 : offset;
}

function identityIn(me: unknown): BotIdentity {
  const fields = fieldsIn(me);
  const id = integerIn(fields?.["id"]);
  const username = textIn(fields?.["username"]);
  if (id === undefined || username === undefined) throw new Malformed("getMe names no bot");
  return { id, username, name: textIn(fields?.["first_name"]) ?? username };
}

/** What a failed call of the receiving side means. */
export function receivingError(method: string, error: unknown): Error {
  if (error instanceof CallError) return channelErrorOf(method, error.failure, false);
  return error instanceof Error ? error : new Error("It failed for an unknown reason.");
}
