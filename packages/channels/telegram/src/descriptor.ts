import type { ChannelDescriptor } from "@saltgate/channel";

/** What Telegram is and can do. Source of the limits: core.telegram.org/bots/api and core.telegram.org/bots/faq. */
export const descriptor: ChannelDescriptor = {
  id: "telegram",
  aliases: ["tg"],
  label: "Telegram",
  detailLabel: "Telegram Bot",
  systemImage: "paperplane",
  order: 0,
  capabilities: {
    conversations: ["direct", "group", "channel"],
    media: { out: true, in: true },
    voiceNotes: true,
    replies: true,
    threads: true,
    reactions: { out: true, in: true },
    edit: true,
    unsend: true,
    maxPollOptions: 12,
    typingMs: 5_000,
    readReceipts: false,
    commandMenu: true,
    buttons: true,
    liveText: "edit",
    reconciling: "ask",
  },
  limits: {
    textChunkChars: 4_000,
    maxTextChars: 4_096,
    maxCaptionChars: 1_024,
    maxMediaBytes: 5 * 1024 * 1024,
    rate: { perSecond: 30, perConversationMs: 1_000, perGroupPerMinute: 20, perEditMs: 1_000 },
  },
};
