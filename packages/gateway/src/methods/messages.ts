import type { MediaShelf, OutboxRow, StoredContent } from "@saltgate/channel";
import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { deliver } from "../channels/deliver.ts";
import { type Destination, destinationOf, textParts } from "../channels/destination.ts";
import { RequestError } from "../dispatch/outcome.ts";
import type { Handlers } from "./handlers.ts";

/** What sending needs. */
export interface MessageMethodsOptions {
  readonly desk: ChannelDesk;
  readonly database: SqlDatabase;
  readonly shelf: MediaShelf;
  /** Writes what was sent into the transcript of a session, as if its agent had said it. */
  readonly mirror: (sql: SqlTransaction, sessionKey: string, text: string) => void;
}

type MessageMethods = Pick<Handlers, "send" | "poll">;

/** Handlers of the methods that send without an agent. */
export function messageMethods(options: MessageMethodsOptions): MessageMethods {
  const { desk, database, shelf, mirror } = options;
  return {
    async send(params) {
      const text = params.message ?? "";
      if (params.mediaUrl !== undefined || (params.mediaUrls?.length ?? 0) > 0) {
        throw new RequestError(
          "INVALID_PARAMS",
          "this gateway fetches no files from addresses (they may lead inside your network): send the file itself, as buffer",
        );
      }
      if (text.trim() === "" && params.buffer === undefined) {
        throw new RequestError("INVALID_PARAMS", "message or buffer required");
      }
      if (params.parseMode !== undefined)
        throw new RequestError("INVALID_PARAMS", "message is Markdown here, for every channel: leave parseMode out");
      const where = destinationOf(desk, params);
      const contents: StoredContent[] = [];
      const shared = {
        ...(params.silent && { silent: true }),
        ...(params.replyToId && { replyToId: params.replyToId }),
      };
      if (params.buffer !== undefined) {
        const bytes = fileBytes(params.buffer);
        const mimeType = params.contentType ?? "application/octet-stream";
        const fileName = params.filename ?? "file";
        const mediaId = await shelf.put(bytes);
        const kind = params.forceDocument ? "document" : fileKind(mimeType, params);
        const isCaption = text.length <= where.maxCaptionChars;
        contents.push({
          kind: "media",
          file: { mediaId, kind, fileName, mimeType },
          ...(text && isCaption && { caption: text }),
          ...shared,
        });
        if (!isCaption) contents.push(...textContents(text, where, shared));
      } else contents.push(...textContents(text, where, shared));
      const { sessionKey } = params;
      const row = await deliver(options, where, `send:${params.idempotencyKey}`, contents, (sql) => {
        if (sessionKey !== undefined) mirror(sql, sessionKey, text);
      });
      return { runId: params.idempotencyKey, channel: where.channel, ...receiptOf(row) };
    },
    async poll(params) {
      const where = destinationOf(desk, params);
      const channel = desk.channel(where.channel);
      const most = channel?.adapter.descriptor.capabilities.maxPollOptions ?? 0;
      if (params.options.length > most) {
        const why = most === 0 ? `${where.channel} has no polls` : `${where.channel} takes at most ${most} options`;
        throw new RequestError("INVALID_PARAMS", why);
      }
      const { durationHours, durationSeconds } = params;
      const durationS = durationSeconds ?? (durationHours === undefined ? undefined : durationHours * 3_600);
      const content: StoredContent = {
        kind: "poll",
        question: params.question,
        options: params.options,
        maxSelections: params.maxSelections ?? 1,
        ...(durationS !== undefined && { durationS }),
        ...(params.isAnonymous !== undefined && { isAnonymous: params.isAnonymous }),
        ...(params.silent && { silent: true }),
      };
      const row = await deliver({ desk, database }, where, `poll:${params.idempotencyKey}`, [content]);
      const pollId = row.receipt?.pollId;
      return {
        runId: params.idempotencyKey,
        channel: where.channel,
        ...receiptOf(row),
        ...(pollId !== undefined && { pollId }),
      };
    },
  };
}

function textContents(
  text: string,
  where: Destination,
  shared: { readonly silent?: boolean; readonly replyToId?: string },
): readonly StoredContent[] {
  return textParts(text, where).map((part) => ({ kind: "text", text: part, ...shared }));
}

function receiptOf(row: OutboxRow): { messageId: string; chatId?: string } {
  const { receipt } = row;
  const chatId = receipt?.conversationId;
  return { messageId: receipt?.messageId ?? row.id, ...(chatId !== undefined && { chatId }) };
}

/** Largest file that a request may carry, in bytes. */
const maxFileBytes = 18_000_000;

function fileBytes(base64: string): Uint8Array {
  const data = base64.replace(/^data:[^,]*,/, "");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data)) throw new RequestError("INVALID_PARAMS", "buffer is not base64");
  const bytes = Buffer.from(data, "base64");
  if (bytes.byteLength === 0) throw new RequestError("INVALID_PARAMS", "buffer is empty");
  if (bytes.byteLength > maxFileBytes)
    throw new RequestError("INVALID_PARAMS", `buffer holds more than ${maxFileBytes} bytes`);
  return bytes;
}

function fileKind(
  mimeType: string,
  { asVoice, gifPlayback }: { readonly asVoice?: boolean | undefined; readonly gifPlayback?: boolean | undefined },
): "image" | "video" | "audio" | "voice" | "document" | "animation" {
  if (mimeType.startsWith("image/")) return mimeType === "image/gif" ? "animation" : "image";
  if (mimeType.startsWith("video/")) return gifPlayback ? "animation" : "video";
  if (mimeType.startsWith("audio/")) return asVoice ? "voice" : "audio";
  return "document";
}
