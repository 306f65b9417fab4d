import { type AgentSettings, type MessageAction, type MessagePort, maySend, type SessionStore } from "@saltgate/agent";
import type { ChannelCapabilities, MediaShelf, StoredContent } from "@saltgate/channel";
import type { SqlDatabase } from "@saltgate/store";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { deliver } from "../channels/deliver.ts";
import { type Destination, destinationOf, textParts } from "../channels/destination.ts";
import { fileTypeOf } from "../channels/file-type.ts";
import { RequestError } from "../dispatch/outcome.ts";

export interface MessagePortOptions {
  readonly desk: ChannelDesk;
  readonly database: SqlDatabase;
  readonly shelf: MediaShelf;
  readonly sessions: SessionStore;
  readonly settings: () => AgentSettings;
}

/** The channels, for agents: everything goes through the outbox, once for each call. */
export function createMessagePort(options: MessagePortOptions): MessagePort {
  const { database, desk, sessions, settings, shelf } = options;
  return {
    async act({ action, idempotencyKey, target }, { sessionKey }) {
      const record = await database.read((sql) => sessions.get(sql, sessionKey));
      const chatType = record?.origin?.chatType;
      const override = record?.settings.sendPolicy;
      if (!maySend(settings().session.sendPolicy, { key: sessionKey, channel: target.channel, chatType, override }))
        return { ok: false, message: "The owner's settings say that nothing is sent from this session." };
      try {
        const where = destinationOf(desk, target);
        const { capabilities } = requireChannel(desk, where).adapter.descriptor;
        const missing = missingFor(action, capabilities);
        if (missing !== undefined) return { ok: false, message: `${where.channel} ${missing}.` };
        const contents = await contentsOf(action, where, shelf);
        const row = await deliver({ desk, database }, where, `tool:${idempotencyKey}`, contents);
        const messageId = row.receipt?.messageId;
        return { ok: true, state: "sent", ...(messageId !== undefined && { messageId }) };
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (error.detail === "OUTBOUND_DELIVERY_QUEUED") return { ok: true, state: "queued" };
        return { ok: false, message: `${error.message}.` };
      }
    },
  };
}

function requireChannel(desk: ChannelDesk, { channel }: Destination): NonNullable<ReturnType<ChannelDesk["channel"]>> {
  const found = desk.channel(channel);
  if (found === undefined) throw new RequestError("UNKNOWN_CHANNEL", `unsupported channel: ${channel}`);
  return found;
}

/** What a channel can't do of an action; `undefined` when it can. Pure. */
function missingFor(action: MessageAction, can: ChannelCapabilities): string | undefined {
  switch (action.type) {
    case "send":
      return action.files.length > 0 && !can.media.out ? "takes no files" : undefined;
    case "react":
      return can.reactions.out ? undefined : "has no reactions";
    case "edit":
      return can.edit ? undefined : "lets nobody change a message";
    case "unsend":
      return can.unsend ? undefined : "lets nobody take a message back";
    case "poll": {
      if (can.maxPollOptions === 0) return "has no polls";
      return action.options.length > can.maxPollOptions ? `takes at most ${can.maxPollOptions} options` : undefined;
    }
  }
}

/** An action as what goes into the outbox. */
async function contentsOf(
  action: MessageAction,
  where: Destination,
  shelf: MediaShelf,
): Promise<readonly StoredContent[]> {
  switch (action.type) {
    case "send": {
      const reply = action.replyToId === undefined ? {} : { replyToId: action.replyToId };
      const texts = textParts(action.text, where).map((text): StoredContent => ({ kind: "text", text, ...reply }));
      const files: StoredContent[] = [];
      for (const { bytes, fileName } of action.files) {
        const file = { mediaId: await shelf.put(bytes), fileName, ...fileTypeOf(fileName) };
        files.push({ kind: "media", file, ...reply });
      }
      return [...texts, ...files];
    }
    case "react":
      return [{ kind: "react", messageId: action.messageId, emoji: action.emoji, remove: action.remove }];
    case "edit":
      return [{ kind: "edit", messageId: action.messageId, text: action.text }];
    case "unsend":
      return [{ kind: "unsend", messageId: action.messageId }];
    case "poll": {
      const { maxSelections, options, question } = action;
      return [{ kind: "poll", question, options, maxSelections }];
    }
  }
}
