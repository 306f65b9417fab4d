import {
  type AccountContext,
  type ChannelConnection,
  ChannelError,
  type Delivery,
  type OutboundTarget,
  type Probe,
  type Receipt,
  type Reconciliation,
  type WebhookRequest,
} from "@saltgate/channel";
import type { BotApi } from "./bot-api.ts";
import { commandMenu, type MenuCommand } from "./command-menu.ts";
import { fetchMedia } from "./fetch-media.ts";
import { MessageIds } from "./message-ids.ts";
import { makesMessage } from "./outbound/mend.ts";
import { type DeliveryHandle, handleOf, Reconciler } from "./outbound/reconcile.ts";
import { sendDelivery } from "./outbound/send-delivery.ts";
import { Unsettled } from "./outbound/unsettled.ts";
import { pollUpdates } from "./poll-updates.ts";
import { probeBot } from "./probe.ts";
import { Receiver, receivingError } from "./receiver.ts";
import { serveWebhook } from "./serve-webhook.ts";
import type { TelegramSettings } from "./settings.ts";
import { leaseToken } from "./token-leases.ts";
import { readWebhook, refuseWebhook } from "./webhook.ts";

const callDeadlineMs = 15_000;
const fileDeadlineMs = 120_000;

/** One bot, open. */
export class TelegramConnection implements ChannelConnection {
  readonly #api: BotApi;
  readonly #token: string;
  readonly #settings: TelegramSettings;
  readonly #context: AccountContext;
  readonly #ids = new MessageIds();
  readonly #unsettled = new Unsettled();
  readonly #receiver: Receiver;
  readonly #reconciler: Reconciler;

  constructor(api: BotApi, token: string, settings: TelegramSettings, context: AccountContext) {
    this.#api = api;
    this.#token = token;
    this.#settings = settings;
    this.#context = context;
    this.#receiver = new Receiver(api, context, this.#ids);
    this.#reconciler = new Reconciler(api, this.#ids, this.#unsettled);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, status } = this.#context;
    const { webhook } = this.#settings;
    status({ running: true, connected: false, health: "starting" });
    const release = await leaseToken(this.#token, clock, signal);
    if (release === undefined) return status({ running: false, health: "stopped" });
    try {
      if (webhook === undefined) await pollUpdates(this.#api, this.#receiver, this.#context, signal);
      else await serveWebhook(this.#api, this.#receiver, this.#context, webhook, signal);
      status({ running: false, connected: false, health: "stopped" });
    } catch (error) {
      const isLoggedOut = error instanceof ChannelError && error.kind === "auth";
      status({
        running: false,
        connected: false,
        health: isLoggedOut ? "logged-out" : "stopped",
        ...(error instanceof Error && { lastError: error.message }),
        ...(error instanceof ChannelError && error.fix !== undefined && { fix: error.fix }),
      });
      throw error;
    } finally {
      release();
    }
  }

  handleFor(delivery: Delivery): DeliveryHandle {
    return handleOf(delivery, this.#ids, this.#unsettled);
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<Receipt> {
    const { tables, linkPreview, callDeadlineMs: deadlineMs } = this.#settings;
    this.#unsettled.add(delivery);
    try {
      const receipt = await sendDelivery(this.#api, delivery, { tables, linkPreview, deadlineMs, signal });
      const isNoted = this.#noteSent(delivery, receipt);
      this.#unsettled.settle(delivery);
      if (isNoted) this.#receiver.keepIds();
      return receipt;
    } catch (error) {
      const isUnheard = error instanceof ChannelError && error.kind === "unknown-outcome";
      if (!isUnheard || !makesMessage(delivery.content)) this.#unsettled.settle(delivery);
      throw error;
    }
  }

  async reconcile(delivery: Delivery, handle: unknown, signal: AbortSignal): Promise<Reconciliation> {
    const found = await this.#reconciler.reconcile(delivery, handle, signal);
    if (found.outcome === "sent") this.#receiver.keepIds();
    return found;
  }

  async typing({ to, threadId }: OutboundTarget, signal: AbortSignal): Promise<void> {
    // Unlike for messages, the general topic has its number here.
    const thread = threadId === undefined ? {} : { message_thread_id: Number(threadId) };
    await this.#ask("sendChatAction", { chat_id: to, action: "typing", ...thread }, signal);
  }

  async fetchMedia(
    ref: unknown,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly mimeType: string | undefined }> {
    return fetchMedia(this.#api, ref, maxBytes, { signal, deadlineMs: fileDeadlineMs });
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    return probeBot(this.#api, this.#context.clock, signal);
  }

  async setCommandMenu(commands: readonly MenuCommand[], signal: AbortSignal): Promise<void> {
    const { menu, leftOut } = commandMenu(commands, this.#settings.customCommands);
    if (leftOut.length > 0)
      this.#context.logger.warn({ commands: leftOut }, "Telegram's menu can't show these commands");
    await this.#ask("setMyCommands", { commands: menu }, signal);
  }

  refuseWebhook(headers: WebhookRequest["headers"]): { readonly status: number; readonly body: string } | undefined {
    return refuseWebhook(headers, this.#settings.webhook?.secret);
  }

  async receiveWebhook(request: WebhookRequest): Promise<{ readonly status: number; readonly body?: string }> {
    const decision = readWebhook(request, this.#settings.webhook?.secret);
    if ("status" in decision) return decision;
    try {
      await this.#receiver.take([decision.update], AbortSignal.timeout(callDeadlineMs));
    } catch (error) {
      this.#context.logger.error(
        { error: receivingError("webhook", error).message },
        "an update could not be written; Telegram brings it again",
      );
      return { status: 503, body: "Try again." };
    }
    this.#context.status({ lastTransportAtMs: this.#context.clock.now() });
    return { status: 200 };
  }

  async #ask(method: string, payload: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#api.call(method, payload, { signal, deadlineMs: callDeadlineMs });
    } catch (error) {
      throw receivingError(method, error);
    }
  }

  /** @returns whether there is a message now that wasn't known before */
  #noteSent({ target, content }: Delivery, { conversationId, messageId }: Receipt): boolean {
    if (!makesMessage(content) || messageId === "") return false;
    const conversation = conversationId ?? target.to;
    this.#context.logger.debug({ conversation, messageId }, "sent");
    this.#ids.noteName(target.to, conversation);
    this.#ids.note(conversation, Number(messageId), "ours");
    this.#unsettled.passed(target.to);
    return true;
  }
}
