/**
 * A sender's stable id on a channel, as it is stored and compared: exact, and never a name that people choose themselves
 * (rule R-42). Empty when the text names nobody; nobody is ever allowed. Idempotent.
 */
export function normalizeSenderId(channel: string, raw: string): string {
  const text = raw.trim();
  const id = readSender(channel, text);
  // Taking spaces or a prefix away can bring another prefix to the front.
  return id === text ? id : normalizeSenderId(channel, id);
}

function readSender(channel: string, text: string): string {
  switch (channel.trim().toLowerCase()) {
    case "telegram":
      return withoutPrefixes(text, ["telegram:", "tg:"]);
    case "discord":
      return withoutPrefixes(text, ["discord:", "user:"]);
    case "slack":
      return withoutPrefixes(text, ["slack:", "user:"]);
    case "whatsapp":
      return text === "*" ? text : phoneNumber(text);
    case "signal":
      return signalSender(withoutPrefixes(text, ["signal:"]));
    case "imessage":
      return imessageHandle(withoutPrefixes(text, ["imessage:", "sms:", "auto:"]));
    default:
      return text;
  }
}

function withoutPrefixes(text: string, prefixes: readonly string[]): string {
  const lower = text.toLowerCase();
  const prefix = prefixes.find((one) => lower.startsWith(one));
  return prefix === undefined ? text : withoutPrefixes(text.slice(prefix.length).trim(), prefixes);
}

/**
 * `+` and the digits of a phone number, however it is spaced. Empty when it is none: picking the digits out of another
 * kind of id, such as a group's, would make it somebody's number.
 */
function phoneNumber(text: string): string {
  const digits = text.replace(/[\s().\-/]/g, "");
  return /^\+?[0-9]{3,15}$/.test(digits) ? `+${digits.replace("+", "")}` : "";
}

function signalSender(text: string): string {
  if (text === "*") return text;
  const isMarked = /^uuid:/i.test(text);
  const bare = (isMarked ? text.slice("uuid:".length) : text).trim().toLowerCase();
  const hex = bare.replaceAll("-", "");
  const isHex = /^[0-9a-f]+$/.test(hex);
  if (isHex && hex.length === 32) {
    return `uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}`;
  }
  if (isMarked || (isHex && /[a-f]/.test(hex))) return bare === "" ? "" : `uuid:${bare}`;
  return phoneNumber(text);
}

function imessageHandle(text: string): string {
  const chat = /^(chat_id|chat_guid|chat_identifier):(.*)$/is.exec(text);
  if (chat !== null) {
    const [, kind = "", value = ""] = chat;
    return value.trim() === "" ? "" : `${kind.toLowerCase()}:${value.trim()}`;
  }
  if (text.includes("@")) return text.replace(/\s/g, "").toLowerCase();
  return phoneNumber(text) || text.replace(/\s/g, "");
}
