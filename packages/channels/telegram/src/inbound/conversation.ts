import type { ConversationRef, InboundSender } from "@saltgate/channel";
import {
  type Fields,
  fieldsIn,
  given,
  integerIn,
  Malformed,
  requireFields,
  requireInteger,
  textIn,
} from "../reading.ts";
import type { BotIdentity } from "./update-context.ts";

/** Messages outside of every topic of a forum are in this one. Source: core.telegram.org/api/forum. */
export const generalTopic = "1";

/** Reads where something was said. `message` tells the topic. @throws {Malformed} */
export function conversationOf(chat: unknown, message: Fields = {}): ConversationRef {
  const fields = requireFields(chat, "chat");
  const id = String(requireInteger(fields["id"], "chat.id"));
  const thread = integerIn(message["message_thread_id"]);
  switch (fields["type"]) {
    case "private":
      return {
        kind: "direct",
        id,
        ...given({ title: nameOf(fields), threadId: thread === undefined ? undefined : String(thread) }),
      };
    case "group":
      return { kind: "group", id, ...given({ title: textIn(fields["title"]) }) };
    case "supergroup": {
      // Outside of forums the thread id only says which message began a chain of answers.
      const isTopic = message["is_topic_message"] === true && thread !== undefined;
      const threadId = fields["is_forum"] === true ? (isTopic ? String(thread) : generalTopic) : undefined;
      return { kind: "group", id, ...given({ title: textIn(fields["title"]), threadId }) };
    }
    case "channel":
      return { kind: "channel", id, ...given({ title: textIn(fields["title"]) }) };
    default:
      throw new Malformed("chat.type is none that Telegram documents");
  }
}

/**
 * Reads who wrote: the chat in whose name it was written, else the person. Anonymous administrators all share one user, so
 * the chat is what tells them apart. Names are for words (rule R-42).
 */
export function senderOf(message: Fields, bot: BotIdentity): InboundSender {
  const chat = fieldsIn(message["sender_chat"]) ?? fieldsIn(message["actor_chat"]);
  const chatId = integerIn(chat?.["id"]);
  if (chat !== undefined && chatId !== undefined) {
    return {
      id: String(chatId),
      ...given({ name: textIn(chat["title"]), username: textIn(chat["username"]) }),
      isSelf: false,
      isBot: false,
    };
  }
  const user = fieldsIn(message["from"]) ?? fieldsIn(message["user"]);
  const id = integerIn(user?.["id"]);
  if (user === undefined || id === undefined) return { id: "", isSelf: false, isBot: false };
  return {
    id: String(id),
    ...given({ name: nameOf(user), username: textIn(user["username"]) }),
    isSelf: id === bot.id,
    isBot: user["is_bot"] === true,
  };
}

/** The name of a person or a chat. */
export function nameOf(fields: Fields): string | undefined {
  const title = textIn(fields["title"]);
  if (title !== undefined) return title;
  const name = [textIn(fields["first_name"]), textIn(fields["last_name"])]
    .filter((part) => part !== undefined)
    .join(" ");
  return name === "" ? textIn(fields["username"]) : name;
}
