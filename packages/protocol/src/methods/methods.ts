import type * as z from "zod";
import type { MethodDescription } from "../define.ts";
import { agentMethods } from "./agent.ts";
import { approvalMethods } from "./approvals.ts";
import { browserMethods } from "./browser.ts";
import { channelMethods } from "./channels.ts";
import { chatMethods } from "./chat.ts";
import { configMethods } from "./config.ts";
import { cronMethods } from "./cron.ts";
import { deliveryMethods } from "./deliveries.ts";
import { deviceAccessMethods } from "./device-access.ts";
import { deviceMethods } from "./devices.ts";
import { logMethods } from "./logs.ts";
import { messageMethods } from "./messages.ts";
import { nodePairingMethods } from "./node-pairing.ts";
import { nodeMethods, nodeRoleMethods } from "./nodes.ts";
import { sessionRunMethods } from "./session-runs.ts";
import { sessionMethods } from "./sessions.ts";
import { skillMethods } from "./skills.ts";
import { systemMethods } from "./system.ts";
import { ttsMethods } from "./tts.ts";
import { updateMethods } from "./update.ts";
import { usageMethods } from "./usage.ts";
import { voiceMethods } from "./voice.ts";
import { wizardMethods } from "./wizard.ts";

/** Every method of the protocol, by name. `connect`, the handshake, stands apart as `CONNECT`. */
export const METHODS = {
  ...systemMethods,
  ...agentMethods,
  ...messageMethods,
  ...deliveryMethods,
  ...chatMethods,
  ...sessionMethods,
  ...sessionRunMethods,
  ...nodeMethods,
  ...nodeRoleMethods,
  ...nodePairingMethods,
  ...deviceMethods,
  ...deviceAccessMethods,
  ...approvalMethods,
  ...configMethods,
  ...cronMethods,
  ...channelMethods,
  ...wizardMethods,
  ...skillMethods,
  ...voiceMethods,
  ...ttsMethods,
  ...browserMethods,
  ...usageMethods,
  ...logMethods,
  ...updateMethods,
} as const satisfies Record<string, MethodDescription>;

/** Methods that belong together, as the reference page shows them. */
export interface MethodFamily {
  readonly title: string;
  readonly about: string;
  readonly methods: Readonly<Record<string, MethodDescription>>;
}

/** Every family, in the order of the reference page. Each method is in exactly one. */
export const METHOD_FAMILIES: readonly MethodFamily[] = [
  {
    title: "The gateway",
    about: "How the gateway is, who is here, and what was said about a device.",
    methods: systemMethods,
  },
  { title: "Agents", about: "Who thinks, and with what; a task with an answer.", methods: agentMethods },
  { title: "Messages", about: "Text and polls that go out to a channel without an agent.", methods: messageMethods },
  {
    title: "Deliveries",
    about: "What waits to be sent, and what could not be.",
    methods: deliveryMethods,
  },
  { title: "Chat", about: "A conversation with an agent, as a page or an app shows it.", methods: chatMethods },
  { title: "Sessions", about: "What conversations there are, and how each is set up.", methods: sessionMethods },
  {
    title: "Sessions at work",
    about: "Making sessions, speaking in them, listening to them.",
    methods: sessionRunMethods,
  },
  { title: "Nodes", about: "Nodes, seen by an operator.", methods: nodeMethods },
  {
    title: "Calls of nodes",
    about: "What a connection in the role `node` says. No scope is needed, and nothing else is allowed to it.",
    methods: nodeRoleMethods,
  },
  {
    title: "Node pairing (older store)",
    about: "A store of its own that does not decide who may connect.",
    methods: nodePairingMethods,
  },
  { title: "Devices", about: "Which devices may join, with which role, scopes and tokens.", methods: deviceMethods },
  {
    title: "Setup codes and scope upgrades",
    about: "Inviting a device, and a device that asks for more.",
    methods: deviceAccessMethods,
  },
  { title: "Exec approvals", about: "Permission to run a command, and the standing rules.", methods: approvalMethods },
  { title: "Settings", about: "The settings file, its schema, and changes to it.", methods: configMethods },
  { title: "Jobs and heartbeats", about: "What happens by the clock.", methods: cronMethods },
  { title: "Channels", about: "Chat channels and their accounts.", methods: channelMethods },
  { title: "Wizard", about: "Setting up, question by question.", methods: wizardMethods },
  { title: "Skills", about: "What agents have learned to do.", methods: skillMethods },
  { title: "Voice", about: "Talk mode and wake words.", methods: voiceMethods },
  { title: "Speech", about: "Text to speech.", methods: ttsMethods },
  { title: "Browser", about: "The browser that agents use.", methods: browserMethods },
  { title: "Usage", about: "Quotas, tokens and money.", methods: usageMethods },
  { title: "Logs", about: "The gateway's log.", methods: logMethods },
  { title: "Update", about: "Newer versions of the gateway itself.", methods: updateMethods },
];

type Methods = typeof METHODS;
/** Name of a method of the protocol. */
export type MethodName = keyof Methods;
/** Params of a method, as a caller writes them. */
export type ParamsOf<M extends MethodName> = z.input<ReturnType<Methods[M]["params"]>>;
/** Params of a method, as its handler gets them: checked, trimmed, defaulted. */
export type CheckedParamsOf<M extends MethodName> = z.output<ReturnType<Methods[M]["params"]>>;
/** Result of a method. */
export type ResultOf<M extends MethodName> = z.output<ReturnType<Methods[M]["result"]>>;
/** Methods that this gateway answers. A handler table over these names must be complete. */
export type ServedMethodName = { [M in MethodName]: Methods[M]["status"] extends "served" ? M : never }[MethodName];

/** Looks a method up by a name that a peer sent. */
export function findMethod(name: string): MethodDescription | undefined {
  return Object.hasOwn(METHODS, name) ? METHODS[name as MethodName] : undefined;
}
