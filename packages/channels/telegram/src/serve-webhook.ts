import { type AccountContext, backoffMs, ChannelError, reconnectBackoff } from "@saltgate/channel";
import type { BotApi } from "./bot-api.ts";
import { CallError, channelErrorOf } from "./call-failure.ts";
import { wantedUpdates } from "./inbound/normalise.ts";
import { pause } from "./pause.ts";
import { fieldsIn, textIn } from "./reading.ts";
import type { Receiver } from "./receiver.ts";
import type { TelegramSettings } from "./settings.ts";

/** How often Telegram is asked whether the webhook still stands, in milliseconds. */
const lookMs = 300_000;
const callDeadlineMs = 15_000;

/**
 * Tells Telegram where to bring updates, and looks after that until the signal ends it. The webhook stays when it ends: what comes
 * meanwhile waits at Telegram.
 * @throws {ChannelError} `auth` or `config` when only its owner can mend it
 */
export async function serveWebhook(
  api: BotApi,
  receiver: Receiver,
  context: AccountContext,
  webhook: NonNullable<TelegramSettings["webhook"]>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, status, random } = context;
  if (webhook.secret === undefined) {
    throw new ChannelError(
      "config",
      "The webhook has no secret, so anybody could send messages in other people's names.",
      {
        fix: "Set channels.telegram.webhookSecret to a long random text of letters, digits, _ and -.",
      },
    );
  }
  const call = (method: string, payload: object) =>
    api.call(method, { ...payload }, { signal, deadlineMs: callDeadlineMs });
  let attempts = 0;
  let isSet = false;
  while (!signal.aborted) {
    try {
      await receiver.identity(signal);
      await receiver.offset();
      if (!isSet) {
        const { url, secret } = webhook;
        await call("setWebhook", {
          url,
          secret_token: secret,
          allowed_updates: wantedUpdates,
          drop_pending_updates: false,
        });
        isSet = true;
      }
      const info = fieldsIn(await call("getWebhookInfo", {}));
      // Somebody else set another one, or took ours away.
      isSet = info?.["url"] === webhook.url;
      attempts = 0;
      const nowMs = clock.now();
      const lastError = textIn(info?.["last_error_message"]);
      status({
        connected: isSet,
        health: isSet ? "connected" : "reconnecting",
        reconnectAttempts: 0,
        lastTransportAtMs: nowMs,
        ...(isSet && { lastConnectedAtMs: nowMs }),
        ...(lastError !== undefined && { lastError: `Telegram can't reach the webhook: ${lastError.slice(0, 200)}` }),
      });
      await pause(clock, isSet ? lookMs : reconnectBackoff.initialMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      attempts += 1;
      const reason = error instanceof CallError ? channelErrorOf("setWebhook", error.failure, false) : error;
      if (reason instanceof ChannelError && (reason.kind === "auth" || reason.kind === "config")) throw reason;
      if (reason instanceof ChannelError && reason.kind === "refused")
        throw new ChannelError("config", reason.message, {
          fix: "Mend channels.telegram.webhookUrl: Telegram takes https addresses on port 443, 80, 88 or 8443.",
        });
      const lastError = reason instanceof Error ? reason.message : String(reason);
      status({ connected: false, health: "reconnecting", reconnectAttempts: attempts, lastError });
      const told = reason instanceof ChannelError ? reason.retryAfterMs : undefined;
      await pause(clock, told ?? backoffMs(reconnectBackoff, attempts, random()), signal);
    }
  }
}
