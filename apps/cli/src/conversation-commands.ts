import type { Commands, OptionSpec } from "./command-line.ts";

const session: OptionSpec = { argument: "<key>", help: "The conversation; its key, or main (main)" };
const agent: OptionSpec = { argument: "<id>", help: "The agent, instead of the default one" };
const message: OptionSpec = { argument: "<text>", help: "The text; - reads it from standard input", short: "m" };
const account: OptionSpec = { argument: "<account>", help: "The account there, unless it is the default one" };

/** Commands about conversations: with an agent, and what there is of them. */
export const CONVERSATION_COMMANDS: Commands = {
  chat: {
    summary: "Talk with an agent here",
    options: { session, agent },
    load: () => import("./commands/chat.ts"),
  },
  agent: {
    summary: "Give an agent one task and print its answer",
    options: {
      message,
      session,
      agent,
      model: { argument: "<model>", help: "What it thinks with, this time (saltgate models)" },
      thinking: { argument: "<level>", help: "How hard it thinks, this time: off to xhigh" },
      deliver: { help: "Send the answer to the conversation's channel too" },
      channel: { argument: "<channel>", help: "With --deliver: the channel, instead of the conversation's" },
      to: { argument: "<id>", help: "With --deliver: to whom there" },
      account,
      "run-timeout": { argument: "<time>", help: "How long it may take: 90s, 10m, 1h" },
    },
    load: () => import("./commands/agent.ts"),
  },
  "sessions list": {
    summary: "Conversations, the latest first",
    options: {
      agent: { argument: "<id>", help: "Of this agent alone" },
      search: { argument: "<words>", help: "Whose key or name has these words" },
      limit: { argument: "<number>", help: "At most so many (50)" },
    },
    load: () => import("./commands/sessions-list.ts"),
  },
  "sessions show": {
    summary: "One conversation: how it is set up, and its last messages",
    positionals: ["[session]"],
    options: { agent, limit: { argument: "<number>", help: "So many messages (20)" } },
    load: () => import("./commands/sessions-show.ts"),
  },
  "sessions reset": {
    summary: "Start a conversation over; what was said is put aside",
    positionals: ["<session>"],
    options: { agent },
    load: () => import("./commands/sessions-reset.ts"),
  },
  models: {
    summary: "What agents may think with",
    options: { agent: { argument: "<id>", help: "For this agent" } },
    load: () => import("./commands/models.ts"),
  },
  "message send": {
    summary: "Send a message to somebody on a channel, without an agent",
    options: {
      channel: { argument: "<channel>", help: "The channel, such as telegram" },
      to: { argument: "<id>", help: "To whom: an id there (saltgate sessions list shows those that wrote)" },
      message,
      account,
      thread: { argument: "<id>", help: "The topic or thread there" },
      silent: { help: "Without a sound" },
      key: { argument: "<key>", help: "The same key again sends nothing twice" },
    },
    load: () => import("./commands/message-send.ts"),
  },
};
