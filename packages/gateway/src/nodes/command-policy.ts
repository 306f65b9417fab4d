import { NODE_COMMANDS } from "@saltgate/protocol";
import type { Platform } from "./platform.ts";

const { canvas, camera, screen, location, sms, system } = NODE_COMMANDS;

const PLATFORM_COMMANDS: Readonly<Record<Platform, readonly string[]>> = {
  ios: [...canvas, ...camera, ...screen, ...location],
  android: [...canvas, ...camera, ...screen, ...location, ...sms],
  macos: [...canvas, ...camera, ...screen, ...location, ...system],
  linux: system,
  windows: system,
  unknown: [],
};

/** What the gateway's owner configured about commands of nodes: `gateway.nodes` of the configuration. */
export interface CommandRules {
  /** Added to what a platform has. Exact names. */
  readonly allowCommands: readonly string[];
  /** Never allowed, whatever else allows it. Exact names. */
  readonly denyCommands: readonly string[];
}

/** Commands that nodes of a platform may be asked for, as far as the gateway is concerned. An unknown one gets none. */
export function allowedCommands(platform: Platform, rules: CommandRules): ReadonlySet<string> {
  const allowed = new Set([...PLATFORM_COMMANDS[platform], ...trimmed(rules.allowCommands)]);
  for (const command of trimmed(rules.denyCommands)) allowed.delete(command);
  return allowed;
}

/** What decides whether a node may be asked for a command. */
export interface CommandGround {
  readonly platform: Platform;
  /** What the node said it can do. */
  readonly declared: readonly string[];
  /** What its owner approved, of what it said. */
  readonly approved: readonly string[];
}

/** Why a node may not be asked for a command. The words are those that clients of every revision know. */
export type CommandRefusal =
  | "command required"
  | "command not allowlisted"
  | "command not declared by node"
  | "node did not declare commands"
  | "command not approved by owner";

/**
 * Decides whether a node may be asked for a command: it is in the list for its platform, the node said that it can do
 * it, and its owner approved that. `undefined`: it may. Pure, and asked anew for each invocation (rules ).
 */
export function refuseCommand(command: string, ground: CommandGround, rules: CommandRules): CommandRefusal | undefined {
  if (command === "") return "command required";
  if (!allowedCommands(ground.platform, rules).has(command)) return "command not allowlisted";
  if (ground.declared.length === 0) return "node did not declare commands";
  if (!ground.declared.includes(command)) return "command not declared by node";
  if (!ground.approved.includes(command)) return "command not approved by owner";
  return undefined;
}

/** The commands that a node may be asked for, and those that it may not, each with the reason. */
export function commandsOf(
  ground: CommandGround,
  rules: CommandRules,
): { readonly usable: string[]; readonly withheld: { command: string; reason: CommandRefusal }[] } {
  const declared = [...new Set(trimmed(ground.declared))].sort();
  const judged = declared.map((command) => ({ command, reason: refuseCommand(command, ground, rules) }));
  return {
    usable: judged.filter(({ reason }) => reason === undefined).map(({ command }) => command),
    withheld: judged.flatMap(({ command, reason }) => (reason === undefined ? [] : [{ command, reason }])),
  };
}

function trimmed(names: readonly string[]): string[] {
  return names.map((name) => name.trim()).filter((name) => name !== "");
}
