import { isSamePlatform, type NodeClaims, type NodeFacts } from "../node-claims.ts";
import type { NodeSurface } from "./events.ts";
import type { NodeExtension, PairedNode } from "./records.ts";

/** Nothing that a node may be asked to do. */
const nothing: NodeSurface = { caps: [], commands: [], permissions: {} };

/** A node's claims as they are compared and stored: trimmed, without empty and repeated entries, in their order. */
export function tidyClaims({ caps, commands, permissions }: NodeClaims): NodeClaims {
  return {
    ...(caps && { caps: tidy(caps) }),
    ...(commands && { commands: tidy(commands) }),
    ...(permissions && { permissions: { ...permissions } }),
  };
}

/** What a node may be asked to do now. Nothing while it says that it has another platform than the approved one. */
export function surfaceOf(record: PairedNode | undefined, declared: NodeFacts): NodeSurface {
  if (record === undefined || !isSamePlatform(record, declared)) return nothing;
  const within = (list: readonly string[] = [], approved: readonly string[] = []) =>
    list.filter((entry) => approved.includes(entry));
  const permissions = Object.entries(declared.permissions ?? {}).map(([name, isGiven]): [string, boolean] => [
    name,
    isGiven && Object.hasOwn(record.permissions ?? {}, name) && record.permissions?.[name] === true,
  ]);
  return {
    caps: within(declared.caps, record.caps),
    commands: within(declared.commands, record.commands),
    permissions: Object.fromEntries(permissions),
  };
}

/** What of a node's claims is not approved. */
export function beyond(record: PairedNode | undefined, claims: NodeClaims): NodeExtension {
  const outside = (list: readonly string[] = [], approved: readonly string[] = []) =>
    list.filter((entry) => !approved.includes(entry));
  return { caps: outside(claims.caps, record?.caps), commands: outside(claims.commands, record?.commands) };
}

function tidy(list: readonly string[]): string[] {
  return [...new Set(list.map((entry) => entry.trim()).filter((entry) => entry !== ""))];
}
