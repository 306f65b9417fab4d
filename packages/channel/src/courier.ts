import type { ChannelClock, ChannelConnection, ChannelDescriptor, ChannelLogger } from "./adapter.ts";
import { type Aftermath, afterAttempt, reconcileAfterMs } from "./after-attempt.ts";
import { backoffMs, deliveryBackoff } from "./backoff.ts";
import { type ChannelErrorKind, isChannelError } from "./channel-error.ts";
import type { AccountRef } from "./inbox.ts";
import type { Delivery, OutboundContent, OutboundFile, OutboundTarget } from "./outbound.ts";
import type { DeliveryOutcome, Outbox, OutboxRow, StoredContent } from "./outbox.ts";
import { type PacedSend, Pacer } from "./pacer.ts";

export interface CourierOptions {
  readonly account: AccountRef;
  readonly descriptor: ChannelDescriptor;
  readonly connection: ChannelConnection;
  readonly outbox: Outbox;
  /** Whether the account can reach its platform now. Nothing is attempted while it can't. */
  readonly isConnected: () => boolean;
  /** Brings a file that was kept aside. Throws a `ChannelError` of the kind `refused` for one that may never be sent. */
  readonly file: (stored: Extract<StoredContent, { kind: "media" }>["file"]) => Promise<OutboundFile>;
  readonly clock: ChannelClock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: ChannelLogger;
  /** Hears of every delivery that has come to an end, for whoever waits for it. */
  readonly ended: (row: OutboxRow) => void;
  /** Hears that the account can't send until its owner has mended it. Nothing more is attempted then. */
  readonly blocked?: (error: unknown) => void;
  /** The account's pace, where it outlives this courier. @default one of its own */
  readonly pacer?: Pacer;
  /** Messages on their way at once. @default 8 */
  readonly maxInFlight?: number;
}

/** How soon the store is asked again after it could not answer, in milliseconds. */
const storePauseMs = 1_000;
/** How long it sleeps at most, in milliseconds; timers can't be set for much longer than three weeks. */
const maxSleepMs = 3_600_000;
/** Conversations that are looked at in search of one that may be served now. */
const maxLooked = 4_096;
/** Live texts that are shown at once on an account; more come whole at their end. */
const maxGrowing = 1_000;

/** A text that grows: its newest words, which are not on the disk, as its end will be, and where they are shown. */
interface Growing {
  text: string;
  row: OutboxRow | undefined;
  /** Whether the outbox was asked for it: it may have been shown before it grew for the first time. */
  isLookedUp: boolean;
  /** Whether it is on the disk that it shows more than it began with. */
  isNoted: boolean;
}

