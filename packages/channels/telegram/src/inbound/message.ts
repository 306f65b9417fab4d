import type { InboundEvent, InboundMessage } from "@saltgate/channel";
import {
  allFieldsIn,
  type Fields,
  fieldsIn,
  given,
  integerIn,
  listIn,
  requireFields,
  requireInteger,
  textIn,
} from "../reading.ts";
import { conversationOf, nameOf, senderOf } from "./conversation.ts";
import { linkedText } from "./linked-text.ts";
import { locationOf } from "./location.ts";
import { mediaOf } from "./media.ts";
import { mentionsIn } from "./mentions.ts";
import { forwardOf, replyOf } from "./reply.ts";
import type { UpdateContext } from "./update-context.ts";

/** What all events of a message have. */
function baseOf(message: Fields, context: UpdateContext) {
  const sentAtMs = requireInteger(message["date"], "message.date") * 1_000;
  return {
    conversation: conversationOf(message["chat"], message),
    sender: senderOf(message, context.bot),
    sentAtMs,
    ...(sentAtMs < context.backlogBeforeMs && { isBacklog: true }),
  };
}

/** Reads a message: what somebody said, or what the chat says by itself. @throws {Malformed} */
export function messageEvents(value: unknown, context: UpdateContext): readonly InboundEvent[] {
  const message = requireFields(value, "message");
  const id = requireInteger(message["message_id"], "message.message_id");
  const base = baseOf(message, context);
  const nativeId = `message:${base.conversation.id}:${id}`;
  const service = serviceEvents(message, nativeId, base);
  if (service !== undefined) return service;
  const text = textIn(message["text"]) ?? textIn(message["caption"]) ?? "";
  const media = mediaOf(message);
  const location = locationOf(message);
  const said = text === "" ? inWords(message) : linkedText(message);
  // Voice chats, new titles and whatever comes next: nobody said anything.
  if (said === "" && media.length === 0 && location === undefined) return [];
  const event: InboundMessage = {
    kind: "message",
    nativeId,
    ...base,
    messageId: String(id),
    text: said,
    media,
    mentions: mentionsIn(message, text, context.bot),
    ...given({
      albumId: textIn(message["media_group_id"]),
      replyTo: replyOf(message),
      forwardedFrom: forwardOf(message),
      location,
    }),
  };
  return [event];
}

/** Reads a changed message. @throws {Malformed} */
export function editEvents(value: unknown, updateId: number, context: UpdateContext): readonly InboundEvent[] {
  const message = requireFields(value, "edited_message");
  const id = requireInteger(message["message_id"], "edited_message.message_id");
  const base = baseOf(message, context);
  const editedAt = integerIn(message["edit_date"]);
  return [
    {
      kind: "edit",
      nativeId: `update:${updateId}`,
      ...base,
      ...(editedAt !== undefined && { sentAtMs: editedAt * 1_000 }),
      messageId: String(id),
      ...given({ text: textIn(linkedText(message)) }),
      isOurs: context.isOurs(base.conversation.id, id),
    },
  ];
}

type Base = ReturnType<typeof baseOf>;

/** What a chat says by itself, as far as it means something to us; undefined for what people say. */
function serviceEvents(message: Fields, nativeId: string, base: Base): readonly InboundEvent[] | undefined {
  const newId = integerIn(message["migrate_to_chat_id"]);
  if (newId !== undefined) return [migration(base, base.conversation.id, String(newId))];
  const oldId = integerIn(message["migrate_from_chat_id"]);
  if (oldId !== undefined) {
    // The new supergroup says the same once more, in case nobody heard the old group: one id, so one event.
    const { title } = base.conversation;
    const conversation = { kind: "group" as const, id: String(oldId), ...given({ title }) };
    return [migration({ ...base, conversation }, String(oldId), base.conversation.id)];
  }
  const came = allFieldsIn(message["new_chat_members"]);
  if (came.length > 0) {
    return came.map((member, index) => ({
      kind: "membership" as const,
      nativeId: `${nativeId}:${index}`,
      ...base,
      sender: { ...senderOf({ from: member }, { id: 0, username: "", name: "" }) },
      ...given({ text: nameOf(member) }),
    }));
  }
  const gone = fieldsIn(message["left_chat_member"]);
  if (gone !== undefined) {
    const sender = senderOf({ from: gone }, { id: 0, username: "", name: "" });
    return [{ kind: "membership", nativeId, ...base, sender, ...given({ text: nameOf(gone) }), isRemoval: true }];
  }
  const pinned = integerIn(fieldsIn(message["pinned_message"])?.["message_id"]);
  if (pinned !== undefined) return [{ kind: "pin", nativeId, ...base, messageId: String(pinned) }];
  return undefined;
}

function migration(base: Base, from: string, newId: string): InboundEvent {
  return { kind: "migration", nativeId: `migration:${from}:${newId}`, ...base, newId };
}

/** What has neither text nor file, in words. */
function inWords(message: Fields): string {
  const contact = fieldsIn(message["contact"]);
  if (contact !== undefined) return `${nameOf(contact) ?? "Somebody"}: ${textIn(contact["phone_number"]) ?? ""}`.trim();
  const dice = fieldsIn(message["dice"]);
  if (dice !== undefined) return `${textIn(dice["emoji"]) ?? "🎲"} ${integerIn(dice["value"]) ?? ""}`.trim();
  const poll = fieldsIn(message["poll"]);
  if (poll !== undefined) {
    const options = listIn(poll["options"]).map((option) => `- ${textIn(fieldsIn(option)?.["text"]) ?? ""}`);
    return [textIn(poll["question"]) ?? "", ...options].join("\n").trim();
  }
  const checklist = fieldsIn(message["checklist"]);
  if (checklist !== undefined) {
    const tasks = allFieldsIn(checklist["tasks"]).map(
      (task) => `- [${integerIn(task["completion_date"]) ? "x" : " "}] ${textIn(task["text"]) ?? ""}`,
    );
    return [textIn(checklist["title"]) ?? "", ...tasks].join("\n").trim();
  }
  for (const [field, name] of named) {
    const thing = fieldsIn(message[field]);
    if (thing === undefined) continue;
    const about = ["title", "prize_description", "description"].flatMap((one) => textIn(thing[one]) ?? []);
    return [`(${name})`, ...about].join("\n");
  }
  return "";
}

/** What bots see little or nothing of: whoever sends it isn't left without an answer. */
const named: readonly (readonly [string, string])[] = [
  ["story", "a story, which bots can't see"],
  ["paid_media", "paid media, which bots can't see"],
  ["game", "a game"],
  ["invoice", "an invoice"],
  ["giveaway", "a giveaway"],
];
