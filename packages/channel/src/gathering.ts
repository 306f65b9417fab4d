import type { InboundEvent, InboundMessage } from "./inbound.ts";
import type { InboxRow } from "./inbox.ts";

/** When messages that belong together are taken together. */
export interface GatheringRules {
  /** How long to wait for more of what somebody writes in several messages, in milliseconds. 0: not at all. */
  readonly debounceMs: number;
  /** How long to wait for the rest of an album, in milliseconds. */
  readonly albumMs: number;
  /** From this length on a text may be the beginning of a longer one that the platform cut. */
  readonly longTextChars: number;
  /** How long to wait for the rest of such a text, in milliseconds. */
  readonly longTextMs: number;
  /** Parts that are put together at most. */
  readonly maxParts: number;
  /** Characters that are put together at most. */
  readonly maxChars: number;
}

export const defaultGatheringRules: GatheringRules = {
  debounceMs: 0,
  albumMs: 500,
  longTextChars: 4_000,
  longTextMs: 1_500,
  maxParts: 12,
  maxChars: 50_000,
};

/** What is to be dealt with next in a conversation, or how long to wait for the rest of it. */
export type Gathered =
  | { readonly do: "take"; readonly rows: readonly [InboxRow, ...InboxRow[]]; readonly event: InboundEvent }
  | { readonly do: "wait"; readonly ms: number };

/**
 * Puts together what waits at the head of a conversation and belongs together: albums, texts that the platform cut, and
 * what somebody wrote in several messages shortly after one another. Pure.
 * @param rows what waits, oldest first
 */
export function gather(
  rows: readonly [InboxRow, ...InboxRow[]],
  nowMs: number,
  rules: GatheringRules,
  isCommand: (text: string) => boolean,
): Gathered {
  const [first] = rows;
  if (first.event.kind !== "message" || standsAlone(first.event, isCommand))
    return { do: "take", rows: [first], event: first.event };
  const parts: [InboxRow, ...InboxRow[]] = [first];
  let event: InboundMessage = first.event;
  for (;;) {
    if (parts.length >= rules.maxParts) break;
    const last = parts.at(-1) ?? first;
    const bond = bondOf(last.event as InboundMessage, rules);
    if (bond === undefined) break;
    const next = rows[parts.length];
    if (next === undefined) {
      // A clock that was set back doesn't make anybody wait longer.
      const waitedMs = Math.max(0, nowMs - last.receivedAtMs);
      if (waitedMs >= bond.waitMs || nowMs < last.receivedAtMs) break;
      return { do: "wait", ms: bond.waitMs - waitedMs };
    }
    const joined = joinedWith(event, next, last, bond, rules, isCommand);
    if (joined === undefined) break;
    event = joined;
    parts.push(next);
  }
  return { do: "take", rows: parts, event };
}

/** Commands are never a part of anything else, be they ours or another bot's. */
function standsAlone({ mentions, text }: InboundMessage, isCommand: (text: string) => boolean): boolean {
  return mentions.isForAnother === true || isCommand(text);
}

interface Bond {
  readonly by: "album" | "long-text" | "debounce";
  readonly waitMs: number;
}

/** What may tie the next message to this one. */
function bondOf(message: InboundMessage, rules: GatheringRules): Bond | undefined {
  if (message.albumId !== undefined) return { by: "album", waitMs: rules.albumMs };
  if (message.media.length > 0 || message.location !== undefined) return undefined;
  if (message.text.length >= rules.longTextChars) return { by: "long-text", waitMs: rules.longTextMs };
  return rules.debounceMs > 0 ? { by: "debounce", waitMs: rules.debounceMs } : undefined;
}

function joinedWith(
  event: InboundMessage,
  { event: next, receivedAtMs }: InboxRow,
  last: InboxRow,
  bond: Bond,
  rules: GatheringRules,
  isCommand: (text: string) => boolean,
): InboundMessage | undefined {
  if (next.kind !== "message" || next.sender.id !== event.sender.id || standsAlone(next, isCommand)) return undefined;
  // What somebody says beside what he passes on isn't part of it.
  if (next.forwardedFrom?.name !== event.forwardedFrom?.name) return undefined;
  if (bond.by === "album") {
    return next.albumId === event.albumId ? joined(event, next, event.text && next.text ? "\n" : "") : undefined;
  }
  const isPlain = next.media.length === 0 && next.location === undefined && next.albumId === undefined;
  if (!isPlain || receivedAtMs - last.receivedAtMs > bond.waitMs) return undefined;
  if (event.text.length + next.text.length > rules.maxChars) return undefined;
  return joined(event, next, bond.by === "debounce" ? "\n" : "");
}

/** Two messages as one: everything that was said, under the name of the last. */
function joined(first: InboundMessage, next: InboundMessage, glue: string): InboundMessage {
  const { replyTo = first.replyTo, ...rest } = next;
  return {
    ...rest,
    ...(replyTo !== undefined && { replyTo }),
    text: `${first.text}${glue}${next.text}`,
    media: [...first.media, ...next.media],
    mentions: {
      canDetect: next.mentions.canDetect,
      explicit: first.mentions.explicit || next.mentions.explicit,
      any: first.mentions.any || next.mentions.any,
      implicit: first.mentions.implicit || next.mentions.implicit,
    },
  };
}
