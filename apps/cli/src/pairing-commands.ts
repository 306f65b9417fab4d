import type { Commands, OptionSpec } from "./command-line.ts";

const accountOptions = {
  channel: { argument: "<channel>", help: "The channel, such as telegram" },
  account: { argument: "<account>", help: "The account there, unless it is the default one" },
} as const satisfies Record<string, OptionSpec>;

/** Commands about people who write to the bot. */
export const PAIRING_COMMANDS: Commands = {
  "pairing list": {
    summary: "People who have written to the bot and wait for approval",
    positionals: ["[channel]"],
    options: accountOptions,
    load: () => import("./commands/pairing-list.ts"),
  },
  "pairing approve": {
    summary: "Let somebody write to the bot, by the code that it told them",
    positionals: ["[channel]", "<code>"],
    options: {
      ...accountOptions,
      notify: { help: "Tell them so, on their channel; that is what happens where a gateway runs" },
      "no-notify": { help: "Don't tell them" },
      owner: { help: "Make them an owner too: in chats they may do what you may (commands.ownerAllowFrom)" },
    },
    load: () => import("./commands/pairing-approve.ts"),
  },
};
