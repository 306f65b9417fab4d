import type { OutboundTarget, ParsedTarget } from "@saltgate/channel";
import { generalTopic } from "./inbound/conversation.ts";

/**
 * Reads a target as people write it: a chat's number, `@name`, a t.me link, each with `telegram:` or `tg:` before it and with
 * a topic behind it (`:topic:<n>` or `:<n>`). Pure.
 */
export function parseTarget(text: string): ParsedTarget {
  const bare = text
    .trim()
    .replace(/^(?:(?:telegram|tg):)+/i, "")
    .replace(/^group:/i, "")
    .trim();
  const [, chat = bare, thread] = /^(.*?)(?::topic:(\d+)|(?<!\/):(\d+))?$/is.exec(bare) ?? [];
  const topic = thread ?? /:(\d+)$/.exec(bare)?.[1];
  const to = chatIn(chat.trim());
  if (to === undefined) {
    const shown = text.trim().slice(0, 80);
    return {
      ok: false,
      reason: `"${shown}" is no Telegram chat: write its number (negative for groups), @name, or a https://t.me/ link.`,
    };
  }
  return { ok: true, target: { to, ...(topic !== undefined && { threadId: String(Number(topic)) }) } };
}

function chatIn(chat: string): string | undefined {
  if (/^-?[1-9]\d{0,15}$/.test(chat)) return chat;
  const name =
    /^(?:https?:\/\/)?(?:www\.)?(?:t\.me|telegram\.me)\/(?:s\/)?(\w+)\/?$/i.exec(chat)?.[1] ??
    /^@(\w+)$/.exec(chat)?.[1];
  return name !== undefined && /^[a-z]\w{3,31}$/i.test(name) ? `@${name}` : undefined;
}

/** The topic to name when something is sent: none for the general one, which has no number there. */
export function threadOf(target: OutboundTarget): number | undefined {
  const { threadId } = target;
  return threadId === undefined || threadId === generalTopic || !/^\d+$/.test(threadId) ? undefined : Number(threadId);
}
