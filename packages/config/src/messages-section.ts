import { z } from "zod";
import { keyed, laterKey, optionalKey, section } from "./annotate.ts";
import { nonEmpty, pattern, wholeNumber } from "./values.ts";

const queueMode = z.enum(["steer", "followup", "collect", "interrupt"]);
const modes = '"steer", "followup", "collect" or "interrupt"';
const maxDebounceMs = 600_000;

const queueSection = () =>
  section({
    mode: keyed(queueMode, "collect", {
      description:
        "What happens to a message while its conversation is being answered: it joins the run (`steer`), waits for one of its own (`followup`), waits to be answered together with others (`collect`), or ends the run (`interrupt`).",
      expects: modes,
      reload: "live",
    }),
    byChannel: keyed(
      z.record(nonEmpty, queueMode),
      {},
      {
        description: "The same for single channels.",
        expects: `for each channel ${modes}`,
        reload: "live",
      },
    ),
    debounceMs: keyed(wholeNumber(0, maxDebounceMs), 1_000, {
      description: "Quiet after which messages that waited are answered together, in milliseconds.",
      expects: "a whole number from 0 to 600000",
      reload: "live",
    }),
    debounceMsByChannel: keyed(
      z.record(nonEmpty, wholeNumber(0, maxDebounceMs)),
      {},
      {
        description: "The same for single channels.",
        expects: "for each channel a whole number from 0 to 600000",
        reload: "live",
      },
    ),
    cap: keyed(wholeNumber(1, 200), 20, {
      description: "Messages that may wait in one conversation.",
      expects: "a whole number from 1 to 200",
      reload: "live",
    }),
    drop: keyed(z.enum(["old", "new", "summarize"]), "summarize", {
      description: "What happens to more: the oldest or the newest isn't read, or of the oldest only a line is.",
      expects: '"old", "new" or "summarize"',
      reload: "live",
    }),
  });

/** How messages come in, wait, and look when they go out. */
export const messagesSection = () =>
  section({
    responsePrefix: optionalKey(nonEmpty, {
      description:
        "Stands before every answer that goes to a channel. `{model}`, `{modelFull}`, `{provider}`, `{thinkingLevel}` and `{identity.name}` are replaced.",
      expects: "a text",
      reload: "live",
    }),
    queue: queueSection(),
    groupChat: section({
      mentionPatterns: keyed(z.array(pattern).max(100), [], {
        description: "Regular expressions, without case: what they match in a group counts as a mention.",
        expects: "a list of regular expressions",
        reload: "live",
      }),
      historyLimit: optionalKey(wholeNumber(0, 500), {
        description: "Messages of a group that are told as context with the next one that is for the agent.",
        expects: "a whole number from 0 to 500",
        defaultText: "the channel's",
        reload: "live",
      }),
    }),
    messagePrefix: laterKey("Stands before every message that comes in.", "live"),
    inbound: laterKey("How long messages of one sender are gathered before they are read.", "live"),
    ackReaction: laterKey("The reaction that says that a message was read.", "live"),
    ackReactionScope: laterKey("Where that reaction is given.", "live"),
    removeAckAfterReply: laterKey("Take that reaction back with the answer.", "live"),
    tts: laterKey("Speaking answers.", "live"),
  });
