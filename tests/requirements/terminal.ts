import type { Requirement } from "./requirement.ts";

/** What is promised about conversations and channels at a terminal. */
export const TERMINAL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "terminal:agent",
    source: "apps/cli/README.md",
    behaviour: "One task is done and its answer printed: as it comes on a terminal, as a whole elsewhere and in JSON.",
  },
  {
    id: "terminal:agent-failure",
    source: "apps/cli/README.md",
    behaviour: "A task that failed or was stopped ends with 1, and says why.",
  },
  {
    id: "terminal:agent-once",
    source: "apps/cli/README.md",
    behaviour: "A task is done once and its answer printed, also when the gateway is killed in the middle.",
  },
  {
    id: "terminal:hostile-text",
    source: "docs/security.md R-49",
    behaviour:
      "What models and people write moves no cursor and changes no colour; code, tabs and emoji stay readable.",
  },
  {
    id: "terminal:chat-lines",
    source: "apps/cli/README.md",
    behaviour: "Without a terminal a chat takes lines and gives answers, one for each, in their order.",
  },
  {
    id: "terminal:chat-terminal",
    source: "apps/cli/README.md",
    behaviour: "On a terminal a chat shows what was said last, and answers as they come.",
  },
  {
    id: "terminal:chat-stop",
    source: "apps/cli/README.md",
    behaviour: "Ctrl-C stops the answer, and once more leaves.",
  },
  {
    id: "terminal:chat-reconnect",
    source: "apps/cli/README.md",
    behaviour: "A chat says that its connection is gone, comes back by itself, and then has the answer once.",
  },
  {
    id: "terminal:sessions",
    source: "apps/cli/README.md",
    behaviour: "Conversations are listed, shown and started over.",
  },
  {
    id: "terminal:models",
    source: "apps/cli/README.md",
    behaviour: "What agents may think with is listed, the default marked.",
  },
  {
    id: "terminal:message",
    source: "apps/cli/README.md",
    behaviour: "A message is sent without an agent, once for each key.",
  },
  {
    id: "terminal:channels",
    source: "docs/channels.md",
    behaviour: "Channels are listed without a gateway, and shown as the gateway has them.",
  },
  {
    id: "terminal:channels-add",
    source: "docs/channels.md",
    behaviour:
      "A token is asked for, checked in form and with its platform, and written down; a second account leaves the first.",
  },
  {
    id: "terminal:channel-token",
    source: "docs/channels.md",
    behaviour: "A bot's token is taken from no argument, and is in no output.",
  },
  {
    id: "terminal:channels-remove",
    source: "docs/channels.md",
    behaviour: "An account and its token are taken out and it stops; what else is written stays.",
  },
  {
    id: "terminal:logout",
    source: "docs/channels.md",
    behaviour: "channels.logout takes the token out of the configuration, and says when the environment has one still.",
  },
  {
    id: "terminal:deliveries",
    source: "docs/channels.md",
    behaviour: "What was not delivered is listed with its reason, sent again or forgotten.",
  },
  {
    id: "terminal:approval-notice",
    source: "docs/channels.md",
    behaviour: "Who is approved is told so once through the gateway; a notice that fails is a warning.",
  },
  {
    id: "terminal:owner",
    source: "docs/channels.md",
    behaviour: "--owner names the approved sender in commands.ownerAllowFrom, once, and says what that means.",
  },
  {
    id: "terminal:edit-config",
    source: "packages/config/README.md",
    behaviour:
      "Keys of the configuration are set and removed; comments and layout stay, and reading gives what was meant.",
  },
  {
    id: "terminal:edit-checked",
    source: "packages/config/README.md",
    behaviour: "An edit that gives no valid configuration, or of a file that was changed meanwhile, writes nothing.",
  },
  {
    id: "cli:named-commands",
    source: "README.md",
    behaviour: "A command that a message, a page or a README tells somebody to type is one that there is.",
  },
];
