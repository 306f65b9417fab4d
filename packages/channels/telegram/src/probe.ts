import type { ChannelClock, Probe } from "@saltgate/channel";
import type { BotApi } from "./bot-api.ts";
import { fieldsIn, integerIn, textIn } from "./reading.ts";
import { receivingError } from "./receiver.ts";

const callDeadlineMs = 10_000;

/** Asks who this bot is and whether a webhook is set. Never polls: that would end the poll that runs. Never throws. */
export async function probeBot(api: BotApi, clock: ChannelClock, signal: AbortSignal): Promise<Probe> {
  const startedMs = clock.now();
  try {
    const [me, webhook] = await Promise.all(
      ["getMe", "getWebhookInfo"].map(async (method) =>
        fieldsIn(await api.call(method, {}, { signal, deadlineMs: callDeadlineMs })),
      ),
    );
    const url = textIn(webhook?.["url"]);
    return {
      ok: true,
      elapsedMs: clock.now() - startedMs,
      details: {
        bot: {
          id: integerIn(me?.["id"]) ?? 0,
          username: textIn(me?.["username"]) ?? "",
          canJoinGroups: me?.["can_join_groups"] === true,
          canReadAllGroupMessages: me?.["can_read_all_group_messages"] === true,
        },
        webhook: {
          // The path may be a secret of its own.
          url: url !== undefined && URL.canParse(url) ? new URL(url).origin : "",
          hasCustomCert: webhook?.["has_custom_certificate"] === true,
          pendingUpdates: integerIn(webhook?.["pending_update_count"]) ?? 0,
        },
      },
    };
  } catch (error) {
    return { ok: false, elapsedMs: clock.now() - startedMs, error: receivingError("getMe", error).message };
  }
}
