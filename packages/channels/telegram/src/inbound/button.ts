import type { InboundEvent } from "@saltgate/channel";
import { fieldsIn, integerIn, Malformed, requireFields, textIn } from "../reading.ts";
import { conversationOf, senderOf } from "./conversation.ts";
import type { UpdateContext } from "./update-context.ts";

/** Reads a press of a button under one of our messages. @throws {Malformed} */
export function buttonEvents(value: unknown, context: UpdateContext, nowMs: number): readonly InboundEvent[] {
  const press = requireFields(value, "callback_query");
  const id = textIn(press["id"]);
  if (id === undefined) throw new Malformed("callback_query.id is no text");
  const message = fieldsIn(press["message"]);
  const text = textIn(press["data"]);
  // Buttons of games and of messages that were sent inline belong to no conversation of ours.
  if (message === undefined || text === undefined) return [];
  const messageId = integerIn(message["message_id"]);
  return [
    {
      kind: "command",
      nativeId: `callback:${id}`,
      conversation: conversationOf(message["chat"], message),
      sender: senderOf({ from: press["from"] }, context.bot),
      sentAtMs: nowMs,
      ...(messageId !== undefined && { messageId: String(messageId) }),
      text,
      source: "button",
    },
  ];
}
