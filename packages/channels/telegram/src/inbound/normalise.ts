import { createHash } from "node:crypto";
import type { InboundEvent, SetAside } from "@saltgate/channel";
import { fieldsIn, integerIn, Malformed } from "../reading.ts";
import { buttonEvents } from "./button.ts";
import { ownMembershipEvents } from "./membership.ts";
import { editEvents, messageEvents } from "./message.ts";
import { reactionEvents } from "./reaction.ts";
import type { UpdateContext } from "./update-context.ts";

/** The kinds of updates that are asked for: each one that {@link normalise} reads. */
export const wantedUpdates: readonly string[] = [
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "message_reaction",
  "callback_query",
  "my_chat_member",
];

/** Longest piece of an unreadable update that is kept, in bytes. */
const maxRawBytes = 65_536;

/** What a batch of updates says. */
export interface NormalisedBatch {
  readonly events: readonly InboundEvent[];
  readonly aside: readonly SetAside[];
  /** Ids of the presses of buttons in it, which Telegram wants answered. */
  readonly presses: readonly string[];
  /** The highest update id; undefined when no update had one. */
  readonly lastId: number | undefined;
}

/** Turns updates into events, in the order of their ids. Pure; never throws: what can't be read is set aside. */
export function normalise(updates: readonly unknown[], context: UpdateContext, nowMs: number): NormalisedBatch {
  const events: InboundEvent[] = [];
  const aside: SetAside[] = [];
  const presses: string[] = [];
  const numbered = updates.map((update) => ({ update, id: integerIn(fieldsIn(update)?.["update_id"]) }));
  const ordered = numbered.toSorted((a, b) => (a.id ?? 0) - (b.id ?? 0));
  for (const { update, id } of ordered) {
    try {
      if (id === undefined) throw new Malformed("update_id is no whole number");
      const fields = fieldsIn(update) ?? {};
      const press = fieldsIn(fields["callback_query"])?.["id"];
      events.push(...eventsOf(fields, id, context, nowMs));
      if (typeof press === "string") presses.push(press);
    } catch (error) {
      aside.push(setAside(update, id, error));
    }
  }
  const ids = numbered.flatMap(({ id }) => id ?? []);
  return { events, aside, presses, lastId: ids.length === 0 ? undefined : Math.max(...ids) };
}

function eventsOf(
  update: Readonly<Record<string, unknown>>,
  id: number,
  context: UpdateContext,
  nowMs: number,
): readonly InboundEvent[] {
  for (const kind of ["message", "channel_post"]) if (kind in update) return messageEvents(update[kind], context);
  for (const kind of ["edited_message", "edited_channel_post"])
    if (kind in update) return editEvents(update[kind], id, context);
  if ("message_reaction" in update) return reactionEvents(update["message_reaction"], id, context);
  if ("callback_query" in update) return buttonEvents(update["callback_query"], context, nowMs);
  if ("my_chat_member" in update) return ownMembershipEvents(update["my_chat_member"], id, context);
  // A kind that was not asked for, or one from before we asked: nothing is lost by leaving it.
  return [];
}

function setAside(update: unknown, id: number | undefined, error: unknown): SetAside {
  const raw = JSON.stringify(update) ?? "undefined";
  const cut = Buffer.byteLength(raw) <= maxRawBytes ? raw : Buffer.from(raw).subarray(0, maxRawBytes).toString("utf8");
  const key = id ?? createHash("sha256").update(raw).digest("hex").slice(0, 16);
  return {
    nativeId: `update:${key}`,
    reason: error instanceof Malformed ? error.message : "it could not be read",
    raw: cut.replace(/\ufffd$/, ""),
  };
}
