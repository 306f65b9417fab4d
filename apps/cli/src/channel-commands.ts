import type { Commands, OptionSpec } from "./command-line.ts";

const account: OptionSpec = { argument: "<account>", help: "The account there, unless it is the default one" };
const restart: OptionSpec = { help: "Have the gateway on this machine restart, so that it holds at once" };

/** Commands about chat channels, and about what goes out through them. */
export const CHANNEL_COMMANDS: Commands = {
  "channels list": {
    summary: "The channels that are set up on this machine",
    load: () => import("./commands/channels-list.ts"),
  },
  "channels status": {
    summary: "How the channels of the gateway are",
    positionals: ["[channel]"],
    options: { probe: { help: "Ask each platform, instead of answering from memory" } },
    load: () => import("./commands/channels-status.ts"),
  },
  "channels add": {
    summary: "Set up an account of a channel: asks for its token, checks it, and writes it down",
    positionals: ["<channel>"],
    options: {
      account,
      name: { argument: "<name>", help: "What to call it in lists" },
      "token-file": { argument: "<path>", help: "Read the token from this file at every start, instead of asking" },
      "no-probe": { help: "Don't ask the platform whether the token is good" },
      restart,
    },
    load: () => import("./commands/channels-add.ts"),
  },
  "channels remove": {
    summary: "Take an account and its token out of the configuration",
    positionals: ["<channel>"],
    options: { account, restart },
    load: () => import("./commands/channels-remove.ts"),
  },
  deliveries: {
    summary: "Messages that wait to be sent, and those that could not be",
    options: {
      channel: { argument: "<channel>", help: "On this channel alone" },
      limit: { argument: "<number>", help: "At most so many (100)" },
    },
    load: () => import("./commands/deliveries-list.ts"),
  },
  "deliveries list": {
    summary: "The same",
    options: {
      channel: { argument: "<channel>", help: "On this channel alone" },
      limit: { argument: "<number>", help: "At most so many (100)" },
    },
    load: () => import("./commands/deliveries-list.ts"),
  },
  "deliveries retry": {
    summary: "Send a message once more that had been given up",
    positionals: ["<delivery>"],
    load: () => import("./commands/deliveries-retry.ts"),
  },
  "deliveries discard": {
    summary: "Forget a message that was not sent",
    positionals: ["<delivery>"],
    load: () => import("./commands/deliveries-discard.ts"),
  },
};
