import type { ChannelClock, ChannelConnection, ChannelDescriptor, ChannelLogger } from "./adapter.ts";
import { type Aftermath, afterAttempt, reconcileAfterMs } from "./after-attempt.ts";
import { backoffMs, deliveryBackoff } from "./backoff.ts";
import { isChannelError } from "./channel-error.ts";
import type { AccountRef } from "./inbox.ts";
import type { Delivery, OutboundContent, OutboundFile } from "./outbound.ts";
import type { Outbox, OutboxRow, StoredContent } from "./outbox.ts";
import { type PacedSend, Pacer } from "./pacer.ts";

export interface CourierOptions {
  readonly account: AccountRef;
  readonly descriptor: ChannelDescriptor;
  readonly connection: ChannelConnection;
  readonly outbox: Outbox;
  /** Whether the account can reach its platform now. Nothing is attempted while it can't. */
  readonly isConnected: () => boolean;
  /** Brings a file that was kept aside. */
  readonly file: (stored: Extract<StoredContent, { kind: "media" }>["file"]) => Promise<OutboundFile>;
  readonly clock: ChannelClock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: ChannelLogger;
  /** Hears of every delivery that has come to an end, for whoever waits for it. */
  readonly ended: (row: OutboxRow) => void;
  /** Messages on their way at once. @default 8 */
  readonly maxInFlight?: number;
}

