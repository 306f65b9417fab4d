/** Groups that policies name tools by. A tool belongs to those that it says itself, too. */
const TOOL_GROUPS: Readonly<Record<string, readonly string[]>> = {
  "group:memory": ["memory_search", "memory_get"],
  "group:web": ["web_search", "web_fetch"],
  "group:fs": ["read", "write", "edit", "apply_patch"],
  "group:runtime": ["exec", "process"],
  "group:sessions": ["sessions_list", "sessions_history", "sessions_send", "sessions_spawn", "session_status"],
  "group:ui": ["browser", "canvas"],
  "group:automation": ["cron", "gateway"],
  "group:messaging": ["message"],
  "group:nodes": ["nodes"],
};

/** A named choice of tools. */
export type ToolProfile = "minimal" | "coding" | "messaging" | "full";

/** What each profile has, as names and groups. */
export const TOOL_PROFILES: Readonly<Record<ToolProfile, readonly string[]>> = {
  minimal: ["session_status"],
  coding: ["group:fs", "group:runtime", "group:sessions", "group:memory", "image"],
  messaging: ["group:messaging", "sessions_list", "sessions_history", "sessions_send", "session_status"],
  full: ["*"],
};

/** What agents that agents started never have, unless their own rules name it. */
export const SUBAGENT_DENIED: readonly string[] = [
  "sessions_list",
  "sessions_history",
  "sessions_send",
  "sessions_spawn",
  "gateway",
  "agents_list",
  "whatsapp_login",
  "session_status",
  "cron",
  "memory_search",
  "memory_get",
];

/** Other words for tools. */
const ALIASES: Readonly<Record<string, string>> = { bash: "exec" };

/** A tool as policies see it. */
export interface NamedTool {
  readonly name: string;
  readonly groups: readonly string[];
}

/**
 * Whether an entry of a list means a tool: its name, a group, or a pattern in which `*` stands for anything. Upper and
 * lower case are the same. Pure.
 */
export function meansTool(entry: string, { name, groups }: NamedTool): boolean {
  const wanted = ALIASES[entry.trim().toLowerCase()] ?? entry.trim().toLowerCase();
  const tool = name.toLowerCase();
  if (wanted.startsWith("group:"))
    return groups.some((group) => group.toLowerCase() === wanted) || (TOOL_GROUPS[wanted]?.includes(tool) ?? false);
  if (!wanted.includes("*")) return wanted === tool;
  return matchesPattern(wanted, tool);
}

/** Without a regular expression: a pattern of many stars takes no longer than its length times the name's. */
function matchesPattern(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop() ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
