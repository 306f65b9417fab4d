import type { Commands, OptionSpec } from "./command-line.ts";

const where: Record<string, OptionSpec> = {
  node: { argument: "<node>", help: "The file of this node, instead of this machine's" },
  gateway: { help: "The file of the gateway's machine, through the gateway" },
};
const agent: Record<string, OptionSpec> = {
  agent: { argument: "<id>", help: "For this agent alone, instead of every one (*)" },
};

/** Commands about what may run: the rules of a machine, and questions to its owner. */
export const APPROVAL_COMMANDS: Commands = {
  "approvals watch": {
    summary: "Show questions as they come, and answer them here",
    load: () => import("./commands/approvals-watch.ts"),
  },
  "approvals list": {
    summary: "Questions that wait for an answer",
    load: () => import("./commands/approvals-list.ts"),
  },
  "approvals allow": {
    summary: "Allow what a question asks for, once",
    positionals: ["<id>"],
    options: { always: { help: "And the same program from now on" } },
    load: () => import("./commands/approvals-allow.ts"),
  },
  "approvals deny": {
    summary: "Deny it",
    positionals: ["<id>"],
    load: () => import("./commands/approvals-deny.ts"),
  },
  "approvals get": {
    summary: "What may run on a machine: its approvals file, and what follows from it",
    options: where,
    load: () => import("./commands/approvals-get.ts"),
  },
  "approvals set": {
    summary: "Replace a machine's approvals file",
    options: {
      ...where,
      file: { argument: "<path>", help: "The new file; JSON5 will do" },
      stdin: { help: "Read it from standard input" },
    },
    load: () => import("./commands/approvals-set.ts"),
  },
  "approvals allowlist add": {
    summary: "Let a program run without asking",
    positionals: ["<pattern>"],
    options: { ...where, ...agent },
    load: () => import("./commands/approvals-allowlist-add.ts"),
  },
  "approvals allowlist remove": {
    summary: "Take that back",
    positionals: ["<pattern>"],
    options: { ...where, ...agent },
    load: () => import("./commands/approvals-allowlist-remove.ts"),
  },
};
