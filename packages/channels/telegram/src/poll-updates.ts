import { type AccountContext, backoffMs, reconnectBackoff } from "@saltgate/channel";
import { afterPollFailure, noTroubles, type PollTroubles } from "./after-poll.ts";
import type { BotApi } from "./bot-api.ts";
import { CallError, type CallFailure } from "./call-failure.ts";
import { wantedUpdates } from "./inbound/normalise.ts";
import { pause } from "./pause.ts";
import type { Receiver } from "./receiver.ts";

/** How long Telegram may hold a poll that has nothing to say, in seconds. */
const pollTimeoutS = 25;
/** How much longer than that a poll may take before nobody believes in it any more, in milliseconds. */
const pollGraceMs = 15_000;
/** How long a batch may still be written after a stop, in milliseconds. */
const writeGraceMs = 10_000;

/**
 * Polls until the signal ends it: one request at a time, each with a deadline, and the next offset only when everything of the
 * last answer is on the disk.
 * @throws {ChannelError} `auth` or `config` when only its owner can mend it
 */
export async function pollUpdates(
  api: BotApi,
  receiver: Receiver,
  context: AccountContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, status, random, logger } = context;
  let troubles: PollTroubles = noTroubles;
  let isConnected = false;

  const afterFailure = async (failure: CallFailure): Promise<void> => {
    const step = afterPollFailure(failure, troubles, random());
    switch (step.do) {
      case "stop":
        throw step.error;
      case "delete-webhook":
        troubles = step.troubles;
        await api.call("deleteWebhook", { drop_pending_updates: false }, { signal, deadlineMs: pollGraceMs });
        logger.info({}, "the webhook of this bot was taken away: it is polled from now on");
        return;
      case "wait":
        isConnected = false;
        troubles = step.troubles;
        if (step.hint !== undefined) logger.warn({}, step.hint);
        status({
          connected: false,
          health: step.health,
          reconnectAttempts: troubles.attempts,
          lastError: step.words,
        });
        return pause(clock, step.ms, signal);
      default:
        return step satisfies never;
    }
  };

  while (!signal.aborted) {
    try {
      await receiver.identity(signal);
      const offset = await receiver.offset();
      // The first one comes back at once: that is how we know that we are connected.
      const timeout = isConnected ? pollTimeoutS : 0;
      const updates = await api.call(
        "getUpdates",
        { ...(offset !== undefined && { offset }), timeout, limit: 100, allowed_updates: wantedUpdates },
        { signal, deadlineMs: timeout * 1_000 + pollGraceMs },
      );
      const nowMs = clock.now();
      status({ lastTransportAtMs: nowMs });
      if (!isConnected)
        status({ connected: true, health: "connected", reconnectAttempts: 0, lastConnectedAtMs: nowMs });
      isConnected = true;
      await untilWritten(receiver.take(Array.isArray(updates) ? updates : [], signal), context, signal);
      troubles = noTroubles;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof CallError) {
        // Taking a webhook away is a call that can fail as well.
        const failure = await afterFailure(error.failure).then(
          () => undefined,
          (next: unknown) => {
            if (next instanceof CallError) return next.failure;
            throw next;
          },
        );
        if (failure !== undefined && !signal.aborted) await afterFailure(failure);
        continue;
      }
      // Not on the disk, so not confirmed: Telegram brings them again.
      troubles = { ...troubles, attempts: troubles.attempts + 1 };
      const lastError = error instanceof Error ? error.message : String(error);
      logger.error({ error: lastError }, "messages could not be written; they are asked for again");
      status({ reconnectAttempts: troubles.attempts, lastError });
      await pause(clock, backoffMs(reconnectBackoff, troubles.attempts, random()), signal);
    }
  }
}

/** Waits until a batch is written; after a stop no longer than stopping may take. */
async function untilWritten(work: Promise<void>, { clock }: AccountContext, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true, signal: done.signal });
  });
  const overdue = stopped.then(() => pause(clock, writeGraceMs, done.signal));
  await Promise.race([work, overdue]).finally(() => done.abort());
}
