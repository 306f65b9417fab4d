const labels: Readonly<Record<string, string>> = {
  bluebubbles: "bluebubblesSenderId",
  discord: "discordUserId",
  googlechat: "googlechatUserId",
  imessage: "imessageSenderId",
  line: "lineUserId",
  matrix: "matrixUserId",
  mattermost: "mattermostUserId",
  msteams: "msteamsUserId",
  nextcloud: "nextcloudUserId",
  "nextcloud-talk": "nextcloudUserId",
  nostr: "nostrPubkey",
  signal: "signalNumber",
  slack: "slackUserId",
  telegram: "telegramUserId",
  whatsapp: "whatsappSenderId",
  zalo: "zaloUserId",
  zalouser: "zalouserUserId",
};

const idWords: Readonly<Record<string, string>> = {
  discord: "Discord user id",
  imessage: "iMessage sender id",
  slack: "Slack user id",
  telegram: "Telegram user id",
  whatsapp: "WhatsApp phone number",
};

/** What a channel's ids are called where they are listed; `userId` for a channel that we don't know. */
export function senderIdLabel(channel: string): string {
  const key = keyOf(channel);
  return Object.hasOwn(labels, key) ? (labels[key] ?? "userId") : "userId";
}

/** What an unknown sender is told, once. */
export interface PairingReply {
  readonly channel: string;
  /** The sender's own id. */
  readonly id: string;
  readonly code: string;
  /** The command of the gateway's owner. @default "saltgate" */
  readonly commandName?: string;
  /** The account that was written to, where codes are its own (rule R-43). @default "default" */
  readonly accountId?: string | undefined;
  /** The profile that the gateway runs with, unless it is the default one. */
  readonly profile?: string | undefined;
}

/**
 * The one message that an unknown sender gets: who it is here, its code, and what its owner types. The command shows
 * where the code goes instead of the code, so that it isn't copied from a message that somebody else wrote.
 */
export function pairingReply({
  accountId = "default",
  channel,
  code,
  commandName = "saltgate",
  id,
  profile,
}: PairingReply): string {
  const words = profile === undefined || profile === "" || profile === "default" ? [] : ["--profile", profile];
  const account = accountId === "default" ? [] : ["--account", oneLine(accountId)];
  return [
    "Saltgate: you have no access here yet.",
    "",
    `Your ${idWordsOf(channel, id)}: ${oneLine(id)}`,
    "",
    `Pairing code: ${code}`,
    "",
    "If you should have access, ask the owner to approve you with:",
    [commandName, ...words, "pairing", "approve", oneLine(keyOf(channel)), "<code>", ...account].join(" "),
  ].join("\n");
}

function idWordsOf(channel: string, id: string): string {
  const key = keyOf(channel);
  if (key === "signal") return id.startsWith("uuid:") ? "Signal sender id" : "Signal number";
  return (Object.hasOwn(idWords, key) && idWords[key]) || `${oneLine(key)} user id`;
}

function keyOf(channel: string): string {
  return channel.trim().toLowerCase();
}

/** An id comes from elsewhere: it must not write lines of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "·");
}
