import type { MentionSignals } from "@saltgate/channel";
import { allFieldsIn, type Fields, fieldsIn, integerIn, textIn } from "../reading.ts";
import { repliedMessage } from "./reply.ts";
import type { BotIdentity } from "./update-context.ts";

/** Reads whether a message is meant for us: by `@name`, by a linked name, by a command with our name, or as an answer. */
export function mentionsIn(message: Fields, text: string, bot: BotIdentity): MentionSignals {
  const entities = [...allFieldsIn(message["entities"]), ...allFieldsIn(message["caption_entities"])];
  const ours = `@${bot.username.toLowerCase()}`;
  const words = entities
    .filter(({ type }) => type === "mention" || type === "bot_command")
    .map(({ type, offset, length }) => {
      const from = integerIn(offset) ?? 0;
      return { type, word: text.slice(from, from + (integerIn(length) ?? 0)).toLowerCase() };
    });
  const linked = entities
    .filter(({ type }) => type === "text_mention")
    .map(({ user }) => integerIn(fieldsIn(user)?.["id"]));
  const isNamed =
    words.some(({ word }) => word === ours || word.endsWith(ours)) ||
    namesBot(text.toLowerCase(), ours) ||
    linked.includes(bot.id);
  const answered = repliedMessage(message);
  const commanded = /^\s*\/\w+(@\w+)/.exec(text)?.[1]?.toLowerCase();
  return {
    canDetect: true,
    explicit: isNamed,
    any: isNamed || linked.length > 0 || words.some(({ type }) => type === "mention"),
    implicit: integerIn(fieldsIn(answered?.["from"])?.["id"]) === bot.id && textIn(bot.username) !== undefined,
    ...(commanded !== undefined && commanded !== ours && { isForAnother: true }),
  };
}

/** Whether a text has our name as a word of its own: `@helper` is not in `@helper2` nor in `a@helper`. */
function namesBot(text: string, ours: string): boolean {
  for (let at = text.indexOf(ours); at !== -1; at = text.indexOf(ours, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text[at + ours.length] ?? " ";
    if (!/[\w@]/.test(before) && !/\w/.test(after)) return true;
  }
  return false;
}
