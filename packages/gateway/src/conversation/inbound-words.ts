import { untrusted } from "@saltgate/agent";
import type { InboundCommand, InboundEvent, InboundMessage, InboundNotice } from "@saltgate/channel";

/** Who said it, by the name that he chose himself: on one line, whatever he chose. */
function speaker({ sender }: InboundEvent): string {
  return oneLine(sender.name ?? sender.id);
}

/** What was said, in words: files that have no words of their own are named. */
export function plainText(event: InboundMessage | InboundCommand): string {
  if (event.kind === "command") return event.text;
  const parts = [event.text, locationText(event)].filter((part) => part !== undefined && part.trim() !== "");
  const files = event.media.map(({ fileName, kind }) =>
    fileName === undefined ? `<media:${kind}>` : `<media:${kind} ${oneLine(fileName)}>`,
  );
  return [...parts, ...files].join("\n");
}

/** What a message answers, marked as somebody else's words. */
export function quoteText(event: InboundMessage | InboundCommand): readonly string[] {
  if (event.kind === "command") return [];
  const { replyTo } = event;
  const quoted = replyTo?.quote ?? replyTo?.text;
  if (replyTo === undefined || quoted === undefined) return [];
  return [untrusted(`the message that this answers, by ${replyTo.senderName ?? "somebody"}`, quoted)];
}

/**
 * What was said, as the agent is told it: in a group with who said it. What somebody passes on is another's words, and marked
 * as such: they don't get the rights of whoever forwards them.
 */
export function toldText(event: InboundMessage | InboundCommand, said: string): string {
  const who = event.conversation.kind === "direct" ? "" : `${speaker(event)}: `;
  const from = event.kind === "message" ? event.forwardedFrom : undefined;
  if (from === undefined) return `${who}${said}`;
  const at = from.atMs === undefined ? "" : ` of ${new Date(from.atMs).toISOString()}`;
  return `${who}(forwarded)\n${untrusted(`a forwarded message${at}, by ${from.name}`, said)}`;
}

/** A reaction in words. Names are their bearers' choice: they stand in quotation marks, on one line. */
export function reactionText(event: InboundNotice): string {
  const { emoji = "?", isRemoval, messageId = "?" } = event;
  const who = `Somebody who is called ${JSON.stringify(speaker(event).slice(0, 64))}`;
  const what = isRemoval ? "took back" : "put";
  return `${who} ${what} the reaction ${JSON.stringify(oneLine(emoji).slice(0, 32))} ${isRemoval ? "from" : "on"} message ${oneLine(messageId)}`;
}

/** What was said in a group since the last answer and was not for the agent: others' words, marked as such. */
export function contextText(events: readonly InboundEvent[]): readonly string[] {
  const lines = events.flatMap((event) => (event.kind === "message" ? [`${speaker(event)}: ${plainText(event)}`] : []));
  return lines.length === 0
    ? []
    : [untrusted("said in this group since your last answer, for context", lines.join("\n"))];
}

function locationText({ location }: InboundMessage): string | undefined {
  if (location === undefined) return undefined;
  const { accuracyM, address, isLive, latitude, longitude, name } = location;
  const place = [name, address].filter((word) => word !== undefined).map(oneLine);
  const accuracy = accuracyM === undefined ? "" : ` ±${Math.round(accuracyM)} m`;
  return `${isLive ? "Live location" : "Location"}: ${latitude.toFixed(6)}, ${longitude.toFixed(6)}${accuracy}${place.length > 0 ? ` (${place.join(", ")})` : ""}`;
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 200);
