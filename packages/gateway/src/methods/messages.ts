import type { MediaShelf, OutboundTarget, StoredContent } from "@saltgate/channel";
import { chunkMarkdown } from "@saltgate/channel";
import type { SqlDatabase } from "@saltgate/store";
import type { ChannelDesk, SendEnding } from "../channels/channel-desk.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { unknownChannel } from "./channels.ts";
import type { Handlers } from "./handlers.ts";

/** What sending needs. */
export interface MessageMethodsOptions {
  readonly desk: ChannelDesk;
  readonly database: SqlDatabase;
  readonly shelf: MediaShelf;
  /** Writes what was sent into the transcript of a session, as if its agent had said it. */
  readonly mirror: (sessionKey: string, text: string) => Promise<void>;
}

type MessageMethods = Pick<Handlers, "send" | "poll">;

/** Where something is to be sent. */
export interface Destination {
  readonly channel: string;
  readonly accountId: string;
  readonly target: OutboundTarget;
  readonly textChunkChars: number;
  readonly maxLines: number | undefined;
  readonly chunkMode: "length" | "newline";
}

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
        contents.push({
          kind: "media",
          file: { mediaId, kind, fileName, mimeType },
          ...(text && { caption: text }),
          ...shared,
        });
      } else {
        const rules = { maxChars: where.textChunkChars, maxLines: where.maxLines, mode: where.chunkMode };
        for (const chunk of chunkMarkdown(text, rules)) contents.push({ kind: "text", text: chunk, ...shared });
      }
      const row = await deliver(options, where, `send:${params.idempotencyKey}`, contents);
      if (params.sessionKey !== undefined) await mirror(params.sessionKey, text);
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

/** Where a request wants something sent. @throws {RequestError} for a channel, account or target that isn't one */
export function destinationOf(
  desk: ChannelDesk,
  params: {
    readonly channel?: string | undefined;
    readonly accountId?: string | undefined;
    readonly to: string;
    readonly threadId?: string | undefined;
  },
): Destination {
  const name = params.channel ?? onlyChannel(desk);
  const channel = desk.channel(name);
  if (channel === undefined) throw unknownChannel(name);
  const { id, limits } = channel.adapter.descriptor;
  const keeper = desk.account(channel, params.accountId);
  if (keeper === undefined)
    throw new RequestError("UNKNOWN_ACCOUNT", `unknown account of ${id}: ${params.accountId ?? "default"}`);
  const { account } = keeper;
  if (account.notConfigured !== undefined) {
    throw new RequestError("CHANNEL_UNAVAILABLE", `${id} ${account.id}: ${account.notConfigured}`);
  }
  if (!account.enabled)
    throw new RequestError("CHANNEL_UNAVAILABLE", `${id} ${account.id} is disabled in the configuration`);
  const parsed = channel.adapter.parseTarget(params.to);
  if (!parsed.ok) throw new RequestError("UNKNOWN_TARGET", `no target of ${id}: ${parsed.reason}`);
  return {
    channel: id,
    accountId: account.id,
    target: params.threadId === undefined ? parsed.target : { ...parsed.target, threadId: params.threadId },
    textChunkChars: Math.min(account.policy.textChunkChars ?? limits.textChunkChars, limits.maxTextChars),
    maxLines: limits.maxLines,
    chunkMode: account.policy.chunkMode,
  };
}

/** Without a channel in the request there must be no doubt which one is meant. */
function onlyChannel(desk: ChannelDesk): string {
  const { installed } = desk;
  const [first] = installed;
  if (installed.length === 1 && first !== undefined) return first.adapter.descriptor.id;
  if (first === undefined)
    throw new RequestError("UNKNOWN_CHANNEL", "no channel is configured (saltgate channels add)");
  const names = installed.map(({ adapter }) => adapter.descriptor.id).join(", ");
  throw new RequestError("INVALID_PARAMS", `channel required: one of ${names}`);
}

/** Puts something into the outbox and waits for the end of its last part. @throws {RequestError} when it wasn't sent */
async function deliver(
  { desk, database }: Pick<MessageMethodsOptions, "desk" | "database">,
  { channel, accountId, target }: Destination,
  key: string,
  contents: readonly StoredContent[],
): Promise<NonNullable<SendEnding["row"]>> {
  await database.write((sql) => {
    for (const [part, content] of contents.entries())
      desk.outbox.add(sql, { channel, accountId, key: `${key}:${part}`, target, content });
  });
  const ending = await desk.ended(`${key}:${contents.length - 1}`, { channel, accountId });
  switch (ending.outcome) {
    case "sent":
      return ending.row;
    case "failed":
      throw new RequestError(
        "DELIVERY_FAILED",
        `not delivered: ${ending.row.error ?? ending.row.state} (saltgate deliveries)`,
      );
    case "waiting": {
      const why = ending.row?.error === undefined ? "" : `: ${ending.row.error}`;
      throw new RequestError(
        "OUTBOUND_DELIVERY_QUEUED",
        `${channel} can't be reached now${why}; the message is kept and sent later`,
      );
    }
  }
}

function receiptOf(row: NonNullable<SendEnding["row"]>): { messageId: string; chatId?: string } {
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
