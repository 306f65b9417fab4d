import type { Requirement } from "./requirement.ts";

/** What is promised about Telegram. */
export const TELEGRAM_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "telegram:config",
    source: "docs/configuration.md",
    behaviour:
      "`channels.telegram` takes its documented keys, for the section and for each account, and refuses others in words that mend it.",
  },
  {
    id: "telegram:config-open",
    source: "docs/configuration.md",
    behaviour: "Private messages are open to everybody only where the list says so with a `*`.",
  },
  {
    id: "telegram:accounts",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "An account's token comes from its own file, its own key, those of the section, or the environment, in this order; a file that can't be read is never passed over.",
  },
  {
    id: "telegram:one-bot-each",
    source: "packages/channels/telegram/README.md",
    behaviour: "Two accounts with one bot token or one webhook can't both run, and the second one says why.",
  },
  {
    id: "telegram:no-secrets",
    source: "docs/security.md R-19",
    behaviour: "A token or webhook secret is in no status, no log line, no error and no description of an account.",
  },
  {
    id: "telegram:lazy",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "The library is loaded when an account is opened; descriptions, accounts, targets and previews need none of it.",
  },
  {
    id: "telegram:targets",
    source: "packages/channels/telegram/README.md",
    behaviour: "Chats are named by number, by @name or by link, with a topic behind them; anything else is refused.",
  },
  {
    id: "telegram:receive",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "What people write arrives in one form: text, files, albums, places, answers, quotes, forwards, topics, channel posts.",
  },
  {
    id: "telegram:notices",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "Edits, reactions, pins, comings and goings, presses of buttons and new ids of groups arrive as what they are.",
  },
  {
    id: "telegram:mentions",
    source: "packages/channels/telegram/README.md",
    behaviour: "A message is meant for the bot when it is named as a word, linked, or answered.",
  },
  {
    id: "telegram:identity",
    source: "docs/security.md R-42",
    behaviour:
      "Whoever writes is known by its number alone; anonymous administrators and channels by that of their chat.",
  },
  {
    id: "telegram:malformed",
    source: "packages/channels/telegram/README.md",
    behaviour: "An update that can't be read is set aside, and those around it are taken.",
  },
  {
    id: "telegram:html",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "Any Markdown becomes HTML that Telegram takes, with every word of it, and with no address but http, https, mailto and tg.",
  },
  {
    id: "telegram:send",
    source: "packages/channels/telegram/README.md",
    behaviour: "Texts, files, polls, edits, reactions and deletions arrive as they were meant.",
  },
  {
    id: "telegram:mended",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "What Telegram refuses only in its form is sent once more in another: as plain text, without the topic, to the new id.",
  },
  {
    id: "telegram:errors",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "Each failure of Telegram means what its table says: to wait, to stop, to ask again, or to find out first.",
  },
  {
    id: "telegram:unknown-outcome",
    source: "packages/channels/telegram/README.md",
    behaviour: "A send whose answer nobody heard is never called one that wasn't carried out.",
  },
  {
    id: "telegram:reconcile",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "What became of an unheard send is found out without changing or doubling anything, and called unknown where it can't be.",
  },
  {
    id: "telegram:durable-first",
    source: "packages/channels/telegram/README.md",
    behaviour: "The offset moves only when everything before it is on the disk; what couldn't be written comes again.",
  },
  {
    id: "telegram:restart",
    source: "packages/channels/telegram/README.md",
    behaviour: "After a restart it goes on where it was.",
  },
  {
    id: "telegram:duplicates",
    source: "packages/channels/telegram/README.md",
    behaviour: "What Telegram repeats has the same id each time.",
  },
  {
    id: "telegram:one-poll",
    source: "packages/channels/telegram/README.md",
    behaviour: "However fast an account is stopped and started, never do two polls of it run at once.",
  },
  {
    id: "telegram:conflict",
    source: "packages/channels/telegram/README.md",
    behaviour:
      "Another program with the same token is met with slow retries and one hint; a webhook in the way is taken away once.",
  },
  {
    id: "telegram:deaf",
    source: "packages/channels/telegram/README.md",
    behaviour: "A poll that is never answered is given up, and the account says that it hears nothing.",
  },
  {
    id: "telegram:quiet",
    source: "packages/channels/telegram/README.md",
    behaviour: "Silence is no failure: without traffic nothing reconnects.",
  },
  {
    id: "telegram:rate",
    source: "packages/channels/telegram/README.md",
    behaviour: "Being told to wait is honoured to the second.",
  },
  {
    id: "telegram:auth",
    source: "packages/channels/telegram/README.md",
    behaviour: "A refused token stops the account and says what mends it.",
  },
  {
    id: "telegram:webhook",
    source: "docs/security.md R-54",
    behaviour:
      "Without its secret a webhook takes nothing; the secret is compared in constant time, and no input makes that throw.",
  },
  {
    id: "telegram:webhook-durable",
    source: "packages/channels/telegram/README.md",
    behaviour: "A webhook answers well only when the update is on the disk.",
  },
  {
    id: "telegram:media",
    source: "packages/channels/telegram/README.md",
    behaviour: "A file is fetched within its limits, and no error about it names the address.",
  },
  {
    id: "telegram:typing",
    source: "packages/channels/telegram/README.md",
    behaviour: "Typing is shown in the right topic, and its failure touches nothing.",
  },
  {
    id: "telegram:menu",
    source: "packages/channels/telegram/README.md",
    behaviour: "The menu of commands has only names that Telegram takes.",
  },
  {
    id: "telegram:emulator",
    source: "packages/channels/telegram/README.md",
    behaviour: "The emulated Telegram behaves as its documentation says where the adapter depends on it.",
  },
  {
    id: "telegram:sender-walk",
    source: "docs/security.md",
    behaviour:
      "In every reachable state of sender pairing, each person at Telegram is one sender whatever they do and call themselves, however an owner writes them down, and nobody is another.",
  },
];