/**
 * Carries what is in the outbox of one account to its platform: in order within a conversation, at the platform's pace,
 * each part once. What may or may not have been sent is found out and never blindly repeated.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #pacer: Pacer;
  /** Ends what is on its way when there is no time left to wait for it. */
  readonly #cutting = new AbortController();
  #isStopping = false;
  #isBlocked = false;
  /** What is on its way, by conversation: one at a time in each, as adapters are promised. */
  readonly #inFlight = new Map<string, Promise<void>>();
  /** How often something that was on its way has ended; what was read before may be out of date. */
  #ends = 0;
  readonly #growing = new Map<string, Growing>();
  /**
   * What the platform may still be carrying out; just after a start also whatever an earlier courier left. Timed by timers,
   * as a clock that is set forward must not have it asked about too soon.
   */
  readonly #unripe = new Set<number>();
  #isFresh = true;
  /** Live texts that this courier sent while it was fresh: nobody else has a part of them on its way. */
  readonly #own = new Set<number>();
  readonly #ripening = new Set<() => void>();
  #lastMs = 0;
  #storeUntilMs = 0;
  #wake: (() => void) | undefined;
  #isNudged = false;
  #loop: Promise<void> | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#pacer = options.pacer ?? new Pacer(options.descriptor.limits.rate, options.clock.now());
  }

  /** Starts to carry. */
  async start(): Promise<void> {
    const { account, clock, outbox } = this.#options;
    this.#lastMs = clock.now();
    this.#pacer.pauseUntil(await outbox.recover(account, clock.now() + reconcileAfterMs));
    this.#afterRipening(() => {
      this.#isFresh = false;
      this.#own.clear();
    });
    this.#loop = this.#run();
  }

  #afterRipening(then: () => void): void {
    const cancel = this.#options.clock.after(reconcileAfterMs, () => {
      this.#ripening.delete(cancel);
      then();
      this.nudge();
    });
    this.#ripening.add(cancel);
  }

  /** Something new is in the outbox, or the account is connected again. */
  nudge(): void {
    this.#isNudged = true;
    this.#wake?.();
  }

  /** A live text has grown. Shown when the platform's pace allows; the newest text counts. */
  grow(key: string, text: string): void {
    const known = this.#growing.get(key);
    if (known) known.text = text;
    else if (this.#growing.size < maxGrowing) {
      this.#growing.set(key, { text, row: undefined, isLookedUp: false, isNoted: false });
    }
    this.nudge();
  }

  /** A live text has come to its end, which is in the outbox now. */
  grown(key: string): void {
    this.#growing.delete(key);
    this.nudge();
  }

  /** What is on its way and what grows, for whoever watches sizes. */
  sizes(): { readonly inFlight: number; readonly growing: number; readonly paced: number } {
    return { inFlight: this.#inFlight.size, growing: this.#growing.size, paced: this.#pacer.size };
  }

  /** Starts nothing new, and resolves when what is on its way has come to its end; it is cut when `patience` runs out. */
  async stop(patience: Promise<void>): Promise<void> {
    this.#isStopping = true;
    this.#wake?.();
    for (const cancel of this.#ripening) cancel();
    this.#ripening.clear();
    const rest = Promise.allSettled([this.#loop, ...this.#inFlight.values()]);
    await Promise.race([rest, patience]);
    this.#cutting.abort();
    await rest;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    while (!this.#isStopping) {
      this.#isNudged = false;
      let atMs: number | undefined;
      try {
        atMs = await this.#sendDue();
      } catch (error) {
        logger.error({ err: error }, "the outbox can't be used; what is in it waits");
        this.#storeUntilMs = clock.now() + storePauseMs;
        atMs = this.#storeUntilMs;
      }
      await this.#sleep(atMs);
    }
  }

  async #sleep(untilMs: number | undefined): Promise<void> {
    if (this.#isNudged || this.#isStopping) return;
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const ms = untilMs === undefined ? undefined : Math.min(maxSleepMs, Math.max(1, untilMs - clock.now()));
    const cancel = ms === undefined ? undefined : clock.after(ms, resolve);
    await promise;
    cancel?.();
    this.#wake = undefined;
  }

  /** Starts what is due. @returns when there is something to do next; undefined: at the next nudge */
  async #sendDue(): Promise<number | undefined> {
    const { account, clock, isConnected, outbox, maxInFlight = 8 } = this.#options;
    if (this.#isBlocked || !isConnected()) return undefined;
    const nowMs = clock.now();
    if (nowMs < this.#lastMs) await outbox.clockWasSetBack(account);
    this.#lastMs = nowMs;
    this.#storeUntilMs = Math.min(this.#storeUntilMs, nowMs + storePauseMs);
    if (nowMs < this.#storeUntilMs) return this.#storeUntilMs;
    if (this.#inFlight.size >= maxInFlight) return undefined;
    let nextAtMs: number | undefined;
    // Conversations that have to keep their pace don't hold up those behind them, however many they are.
    for (let limit = maxInFlight * 4; ; limit *= 4) {
      const ends = this.#ends;
      const due = await outbox.due(account, nowMs, limit);
      if (this.#isStopping || this.#isBlocked || ends !== this.#ends) return clock.now();
      nextAtMs = this.#startSome(due);
      const hasFreeHands = this.#inFlight.size < maxInFlight;
      if (!hasFreeHands || due.length < limit || limit >= maxLooked) break;
    }
    const laterMs = await outbox.nextDueAt(account, nowMs);
    await this.#lookUpGrowing();
    // After the messages: what only shows the beginning of an answer must not take their turn.
    return soonest(soonest(nextAtMs, laterMs), this.#editGrowing());
  }

  /** Starts of these what may go now. @returns when the next of them may */
  #startSome(due: readonly OutboxRow[]): number | undefined {
    const { clock, maxInFlight = 8 } = this.#options;
    let nextAtMs: number | undefined;
    for (const row of due) {
      if (this.#inFlight.size >= maxInFlight) break;
      if (this.#inFlight.has(row.conversation) || this.#unripe.has(row.seq)) continue;
      if (this.#isFresh && mayBeUnderWay(row) && !this.#own.has(row.seq)) continue;
      const paced = pacedSendOf(row);
      const nowMs = clock.now();
      const waitMs = this.#pacer.waitMs(paced, nowMs);
      if (waitMs > 0 && !isShownAlready(row)) {
        nextAtMs = soonest(nextAtMs, nowMs + waitMs);
        continue;
      }
      const isSent = row.state === "waiting" && !isShownAlready(row) && nowMs < row.expiresAtMs;
      if (isSent) this.#pacer.note(paced, nowMs);
      this.#start(row, () => this.#carry(row));
    }
    return nextAtMs;
  }

  #start(row: OutboxRow, work: () => Promise<void>): void {
    const { clock, logger } = this.#options;
    const done = work()
      .catch((error: unknown) => {
        // What could not be written down is found out after the next start at the latest.
        logger.error({ delivery: row.id, err: error }, "what became of a message could not be noted");
        this.#storeUntilMs = clock.now() + storePauseMs;
      })
      .finally(() => {
        this.#inFlight.delete(row.conversation);
        this.#ends += 1;
        this.nudge();
      });
    this.#inFlight.set(row.conversation, done);
  }

  async #carry(row: OutboxRow): Promise<void> {
    const { clock, connection, outbox } = this.#options;
    if (row.state === "unsure") return this.#findOut(row);
    if (row.receipt !== undefined && isShownAlready(row)) {
      return this.#settle(row, { state: "sent", receipt: row.receipt, shown: row.shown });
    }
    if (clock.now() >= row.expiresAtMs) return this.#settle(row, { state: "expired" });
    const growing = this.#growing.get(row.key);
    // What may be there already is repeated word for word, as the platform drops the repeat whatever it says.
    const isRepeat = this.#isIdempotent && row.receipt === undefined && row.attempts > 0;
    const newest = row.live && growing ? growing.text : textOf(row.content);
    const text = (isRepeat ? row.shown : undefined) ?? newest;
    // Shown already, as a part of it was: it is edited, which may be repeated without harm.
    const content: StoredContent =
      row.receipt !== undefined && text !== undefined
        ? { kind: "edit", messageId: row.receipt.messageId, text }
        : text !== undefined && row.content.kind === "text"
          ? { ...row.content, text }
          : row.content;
    const isEdit = row.receipt !== undefined;
    const prepared = await this.#prepared(row, content);
    if ("state" in prepared) return this.#settle(row, prepared);
    const { delivery, handle } = prepared;
    if (!(await outbox.begin(row.seq, handle, isEdit ? undefined : text))) return;
    let outcome: Aftermath["outcome"] | Extract<DeliveryOutcome, { state: "sent" }>;
    try {
      const receipt = await this.#answerTo(() => connection.send(delivery, this.#cutting.signal));
      outcome = { state: "sent", receipt: isEdit ? (row.receipt ?? receipt) : receipt, shown: text };
    } catch (error) {
      outcome = this.#outcomeOf(error, row, content);
    }
    if (outcome.state === "unsure") {
      this.#unripe.add(row.seq);
      this.#afterRipening(() => this.#unripe.delete(row.seq));
    }
    if (outcome.state !== "gone") return this.#settle(row, outcome);
    if (!isEdit) {
      return this.#settle(row, { state: "failed", error: "the message isn't there any more", errorKind: "gone" });
    }
    await this.#surely(row, () => outbox.forgetMessage(row.seq));
  }

  /** A delivery with all that belongs to it, or what follows from that being impossible. Nothing was attempted yet. */
  async #prepared(
    row: OutboxRow,
    content: StoredContent,
  ): Promise<{ readonly delivery: Delivery; readonly handle: unknown } | DeliveryOutcome> {
    const { clock, connection, random } = this.#options;
    try {
      const delivery: Delivery = { id: row.id, target: placeOf(row), content: await this.#withFile(content) };
      return { delivery, handle: connection.handleFor?.(delivery) };
    } catch (error) {
      if (error instanceof MissingFile) return { state: "failed", error: error.message, errorKind: "file" };
      const pauseMs = backoffMs(deliveryBackoff, Math.max(5, row.attempts + 1), random());
      const why = { error: `it could not be made ready: ${messageOf(error)}`, errorKind: "transient" };
      const isInTime = clock.now() + pauseMs < row.expiresAtMs;
      return isInTime ? { state: "waiting", pauseMs, ...why } : { state: "expired", ...why };
    }
  }

  #outcomeOf(error: unknown, row: OutboxRow, content: StoredContent): Aftermath["outcome"] {
    const { clock, logger, random } = this.#options;
    const aftermath = afterAttempt({
      error,
      attempts: row.attempts + 1,
      nowMs: clock.now(),
      expiresAtMs: row.expiresAtMs,
      isRepeatable: this.#isRepeatable(content),
      random: random(),
    });
    logger.debug({ delivery: row.id, err: error, outcome: aftermath.outcome.state }, "not delivered");
    if (aftermath.pauseUntilMs !== undefined) this.#pacer.pauseUntil(aftermath.pauseUntilMs);
    if (aftermath.stopsAccount) this.#block(error);
    return aftermath.outcome;
  }

  async #findOut(row: OutboxRow): Promise<void> {
    const { clock, connection, descriptor, random } = this.#options;
    const waiting = { state: "waiting", pauseMs: 0, error: "it was not sent", errorKind: "transient" } as const;
    const isHarmless = row.receipt !== undefined || this.#isRepeatable(row.content);
    if (isHarmless) return this.#settle(row, waiting);
    if (descriptor.capabilities.reconciling !== "ask" || connection.reconcile === undefined) {
      const why =
        "the gateway or the network failed while it was being sent, and this platform can't be asked whether it was";
      return this.#settle(row, { state: "unknown", error: why, errorKind: "unknown-outcome" });
    }
    let outcome: DeliveryOutcome;
    try {
      const delivery: Delivery = { id: row.id, target: row.target, content: await this.#withFile(row.content) };
      const found = await this.#answerTo(
        async () => await connection.reconcile?.(delivery, row.handle, this.#cutting.signal),
      );
      if (found?.outcome === "sent") {
        // It shows what was attempted; a text that went on growing is edited into it.
        outcome = { state: "sent", receipt: found.receipt, shown: row.shown };
      } else if (found?.outcome === "not-sent") outcome = waiting;
      else
        outcome = { state: "unknown", error: found?.why ?? "the platform said nothing", errorKind: "unknown-outcome" };
    } catch (error) {
      const nowMs = clock.now();
      const kind = kindOf(error);
      const ownMs = backoffMs(deliveryBackoff, row.attempts, random());
      const pauseMs = (isChannelError(error) ? error.retryAfterMs : undefined) ?? ownMs;
      const untilMs = nowMs + pauseMs;
      if (kind === "rate") this.#pacer.pauseUntil(untilMs);
      if (kind === "auth" || kind === "config") this.#block(error);
      outcome =
        untilMs < row.expiresAtMs && !(error instanceof MissingFile)
          ? { state: "unsure", pauseMs, error: messageOf(error) }
          : { state: "unknown", error: messageOf(error), errorKind: "unknown-outcome" };
    }
    await this.#settle(row, outcome);
  }

  async #lookUpGrowing(): Promise<void> {
    for (const [key, growing] of this.#growing) {
      if (growing.isLookedUp) continue;
      const row = await this.#options.outbox.find(key);
      growing.isLookedUp = true;
      if (growing.row !== undefined || row?.state !== "live") continue;
      growing.row = row;
      growing.isNoted = row.shown === undefined;
    }
  }

  /** Shows the newest of what grows. @returns when the next of it may be shown */
  #editGrowing(): number | undefined {
    const { clock, maxInFlight = 8 } = this.#options;
    let nextAtMs: number | undefined;
    for (const [, growing] of this.#growing) {
      if (this.#inFlight.size >= maxInFlight || this.#isStopping) break;
      const { row, text } = growing;
      const shown = row?.receipt;
      if (row === undefined || shown === undefined || text === row.shown) continue;
      if (this.#inFlight.has(row.conversation)) continue;
      const paced = { ...pacedSendOf(row), edits: shown.messageId, isGrowth: true };
      const nowMs = clock.now();
      const waitMs = this.#pacer.waitMs(paced, nowMs);
      if (waitMs > 0) {
        nextAtMs = soonest(nextAtMs, nowMs + waitMs);
        continue;
      }
      this.#pacer.note(paced, nowMs);
      this.#start(row, () => this.#edit(growing, row, paced));
    }
    return nextAtMs;
  }

  /** One step of what grows. That it failed needs no record: the end of the text is shown in any case. */
  async #edit(growing: Growing, row: OutboxRow, paced: PacedSend & { readonly edits: string }): Promise<void> {
    const { clock, connection, logger, outbox } = this.#options;
    const { text } = growing;
    growing.row = { ...row, shown: text };
    // From here on only its end makes sure what is shown.
    if (!growing.isNoted && !(await outbox.grew(row.seq))) return;
    growing.isNoted = true;
    const content = { kind: "edit", messageId: paced.edits, text } as const;
    try {
      await this.#answerTo(() => connection.send({ id: row.id, target: placeOf(row), content }, this.#cutting.signal));
    } catch (error) {
      const kind = kindOf(error);
      const nowMs = clock.now();
      const retryAfterMs = isChannelError(error) ? error.retryAfterMs : undefined;
      if (kind === "rate") this.#pacer.pauseUntil(nowMs + (retryAfterMs ?? deliveryBackoff.initialMs));
      if (kind === "auth" || kind === "config") this.#block(error);
      if (kind === "gone") growing.row = undefined;
      // The platform may still be carrying it out, and it must not come after the end of the text.
      if (kind === "unknown-outcome") this.#pacer.hold(paced, nowMs + reconcileAfterMs);
      logger.debug({ delivery: row.id, err: error }, "the beginning of an answer could not be shown");
    }
  }

  /** Waits for the platform, but no longer than we have time: what it has not answered by then is found out later. */
  async #answerTo<T>(ask: () => Promise<T>): Promise<T> {
    const { signal } = this.#cutting;
    const cut = Promise.withResolvers<never>();
    const onAbort = (): void => cut.reject(new Error("the gateway ended before the platform answered"));
    cut.promise.catch(() => undefined); // who waits for it hears of it
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([ask(), cut.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #settle(row: OutboxRow, outcome: DeliveryOutcome): Promise<void> {
    this.#settled(await this.#surely(row, () => this.#options.outbox.settle(row.seq, outcome)));
  }

  /** Notes what became of an attempt. It is known nowhere else, so the store is asked until it can, or we have to end. */
  async #surely<T>(row: OutboxRow, note: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await note();
      } catch (error) {
        if (this.#isStopping) throw error;
        this.#options.logger.error({ delivery: row.id, err: error }, "what became of a message can't be noted yet");
        await this.#pause(storePauseMs);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#cutting;
    const cancel = this.#options.clock.after(ms, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (!signal.aborted) await promise;
    cancel();
  }

  #settled(row: OutboxRow | undefined): void {
    if (row === undefined) return;
    const growing = this.#growing.get(row.key);
    if (this.#isFresh && row.live) this.#own.add(row.seq);
    if (growing && row.live) {
      growing.row = row;
      growing.isNoted = false;
    }
    if (row.state === "sent" || row.state === "failed" || row.state === "unknown" || row.state === "expired") {
      this.#options.ended(row);
    }
  }

  #block(error: unknown): void {
    if (this.#isBlocked) return;
    this.#isBlocked = true;
    this.#options.blocked?.(error);
  }

  #isRepeatable(content: StoredContent): boolean {
    return this.#isIdempotent || !["text", "media", "poll"].includes(content.kind);
  }

  get #isIdempotent(): boolean {
    return this.#options.descriptor.capabilities.reconciling === "idempotent";
  }

  async #withFile(content: StoredContent): Promise<OutboundContent> {
    if (content.kind !== "media") return content;
    try {
      return { ...content, file: await this.#options.file(content.file) };
    } catch (error) {
      // No file of that name, or no name of ours: waiting brings none of them back.
      const isMissing =
        error instanceof TypeError || (error instanceof Error && "code" in error && error.code === "ENOENT");
      if (isMissing) throw new MissingFile("the file that belongs to it isn't there any more");
      // Nor do they make one that may not be sent one that may.
      throw isChannelError(error) && error.kind === "refused" ? new MissingFile(error.message) : error;
    }
  }
}

/** There is no file to send, and there won't be. */
class MissingFile extends Error {}

const kindOf = (error: unknown): ChannelErrorKind => (isChannelError(error) ? error.kind : "unknown-outcome");

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const soonest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** Whether nobody knows what the platform is still doing with it: with all of it, or with a step of its growth. */
const mayBeUnderWay = (row: OutboxRow): boolean =>
  row.state === "unsure" || (row.receipt !== undefined && row.shown === undefined);

/** A text that has come to its end and is shown as it shall be: only that is left to be noted. */
const isShownAlready = (row: OutboxRow): boolean =>
  row.state === "waiting" &&
  !row.live &&
  row.receipt !== undefined &&
  row.shown !== undefined &&
  row.shown === textOf(row.content);

const textOf = (content: StoredContent): string | undefined => (content.kind === "text" ? content.text : undefined);

/** Where it stands, once it was sent: a group that moved answers from its new place. */
function placeOf({ receipt, target }: OutboxRow): OutboundTarget {
  return receipt?.conversationId === undefined ? target : { ...target, to: receipt.conversationId };
}

/** Groups have negative ids where they are told apart by them; elsewhere the rule for groups isn't declared. */
const isGroup = (row: OutboxRow): boolean => row.target.to.startsWith("-");

function pacedSendOf(row: OutboxRow): PacedSend {
  const { conversation, receipt } = row;
  const base = { conversation, isGroup: isGroup(row), group: row.target.to };
  return receipt === undefined || row.content.kind !== "text" ? base : { ...base, edits: receipt.messageId };
}
