import { z } from "zod";
import { keyed, laterKey, optionalKey, section } from "./annotate.ts";
import { spendLimit } from "./spend-limit.ts";
import { nonEmpty, wholeNumber } from "./values.ts";

const minutesOfAYear = 525_600;

const resetPolicy = z.strictObject({
  mode: z.enum(["daily", "idle", "off"]).optional(),
  atHour: wholeNumber(0, 23).optional(),
  idleMinutes: wholeNumber(1, minutesOfAYear).optional(),
});
const expectsReset =
  '{ mode: "daily", "idle" or "off", atHour: 0 to 23, idleMinutes: 1 to 525600 }, each of them optional';

/** How conversations are told apart, when they start over, and what they may use up. */
export const sessionSection = () =>
  section({
    dmScope: keyed(z.enum(["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]), "main", {
      description:
        "How direct messages are divided into conversations: all of them one, or one for each person, for each person and channel, or for each person, channel and account. With several people, choose one of the last two: in `main` they all share one memory.",
      expects: '"main", "per-peer", "per-channel-peer" or "per-account-channel-peer"',
      reload: "live",
    }),
    mainKey: keyed(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/), "main", {
      description: "The word in the key of each agent's main conversation.",
      expects: "1 to 64 of a-z, 0-9, _ and -",
      reload: "live",
    }),
    identityLinks: keyed(
      z.record(nonEmpty, z.array(nonEmpty).max(64)),
      {},
      {
        description:
          'Ids that belong to one person, by a name of your choice: `{ ann: ["telegram:123", "+4915112345678"] }`.',
        expects: "lists of ids, each as <channel>:<id> or <id>",
        reload: "live",
      },
    ),
    reset: optionalKey(resetPolicy, {
      description: "When a conversation starts over by itself.",
      expects: expectsReset,
      defaultText: '`{ mode: "daily", atHour: 4 }`',
      reload: "live",
    }),
    resetByType: optionalKey(
      z.strictObject({ dm: resetPolicy.optional(), group: resetPolicy.optional(), thread: resetPolicy.optional() }),
      {
        description: "The same for direct messages, groups and threads, instead of `session.reset`.",
        expects: `{ dm, group, thread }, each ${expectsReset}`,
        reload: "live",
      },
    ),
    resetByChannel: keyed(
      z.record(nonEmpty, resetPolicy),
      {},
      {
        description: "The same for single channels, instead of all others.",
        expects: `for each channel ${expectsReset}`,
        reload: "live",
      },
    ),
    idleMinutes: optionalKey(wholeNumber(1, minutesOfAYear), {
      description: "Without `session.reset`: a conversation starts over after so many minutes without a word.",
      expects: "a whole number from 1 to 525600",
      reload: "live",
    }),
    resetTriggers: keyed(z.array(nonEmpty).max(32), [], {
      description: "Words that start a new conversation, besides /new and /reset.",
      expects: "a list of texts",
      reload: "live",
    }),
    sendPolicy: optionalKey(
      z.strictObject({
        default: z.enum(["allow", "deny"]).optional(),
        rules: z
          .array(
            z.strictObject({
              action: z.enum(["allow", "deny"]),
              match: z.strictObject({
                channel: nonEmpty.optional(),
                chatType: z.enum(["direct", "group", "channel"]).optional(),
                keyPrefix: nonEmpty.optional(),
              }),
            }),
          )
          .max(256)
          .optional(),
      }),
      {
        description: "Where answers are sent at all. A rule that denies wins.",
        expects: '{ default: "allow" or "deny", rules: [{ action, match: { channel, chatType, keyPrefix } }] }',
        defaultText: "everywhere",
        reload: "live",
      },
    ),
    limits: section({
      agent: spendLimit("each agent"),
      sender: spendLimit("each sender who isn't the owner"),
    }),
    scope: laterKey("Whether each sender has a conversation, or all have one.", "live"),
    store: laterKey("Where sessions are kept.", "live"),
    typingIntervalSeconds: laterKey("How often typing is shown again.", "live"),
    typingMode: laterKey("When typing is shown.", "live"),
    agentToAgent: laterKey("How long agents may talk to each other.", "live"),
  });
