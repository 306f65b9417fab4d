import { untrusted } from "@saltgate/agent";
import type { InboundCommand, InboundEvent, InboundMessage } from "@saltgate/channel";

/** Who said it, by the name that he chose himself: on one line, whatever he chose. */
export function speaker({ sender }: InboundEvent): string {
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

/** What a message answers or passes on, marked as somebody else's words. */
export function quoteText(event: InboundMessage | InboundCommand): readonly string[] {
  if (event.kind === "command") return [];
  const { forwardedFrom, replyTo } = event;
  const words: string[] = [];
  const quoted = replyTo?.quote ?? replyTo?.text;
  if (replyTo !== undefined && quoted !== undefined) {
    words.push(untrusted(`the message that this answers, by ${replyTo.senderName ?? "somebody"}`, quoted));
  }
  if (forwardedFrom !== undefined) {
    const at = forwardedFrom.atMs === undefined ? "" : ` of ${new Date(forwardedFrom.atMs).toISOString()}`;
    words.push(`(Forwarded: the words below are a message${at} by ${oneLine(forwardedFrom.name)}.)`);
  }
  return words;
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

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 200);
