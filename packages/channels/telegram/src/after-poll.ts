import { backoffMs, type ChannelError, conflictBackoff, reconnectBackoff } from "@saltgate/channel";
import { type CallFailure, channelErrorOf } from "./call-failure.ts";

/** What has gone wrong since the last poll that went well. */
export interface PollTroubles {
  /** Attempts in a row that failed. */
  readonly attempts: number;
  /** Conflicts in a row. */
  readonly conflicts: number;
  /** Whether a webhook was taken away already. */
  readonly hasDeletedWebhook: boolean;
}

export const noTroubles: PollTroubles = { attempts: 0, conflicts: 0, hasDeletedWebhook: false };

/** What follows from a poll that failed. */
export type PollStep =
  /** Only its owner can mend it. */
  | { readonly do: "stop"; readonly error: ChannelError }
  /** A webhook stands in the way: it is taken away, once. */
  | { readonly do: "delete-webhook"; readonly troubles: PollTroubles }
  | {
      readonly do: "wait";
      readonly ms: number;
      readonly error: ChannelError;
      readonly health: "reconnecting" | "deaf";
      /** For the account's status: what is wrong and, where somebody can, how to mend it. */
      readonly words: string;
      /** For the owner, at the first conflict alone. */
      readonly hint: string | undefined;
      readonly troubles: PollTroubles;
    };

const conflictHint =
  "Another program receives this bot's messages with the same token. Stop it, or give it a bot of its own; this gateway tries again about once a minute.";

/** Decides what follows from a poll that failed. Pure. @param random from 0 up to 1 */
export function afterPollFailure(failure: CallFailure, troubles: PollTroubles, random: number): PollStep {
  const error = channelErrorOf("getUpdates", failure, false);
  const attempts = troubles.attempts + 1;
  const wait = (ms: number, change: Partial<PollTroubles> = {}, hint?: string): PollStep => ({
    do: "wait",
    ms,
    error,
    health: failure.kind === "late" ? "deaf" : "reconnecting",
    words: error.kind === "conflict" ? conflictHint : error.message,
    hint,
    troubles: { ...troubles, conflicts: 0, attempts, ...change },
  });
  switch (error.kind) {
    case "auth":
    case "config":
      return { do: "stop", error };
    case "conflict": {
      const isWebhook = failure.kind === "answered" && /webhook is active/i.test(failure.description);
      if (isWebhook && !troubles.hasDeletedWebhook)
        return { do: "delete-webhook", troubles: { ...troubles, attempts, hasDeletedWebhook: true } };
      const conflicts = troubles.conflicts + 1;
      const hint = conflicts === 1 ? conflictHint : undefined;
      return wait(backoffMs(conflictBackoff, conflicts, random), { conflicts }, hint);
    }
    case "rate":
      return wait(error.retryAfterMs ?? reconnectBackoff.initialMs);
    case "transient":
    case "unknown-outcome":
    case "refused":
    case "gone":
      return wait(backoffMs(reconnectBackoff, attempts, random));
    default:
      return error.kind satisfies never;
  }
}
