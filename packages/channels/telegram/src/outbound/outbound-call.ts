import {
  ChannelError,
  type Delivery,
  type OutboundButton,
  type OutboundContent,
  type OutboundFile,
} from "@saltgate/channel";
import { type TableStyle, toTelegramHtml } from "../markdown/telegram-html.ts";
import { wellFormed } from "../markdown/well-formed.ts";
import { given } from "../reading.ts";
import { threadOf } from "../target.ts";

/** A method of the Bot API and what it gets. */
export interface OutboundCall {
  readonly method: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What is done otherwise than first meant, because Telegram refused it so. */
export interface Variant {
  readonly isPlain?: boolean;
  readonly withoutThread?: boolean;
  /** What is sent instead of its own kind. */
  readonly fileAs?: "audio" | "document";
  /** The message to edit has a caption instead of a text. */
  readonly isCaption?: boolean;
  /** The chat's new id. */
  readonly to?: string;
}

export interface OutboundOptions {
  readonly tables: TableStyle;
  readonly linkPreview: boolean;
}

/** Longest time for which Telegram keeps a poll open by itself, in seconds. Source: core.telegram.org/bots/api#sendpoll. */
const maxPollSeconds = 600;
/** Largest picture that is taken as a photo, in bytes. Source: core.telegram.org/bots/api#sending-files. */
const maxPhotoBytes = 10 * 1024 * 1024;
/** Most bytes that a button brings back. Source: core.telegram.org/bots/api#inlinekeyboardbutton. */
const maxButtonBytes = 64;

/** The call that carries out a delivery. Pure. @throws {ChannelError} `refused` for what Telegram would never take */
export function outboundCall({ target, content }: Delivery, options: OutboundOptions, variant: Variant): OutboundCall {
  const chat = { chat_id: variant.to ?? target.to };
  const where = { ...chat, ...given({ message_thread_id: variant.withoutThread ? undefined : threadOf(target) }) };
  switch (content.kind) {
    case "text":
      return {
        method: "sendMessage",
        payload: {
          ...where,
          ...shown("text", content.text, options, variant),
          ...linkPreview(options),
          ...replyTo(content.replyToId, variant),
          ...silence(content),
          ...given({ reply_markup: keyboard(content.buttons) }),
        },
      };
    case "media":
      return mediaCall(content, where, options, variant);
    case "poll":
      return { method: "sendPoll", payload: { ...where, ...poll(content), ...silence(content) } };
    case "edit": {
      const key = variant.isCaption ? "caption" : "text";
      return {
        method: variant.isCaption ? "editMessageCaption" : "editMessageText",
        payload: {
          ...chat,
          message_id: messageNumber(content.messageId),
          ...shown(key, content.text, options, variant),
          ...(variant.isCaption ? {} : linkPreview(options)),
        },
      };
    }
    case "react": {
      const reaction = content.remove || content.emoji === "" ? [] : [{ type: "emoji", emoji: content.emoji }];
      return {
        method: "setMessageReaction",
        payload: { ...chat, message_id: messageNumber(content.messageId), reaction },
      };
    }
    case "unsend":
      return { method: "deleteMessage", payload: { ...chat, message_id: messageNumber(content.messageId) } };
    default:
      return content satisfies never;
  }
}

/** The keyboard under a message; undefined when there are no buttons. @throws {ChannelError} `refused` */
export function keyboard(rows: readonly (readonly OutboundButton[])[] | undefined): object | undefined {
  const filled = rows?.filter((row) => row.length > 0) ?? [];
  if (filled.length === 0) return undefined;
  return {
    inline_keyboard: filled.map((row) =>
      row.map(({ text, value }) => {
        const bytes = Buffer.byteLength(value);
        if (bytes === 0 || bytes > maxButtonBytes)
          throw new ChannelError(
            "refused",
            `A button brings back ${bytes} bytes; Telegram takes 1 to ${maxButtonBytes}.`,
          );
        return { text, callback_data: value };
      }),
    ),
  };
}

function shown(key: "text" | "caption", markdown: string, options: OutboundOptions, { isPlain }: Variant): object {
  if (isPlain) return { [key]: wellFormed(markdown) };
  return { [key]: toTelegramHtml(markdown, options.tables), parse_mode: "HTML" };
}

function linkPreview({ linkPreview: isShown }: OutboundOptions): object {
  return isShown ? {} : { link_preview_options: { is_disabled: true } };
}

function silence({ silent }: { readonly silent?: boolean }): object {
  return silent ? { disable_notification: true } : {};
}

function replyTo(messageId: string | undefined, { to }: Variant): { readonly reply_parameters?: object } {
  // Where the chat went, the number is another message's.
  if (messageId === undefined || to !== undefined) return {};
  // The message may be gone by now: better an answer without a quote than none.
  return { reply_parameters: { message_id: messageNumber(messageId), allow_sending_without_reply: true } };
}

function messageNumber(messageId: string): number {
  if (!/^\d{1,15}$/.test(messageId))
    throw new ChannelError("refused", `"${messageId.slice(0, 40)}" is no id of a Telegram message.`);
  return Number(messageId);
}

const fieldOfKind: Readonly<Record<OutboundFile["kind"], string>> = {
  image: "photo",
  video: "video",
  audio: "audio",
  voice: "voice",
  document: "document",
  animation: "animation",
  sticker: "sticker",
};

function mediaCall(
  content: Extract<OutboundContent, { kind: "media" }>,
  where: object,
  options: OutboundOptions,
  variant: Variant,
): OutboundCall {
  const { file, caption = "" } = content;
  const isTooLargeForPhoto = file.kind === "image" && file.bytes.length > maxPhotoBytes;
  // Stickers have no caption.
  const isCaptioned = file.kind === "sticker" && caption !== "";
  const kind = variant.fileAs ?? (isTooLargeForPhoto || isCaptioned ? "document" : file.kind);
  const field = fieldOfKind[kind];
  const reply = replyTo(content.replyToId, variant).reply_parameters;
  return {
    method: `send${field.charAt(0).toUpperCase()}${field.slice(1)}`,
    payload: {
      ...where,
      [field]: { source: Buffer.from(file.bytes), filename: headerSafe(file.fileName) },
      ...(caption === "" ? {} : shown("caption", caption, options, variant)),
      ...silence(content),
      // The library leaves objects out of forms, but for a few that it knows by name.
      ...given({ reply_parameters: reply === undefined ? undefined : JSON.stringify(reply) }),
    },
  };
}

/** The library puts a file's name into a header as it is: nothing in it may end the header or the quotes. */
function headerSafe(fileName: string): string {
  const safe = fileName.replace(/[\u0000-\u001f\u007f"\\/]/g, "_").slice(0, 200);
  return safe === "" ? "file" : safe;
}

function poll(content: Extract<OutboundContent, { kind: "poll" }>): object {
  const { durationS } = content;
  if (durationS !== undefined && durationS > maxPollSeconds)
    throw new ChannelError(
      "refused",
      `Telegram closes a poll by itself after ${maxPollSeconds} seconds at most; this one was to be open for ${durationS}.`,
      {
        fix: "Leave the duration out: then it is open until somebody closes it.",
      },
    );
  return {
    question: content.question,
    options: content.options.map((text) => ({ text })),
    allows_multiple_answers: content.maxSelections > 1,
    is_anonymous: content.isAnonymous ?? true,
    ...given({ open_period: durationS === undefined ? undefined : Math.max(5, Math.round(durationS)) }),
  };
}
