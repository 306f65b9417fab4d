import { APPROVAL_COMMANDS } from "./approval-commands.ts";
import { CHANNEL_COMMANDS } from "./channel-commands.ts";
import type { CommandSpec } from "./command-line.ts";
import { CONVERSATION_COMMANDS } from "./conversation-commands.ts";
import { NODE_COMMANDS } from "./node-commands.ts";
import { PAIRING_COMMANDS } from "./pairing-commands.ts";
import { THIS_NODE_COMMANDS } from "./this-node-commands.ts";

const device = "<device>";
const roleOption = { role: { argument: "<role>", help: "operator or node", values: ["operator", "node"] } } as const;

/** Every command, by its full name, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  gateway: {
    summary: "Run a gateway here, until it is stopped",
    raw: true,
    load: () => import("./commands/gateway-run.ts"),
  },
  "gateway run": { summary: "The same", raw: true, load: () => import("./commands/gateway-run.ts") },
  "gateway status": {
    summary: "Whether a gateway runs here, on which state and port",
    load: () => import("./commands/gateway-status.ts"),
  },
  "gateway probe": {
    summary: "Which of the known gateways can be reached",
    load: () => import("./commands/gateway-probe.ts"),
  },
  "gateway call": {
    summary: "Call a method of the gateway",
    positionals: ["<method>"],
    options: { params: { argument: "<json>", help: "What to pass; JSON5 will do" } },
    load: () => import("./commands/gateway-call.ts"),
  },
  setup: {
    summary: "Write a configuration, asking what matters",
    options: {
      yes: { help: "Ask nothing: take what is given here, and the defaults" },
      port: { argument: "<port>", help: "Port of the gateway" },
      bind: { argument: "<mode>", help: "Who can reach it", values: ["loopback", "lan", "tailnet", "auto", "custom"] },
      "bind-host": { argument: "<address>", help: "The address for --bind custom" },
      tls: { help: "Serve wss and https" },
      overwrite: { help: "Replace a configuration that is there" },
    },
    load: () => import("./commands/setup.ts"),
  },
  status: {
    summary: "The gateway at a glance: who answers, how this command gets in, who is there",
    load: () => import("./commands/status.ts"),
  },
  health: { summary: "How the gateway is", load: () => import("./commands/health.ts") },
  "devices list": {
    summary: "Devices that wait for approval, and devices that are paired",
    load: () => import("./commands/devices-list.ts"),
  },
  "devices approve": {
    summary: "Let a waiting device in",
    positionals: ["<request>"],
    options: {
      scopes: { argument: "<scopes>", help: "Grant exactly these, instead of what it asked for", repeated: true },
    },
    load: () => import("./commands/devices-approve.ts"),
  },
  "devices reject": {
    summary: "Turn a waiting device away",
    positionals: ["<request>"],
    load: () => import("./commands/devices-reject.ts"),
  },
  "devices remove": {
    summary: "Forget a paired device and end its connections",
    positionals: [device],
    load: () => import("./commands/devices-remove.ts"),
  },
  "devices rename": {
    summary: "Give a device a name of yours",
    positionals: [device, "<name>"],
    load: () => import("./commands/devices-rename.ts"),
  },
  "devices rotate": {
    summary: "Have a device exchange its token when it next connects",
    positionals: [device],
    options: { ...roleOption, scopes: { argument: "<scopes>", help: "Scopes of the new token", repeated: true } },
    load: () => import("./commands/devices-rotate.ts"),
  },
  "devices revoke": {
    summary: "End a device's token until you approve it again",
    positionals: [device],
    options: roleOption,
    load: () => import("./commands/devices-revoke.ts"),
  },
  ...THIS_NODE_COMMANDS,
  ...CONVERSATION_COMMANDS,
  ...CHANNEL_COMMANDS,
  ...PAIRING_COMMANDS,
  ...NODE_COMMANDS,
  ...APPROVAL_COMMANDS,
  completion: {
    summary: "Print what makes a shell complete these commands",
    positionals: ["<bash|zsh|fish>"],
    load: () => import("./commands/completion.ts"),
  },
};
