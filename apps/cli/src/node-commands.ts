import type { Commands, OptionSpec } from "./command-line.ts";

const nodeOption: Record<string, OptionSpec> = {
  node: { argument: "<node>", help: "Which node: its name, its id or the beginning of it, or its address" },
};
const recent: Record<string, OptionSpec> = {
  connected: { help: "Only those that are here" },
  "last-connected": { argument: "<time>", help: "Only those that were here within this time: 30m, 24h, 7d" },
};

/** Commands about nodes, seen from their gateway. */
export const NODE_COMMANDS: Commands = {
  "nodes list": {
    summary: "Nodes that are here, known, or wait for approval",
    options: recent,
    load: () => import("./commands/nodes-list.ts"),
  },
  "nodes status": {
    summary: "How the machines of nodes are",
    options: recent,
    load: () => import("./commands/nodes-status.ts"),
  },
  "nodes describe": {
    summary: "One node: what it may be asked for, and what not, and why",
    positionals: ["[node]"],
    options: nodeOption,
    load: () => import("./commands/nodes-describe.ts"),
  },
  "nodes pending": {
    summary: "Nodes that wait for approval, and what each wants to be asked for",
    load: () => import("./commands/nodes-pending.ts"),
  },
  "nodes approve": {
    summary: "Let a waiting node in, with the commands that it names",
    positionals: ["<request>"],
    load: () => import("./commands/nodes-approve.ts"),
  },
  "nodes reject": {
    summary: "Turn a waiting node away",
    positionals: ["<request>"],
    load: () => import("./commands/nodes-reject.ts"),
  },
  "nodes rename": {
    summary: "Give a node a name of yours",
    positionals: ["[node]", "[name]"],
    options: { ...nodeOption, name: { argument: "<name>", help: "The name" } },
    load: () => import("./commands/nodes-rename.ts"),
  },
  "nodes invite": {
    summary: "Print the line that lets one new node in: good once, for ten minutes",
    options: { "public-url": { argument: "<ws-url>", help: "How the node reaches this gateway" } },
    load: () => import("./commands/nodes-invite.ts"),
  },
  "nodes invoke": {
    summary: "Ask a node for one of its commands, and print what it answers",
    positionals: ["[command]"],
    options: {
      ...nodeOption,
      command: { argument: "<command>", help: "The command" },
      params: { argument: "<json>", help: "What to pass; JSON5 will do" },
      "invoke-timeout": { argument: "<ms>", help: "How long the node may take (15000)" },
      "idempotency-key": { argument: "<key>", help: "Makes a repeat get the same answer" },
      later: { help: "Leave it for a node that sleeps, and print what was left" },
      expires: { argument: "<time>", help: "With --later: how long it waits: 30m, 24h, 7d (24h)" },
    },
    load: () => import("./commands/nodes-invoke.ts"),
  },
  "nodes run": {
    summary: "Run a program on a node, as far as its owner allows it",
    positionals: ["[program...]"],
    options: {
      ...nodeOption,
      cwd: { argument: "<folder>", help: "Working folder on the node" },
      env: {
        argument: "<name=value>",
        help: "A variable for the program; the node lets few names through",
        repeated: true,
      },
      raw: { argument: "<text>", help: "A line for the node's shell, instead of a program" },
      agent: { argument: "<id>", help: "The agent whose rules hold" },
      "command-timeout": { argument: "<ms>", help: "How long the program may run (30000)" },
      "approval-timeout": { argument: "<ms>", help: "How long to wait for somebody to allow it (120000)" },
    },
    load: () => import("./commands/nodes-run.ts"),
  },
};