/** How soon the store is asked again after it could not answer, in milliseconds. */
const storePauseMs = 1_000;
/** Live texts that are shown at once on an account; more come whole at their end. */
const maxGrowing = 1_000;

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
  readonly #inFlight = new Map<string, Promise<void>>();
  /** The newest text of what grows, by key; not on the disk, as its end will be. */
  readonly #growing = new Map<string, { text: string; row: OutboxRow | undefined; isEditing: boolean }>();
  #wake: (() => void) | undefined;
  #isNudged = false;
  #loop: Promise<void> | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#pacer = new Pacer(options.descriptor.limits.rate, options.clock.now());
  }

  /** Starts to carry. */
  async start(): Promise<void> {
    const { account, clock, outbox } = this.#options;
    await outbox.recover(account, clock.now() + reconcileAfterMs);
    this.#loop = this.#run();
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
    else if (this.#growing.size < maxGrowing) this.#growing.set(key, { text, row: undefined, isEditing: false });
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
        atMs = clock.now() + storePauseMs;
      }
      await this.#sleep(atMs);
    }
  }

  async #sleep(untilMs: number | undefined): Promise<void> {
    if (this.#isNudged || this.#isStopping) return;
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const cancel = untilMs === undefined ? undefined : clock.after(Math.max(1, untilMs - clock.now()), resolve);
    await promise;
    cancel?.();
    this.#wake = undefined;
  }

  /** Starts what is due. @returns when there is something to do next; undefined: at the next nudge */
  async #sendDue(): Promise<number | undefined> {
    const { account, clock, isConnected, outbox, maxInFlight = 8 } = this.#options;
    if (!isConnected()) return undefined;
    const nowMs = clock.now();
    let nextAtMs = this.#editGrowing(nowMs);
    const sooner = (atMs: number): void => {
      nextAtMs = nextAtMs === undefined ? atMs : Math.min(nextAtMs, atMs);
    };
    const free = maxInFlight - this.#inFlight.size;
    if (free <= 0) return nextAtMs;
    const due = await outbox.due(account, nowMs, maxInFlight * 4);
    for (const row of due) {
      if (this.#inFlight.size >= maxInFlight || this.#isStopping) break;
      if (this.#inFlight.has(row.conversation)) continue;
      const waitMs = this.#pacer.waitMs(pacedSendOf(row), clock.now());
      if (waitMs > 0) {
        sooner(clock.now() + waitMs);
        continue;
      }
      this.#start(row);
    }
    const laterMs = await outbox.nextDueAt(account);
    if (laterMs !== undefined && laterMs > nowMs) sooner(laterMs);
    return nextAtMs;
  }

  #start(row: OutboxRow): void {
    const { clock, logger } = this.#options;
    if (row.state === "waiting") this.#pacer.note(pacedSendOf(row), clock.now());
    const work = this.#carry(row)
      .catch((error: unknown) => {
        // What could not be written down is found out after the next start at the latest.
        logger.error({ delivery: row.id, err: error }, "what became of a message could not be noted");
      })
      .finally(() => {
        this.#inFlight.delete(row.conversation);
        this.nudge();
      });
    this.#inFlight.set(row.conversation, work);
  }

  async #carry(row: OutboxRow): Promise<void> {
    const { clock, outbox } = this.#options;
    if (clock.now() >= row.expiresAtMs && row.state === "waiting") {
      return this.#settled(await outbox.settle(row.seq, { state: "expired" }));
    }
    if (row.state === "unsure") return this.#findOut(row);
    const growing = this.#growing.get(row.key);
    const text = row.live && growing ? growing.text : textOf(row.content);
    // Shown already, as a part of it was: it is edited, which may be repeated without harm.
    const content: StoredContent =
      row.receipt !== undefined && text !== undefined
        ? { kind: "edit", messageId: row.receipt.messageId, text }
        : row.live && text !== undefined && row.content.kind === "text"
          ? { ...row.content, text }
          : row.content;
    const delivery: Delivery = { id: row.id, target: row.target, content: await this.#withFile(content) };
    await outbox.begin(row.seq, this.#options.connection.handleFor?.(delivery), text);
    let aftermath: Aftermath;
    try {
      const receipt = await this.#options.connection.send(delivery, this.#cutting.signal);
      const kept = content.kind === "edit" ? (row.receipt ?? receipt) : receipt;
      return this.#settled(await outbox.settle(row.seq, { state: "sent", receipt: kept, shown: text }));
    } catch (error) {
      aftermath = afterAttempt({
        error,
        attempts: row.attempts + 1,
        nowMs: clock.now(),
        expiresAtMs: row.expiresAtMs,
        isRepeatable: this.#isRepeatable(content),
        random: this.#options.random(),
      });
      this.#options.logger.debug({ delivery: row.id, err: error, outcome: aftermath.outcome.state }, "not delivered");
    }
    if (aftermath.pauseUntilMs !== undefined) this.#pacer.pauseUntil(aftermath.pauseUntilMs);
    if (aftermath.outcome.state !== "gone") return this.#settled(await outbox.settle(row.seq, aftermath.outcome));
    if (row.receipt !== undefined) return await outbox.forgetMessage(row.seq);
    const gone = { state: "failed", error: "the message isn't there any more", errorKind: "gone" } as const;
    return this.#settled(await outbox.settle(row.seq, gone));
  }

  async #findOut(row: OutboxRow): Promise<void> {
    const { clock, connection, descriptor, outbox, random } = this.#options;
    const waiting = { state: "waiting", atMs: 0, error: "it was not sent", errorKind: "transient" } as const;
    const isHarmless = row.receipt !== undefined || this.#isRepeatable(row.content);
    if (isHarmless) return this.#settled(await outbox.settle(row.seq, waiting));
    if (descriptor.capabilities.reconciling !== "ask" || connection.reconcile === undefined) {
      const why =
        "the gateway or the network failed while it was being sent, and this platform can't be asked whether it was";
      return this.#settled(
        await outbox.settle(row.seq, { state: "unknown", error: why, errorKind: "unknown-outcome" }),
      );
    }
    try {
      const delivery: Delivery = { id: row.id, target: row.target, content: await this.#withFile(row.content) };
      const found = await connection.reconcile(delivery, row.handle, this.#cutting.signal);
      switch (found.outcome) {
        case "sent":
          // It shows what was attempted; a text that went on growing is edited into it.
          return this.#settled(
            await outbox.settle(row.seq, { state: "sent", receipt: found.receipt, shown: row.shown }),
          );
        case "not-sent":
          return this.#settled(await outbox.settle(row.seq, waiting));
        case "unknown":
          return this.#settled(
            await outbox.settle(row.seq, { state: "unknown", error: found.why, errorKind: "unknown-outcome" }),
          );
      }
    } catch (error) {
      const nowMs = clock.now();
      const pauseMs = backoffMs(deliveryBackoff, row.attempts, random());
      const untilMs = nowMs + ((isChannelError(error) ? error.retryAfterMs : undefined) ?? pauseMs);
      if (isChannelError(error) && error.kind === "rate") this.#pacer.pauseUntil(untilMs);
      const message = error instanceof Error ? error.message : String(error);
      if (untilMs < row.expiresAtMs) {
        await outbox.settle(row.seq, { state: "unsure", atMs: untilMs, error: message });
        return;
      }
      this.#settled(await outbox.settle(row.seq, { state: "unknown", error: message, errorKind: "unknown-outcome" }));
    }
  }

  /** Shows the newest of what grows. @returns when the next of it may be shown */
  #editGrowing(nowMs: number): number | undefined {
    let nextAtMs: number | undefined;
    for (const [key, growing] of this.#growing) {
      const { row } = growing;
      const shown = row?.receipt;
      if (row === undefined || shown === undefined || growing.isEditing || growing.text === row.shown) continue;
      const paced = { conversation: row.conversation, isGroup: isGroup(row), edits: shown.messageId };
      const waitMs = this.#pacer.waitMs(paced, nowMs);
      if (waitMs > 0) {
        nextAtMs = Math.min(nextAtMs ?? Number.POSITIVE_INFINITY, nowMs + waitMs);
        continue;
      }
      this.#pacer.note(paced, nowMs);
      growing.isEditing = true;
      void this.#edit(key, row, shown.messageId, growing.text);
    }
    return nextAtMs;
  }

  /** One step of what grows. That it failed needs no record: the end of the text is shown in any case. */
  async #edit(key: string, row: OutboxRow, messageId: string, text: string): Promise<void> {
    const { clock, connection, logger } = this.#options;
    const delivery: Delivery = { id: row.id, target: row.target, content: { kind: "edit", messageId, text } };
    try {
      await connection.send(delivery, this.#cutting.signal);
    } catch (error) {
      if (isChannelError(error) && error.kind === "rate")
        this.#pacer.pauseUntil(clock.now() + (error.retryAfterMs ?? deliveryBackoff.initialMs));
      logger.debug({ delivery: row.id, err: error }, "the beginning of an answer could not be shown");
    }
    const growing = this.#growing.get(key);
    if (growing === undefined) return;
    this.#growing.set(key, { text: growing.text, row: { ...row, shown: text }, isEditing: false });
    this.nudge();
  }

  #settled(row: OutboxRow | undefined): void {
    if (row === undefined) return;
    const growing = this.#growing.get(row.key);
    if (growing && row.live) growing.row = row;
    if (row.state === "sent" || row.state === "failed" || row.state === "unknown" || row.state === "expired") {
      this.#options.ended(row);
    }
  }

  #isRepeatable(content: StoredContent): boolean {
    const isIdempotent = this.#options.descriptor.capabilities.reconciling === "idempotent";
    return isIdempotent || !["text", "media", "poll"].includes(content.kind);
  }

  async #withFile(content: StoredContent): Promise<OutboundContent> {
    if (content.kind !== "media") return content;
    return { ...content, file: await this.#options.file(content.file) };
  }
}

const textOf = (content: StoredContent): string | undefined => (content.kind === "text" ? content.text : undefined);

/** Groups have negative ids where they are told apart by them; elsewhere the rule for groups isn't declared. */
const isGroup = (row: OutboxRow): boolean => row.target.to.startsWith("-");

function pacedSendOf(row: OutboxRow): PacedSend {
  const { conversation, receipt } = row;
  const base = { conversation, isGroup: isGroup(row) };
  return receipt === undefined || row.content.kind !== "text" ? base : { ...base, edits: receipt.messageId };
}
