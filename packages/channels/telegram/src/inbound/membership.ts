import type { InboundEvent } from "@saltgate/channel";
import { fieldsIn, requireFields, requireInteger } from "../reading.ts";
import { conversationOf, senderOf } from "./conversation.ts";
import type { UpdateContext } from "./update-context.ts";

/** Reads that this bot was let into a chat, thrown out or blocked. @throws {Malformed} */
export function ownMembershipEvents(value: unknown, updateId: number, context: UpdateContext): readonly InboundEvent[] {
  const change = requireFields(value, "my_chat_member");
  const status = fieldsIn(change["new_chat_member"])?.["status"];
  return [
    {
      kind: "membership",
      nativeId: `update:${updateId}`,
      conversation: conversationOf(change["chat"]),
      sender: senderOf(change, context.bot),
      sentAtMs: requireInteger(change["date"], "my_chat_member.date") * 1_000,
      isOurs: true,
      ...((status === "left" || status === "kicked") && { isRemoval: true }),
    },
  ];
}
