import { objectOf, type Row, textsOf } from "./row-reading.ts";
import { given } from "./rows.ts";

/** What a node says it can do. Its owner approves what he was shown, not what the node says later (rule R-30). */
export interface NodeClaims {
  /** What it is good for, such as `camera`. */
  readonly caps?: readonly string[];
  /** What it can be asked to do, such as `system.run`. */
  readonly commands?: readonly string[];
  /** What its system lets it do. */
  readonly permissions?: Readonly<Record<string, boolean>>;
}

/** What decides how far a node's commands are allowed at all (rule R-31); pinned together with its claims. */
export interface NodePlatform {
  readonly platform?: string;
  readonly deviceFamily?: string;
}

/** Everything that the approval of a node pins. */
export interface NodeFacts extends NodeClaims, NodePlatform {}

/** What was approved when a device was let in as a node. */
export interface NodeApproval {
  readonly claims: NodeFacts;
  readonly atMs: number;
}

/** The facts of a row, or of what a node says, and nothing else of it. */
export function nodeFactsOf({ caps, commands, permissions, platform, deviceFamily }: NodeFacts): NodeFacts {
  return given({ caps, commands, permissions, platform, deviceFamily });
}

/** The rest of a row: all but the claims of a node. */
export function withoutClaims<T extends NodeClaims>(row: T): Omit<T, keyof NodeClaims> {
  const { caps: _, commands: __, permissions: ___, ...rest } = row;
  return rest;
}

/** The rest of a row: all but what the approval of a node pins. */
export function withoutNodeFacts<T extends NodeFacts>(row: T): Omit<T, keyof NodeFacts> {
  const { caps: _, commands: __, permissions: ___, platform: ____, deviceFamily: _____, ...rest } = row;
  return rest;
}

/** Whether two nodes say the same. Lists are sets here; nothing said and nothing listed are the same. */
export function isSameNode(left: NodeFacts, right: NodeFacts): boolean {
  return (
    isSamePlatform(left, right) &&
    isSameSet(left.caps ?? [], right.caps ?? []) &&
    isSameSet(left.commands ?? [], right.commands ?? []) &&
    isSameSet(Object.entries(left.permissions ?? {}).map(String), Object.entries(right.permissions ?? {}).map(String))
  );
}

/** Whether two platforms are the same, character by character: what only looks alike is another one (rule R-31). */
export function isSamePlatform(left: NodePlatform, right: NodePlatform): boolean {
  return left.platform === right.platform && left.deviceFamily === right.deviceFamily;
}

/** Whether two lists hold the same, in whatever order. */
export function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.every((entry) => right.includes(entry)) && right.every((entry) => left.includes(entry));
}

/** Reads the claims of a file's row. @throws {TypeError} when they are there and aren't claims */
export function claimsIn(row: Row): NodeClaims {
  const permissions = row["permissions"] === undefined ? undefined : objectOf(row["permissions"], "permissions");
  if (Object.values(permissions ?? {}).some((value) => typeof value !== "boolean")) {
    throw new TypeError(`Expected "permissions" to be true or false each.`);
  }
  return given({
    caps: row["caps"] === undefined ? undefined : textsOf(row, "caps"),
    commands: row["commands"] === undefined ? undefined : textsOf(row, "commands"),
    permissions: permissions as Readonly<Record<string, boolean>> | undefined,
  });
}
