import type { InboundMessage } from "@saltgate/channel";
import { type Fields, fieldsIn, given, integerIn, textIn } from "../reading.ts";
import { nameOf } from "./conversation.ts";

/** Longest part of an answered message that is kept, in UTF-16 units. */
const maxQuotedChars = 4096;

/** The message that one answers. In a topic every message formally answers the one that opened it: that is no answer. */
export function repliedMessage(message: Fields): Fields | undefined {
  const answered = fieldsIn(message["reply_to_message"]);
  return answered === undefined || answered["forum_topic_created"] !== undefined ? undefined : answered;
}

/** Reads what a message answers. */
export function replyOf(message: Fields): InboundMessage["replyTo"] {
  const answered = repliedMessage(message);
  const id = integerIn(answered?.["message_id"]);
  if (answered === undefined || id === undefined) return replyElsewhere(message);
  const author = fieldsIn(answered["sender_chat"]) ?? fieldsIn(answered["from"]);
  const quote = fieldsIn(message["quote"]);
  return {
    messageId: String(id),
    ...given({
      text: (textIn(answered["text"]) ?? textIn(answered["caption"]))?.slice(0, maxQuotedChars),
      senderName: author === undefined ? undefined : nameOf(author),
      // Whoever answers as a whole quotes nothing by hand.
      quote: quote?.["is_manual"] === true ? textIn(quote["text"])?.slice(0, maxQuotedChars) : undefined,
    }),
  };
}

/** Reads what a message answers in another chat: of that one only what is quoted is here. */
function replyElsewhere(message: Fields): InboundMessage["replyTo"] {
  const origin = fieldsIn(fieldsIn(message["external_reply"])?.["origin"]);
  const quote = textIn(fieldsIn(message["quote"])?.["text"]);
  if (origin === undefined || quote === undefined) return undefined;
  return { quote: quote.slice(0, maxQuotedChars), ...given({ senderName: originName(origin) }) };
}

/** Reads from where a message was forwarded. */
export function forwardOf(message: Fields): InboundMessage["forwardedFrom"] {
  const origin = fieldsIn(message["forward_origin"]);
  if (origin === undefined) return undefined;
  const date = integerIn(origin["date"]);
  return { name: originName(origin) ?? "unknown", ...given({ atMs: date === undefined ? undefined : date * 1_000 }) };
}

/** Who said first what comes from elsewhere. Source: core.telegram.org/bots/api#messageorigin. */
function originName(origin: Fields): string | undefined {
  const source = fieldsIn(origin["sender_user"]) ?? fieldsIn(origin["sender_chat"]) ?? fieldsIn(origin["chat"]);
  return textIn(origin["sender_user_name"]) ?? (source === undefined ? undefined : nameOf(source));
}
