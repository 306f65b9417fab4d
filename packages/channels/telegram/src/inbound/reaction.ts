import type { InboundEvent } from "@saltgate/channel";
import { fieldsIn, given, integerIn, listIn, requireFields, requireInteger, textIn } from "../reading.ts";
import { conversationOf, senderOf } from "./conversation.ts";
import type { UpdateContext } from "./update-context.ts";

/** Reads a change of somebody's reactions: one event for each that came or went. @throws {Malformed} */
export function reactionEvents(value: unknown, updateId: number, context: UpdateContext): readonly InboundEvent[] {
  const change = requireFields(value, "message_reaction");
  const id = requireInteger(change["message_id"], "message_reaction.message_id");
  const before = reactionsIn(change["old_reaction"]);
  const after = reactionsIn(change["new_reaction"]);
  const conversation = conversationOf(change["chat"]);
  const base = {
    kind: "reaction" as const,
    conversation,
    sender: senderOf(change, context.bot),
    sentAtMs: (integerIn(change["date"]) ?? 0) * 1_000,
    messageId: String(id),
    isOurs: context.isOurs(conversation.id, id),
  };
  const changes = [
    ...after.filter((key) => !before.includes(key)).map((key) => ({ key, isRemoval: undefined })),
    ...before.filter((key) => !after.includes(key)).map((key) => ({ key, isRemoval: true })),
  ];
  return changes.map(({ key, isRemoval }, index) => ({
    ...base,
    nativeId: `update:${updateId}:${index}`,
    ...given({ emoji: key.startsWith("custom:") ? undefined : key, isRemoval }),
  }));
}

/** Each reaction as its emoji; one of a person's own making by its id. */
function reactionsIn(value: unknown): readonly string[] {
  return listIn(value).flatMap((reaction) => {
    const fields = fieldsIn(reaction);
    if (fields?.["type"] === "paid") return ["⭐"];
    const custom = textIn(fields?.["custom_emoji_id"]);
    return textIn(fields?.["emoji"]) ?? (custom === undefined ? [] : [`custom:${custom}`]);
  });
}
