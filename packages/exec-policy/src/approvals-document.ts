import { type ApprovalsFile, approvalsFileSchema, describeIssues, type ExecPolicyView } from "@saltgate/protocol";
import type { AllowlistEntry } from "./allowlist-entry.ts";

/** Largest approvals file that is read or written, in bytes. */
export const maxApprovalsFileBytes: number = 4 * 1024 * 1024;

type Agents = NonNullable<ApprovalsFile["agents"]>;
type AgentPart = Agents[string];
type Entry = NonNullable<AgentPart["allowlist"]>[number];
/** An agent's part, or `defaults`. */
type Settings = Pick<AgentPart, "security" | "ask" | "autoAllowSkills">;

/** The file of a host that has none. */
export const emptyApprovals: ApprovalsFile = { version: 1 };

export type DecodedApprovals =
  | { readonly ok: true; readonly file: ApprovalsFile }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads the text of an approvals file. What other gateways wrote is taken over: `agents.default` becomes part of
 * `agents.main`. Keys that we don't know stay. The reason of a refusal never repeats content.
 */
export function decodeApprovals(bytes: Uint8Array): DecodedApprovals {
  if (bytes.length > maxApprovalsFileBytes) return { ok: false, reason: `longer than ${maxApprovalsFileBytes} bytes` };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, reason: "not JSON" };
  }
  return checkApprovals(json);
}

/** Checks a parsed value; see {@link decodeApprovals}. */
export function checkApprovals(json: unknown): DecodedApprovals {
  const checked = approvalsFileSchema().safeParse(json);
  // The value as it came, and not zod's copy: that one has lost the keys that we don't know.
  return checked.success
    ? { ok: true, file: mergeLegacyDefault(json as ApprovalsFile) }
    : { ok: false, reason: describeIssues(checked.error) };
}

const partOf = (agents: Agents | undefined, id: string): AgentPart | undefined =>
  agents !== undefined && Object.hasOwn(agents, id) ? agents[id] : undefined;

function mergeLegacyDefault(file: ApprovalsFile): ApprovalsFile {
  const legacy = partOf(file.agents, "default");
  if (legacy === undefined) return file;
  const main = partOf(file.agents, "main") ?? {};
  const { default: _, ...agents } = file.agents ?? {};
  const allowlist = [...(main.allowlist ?? []), ...(legacy.allowlist ?? [])];
  return {
    ...file,
    agents: { ...agents, main: { ...legacy, ...main, ...(allowlist.length > 0 ? { allowlist } : {}) } },
  };
}

/** The rules that hold for an agent, and the part of the file that each comes from. */
export function settingsOf(
  file: ApprovalsFile,
  agentId: string | null,
): {
  readonly values: Pick<ExecPolicyView, "security" | "ask" | "autoAllowSkills">;
  readonly sources: ExecPolicyView["sources"];
} {
  const own = agentId === null || agentId === "*" ? undefined : partOf(file.agents, agentId);
  const layers: readonly (readonly [string, Settings | undefined])[] = [
    [`agents.${agentId}`, own],
    ["agents.*", partOf(file.agents, "*")],
    ["defaults", file.defaults],
  ];
  const pick = <K extends keyof Settings>(key: K, builtIn: NonNullable<Settings[K]>) => {
    for (const [source, layer] of layers) {
      const value = layer?.[key];
      if (value !== undefined) return { value, source };
    }
    return { value: builtIn, source: "built in" };
  };
  const security = pick("security", "deny");
  const ask = pick("ask", "on-miss");
  const skills = pick("autoAllowSkills", false);
  return {
    values: { security: security.value, ask: ask.value, autoAllowSkills: skills.value },
    sources: { security: security.source, ask: ask.source, autoAllowSkills: skills.source },
  };
}

/** The entries of `*`, then the agent's own. */
export function allowlistOf(file: ApprovalsFile, agentId: string | null): readonly AllowlistEntry[] {
  const lists = agentId === null || agentId === "*" ? ["*"] : ["*", agentId];
  return lists.flatMap((owner) =>
    (partOf(file.agents, owner)?.allowlist ?? []).map(({ id, pattern }) => ({ id: id ?? "", pattern, agentId: owner })),
  );
}

/** The file as it may be shown: without the token of its socket. */
export function withoutSecrets(file: ApprovalsFile): ApprovalsFile {
  if (file.socket === undefined) return file;
  const { token: _, ...socket } = file.socket;
  return { ...file, socket };
}

/** The file with an id at each entry. */
export function withIds(file: ApprovalsFile, newId: () => string): ApprovalsFile {
  return mapEntries(file, (entry) => (entry.id ? entry : { ...entry, id: newId() }));
}

/** The file with each entry changed by `change`; entries that it leaves out go. */
export function mapEntries(
  file: ApprovalsFile,
  change: (entry: Entry, agentId: string) => Entry | undefined,
): ApprovalsFile {
  if (file.agents === undefined) return file;
  const agents = Object.entries(file.agents).map(([agentId, part]): [string, AgentPart] => [
    agentId,
    part.allowlist === undefined
      ? part
      : { ...part, allowlist: part.allowlist.flatMap((entry) => change(entry, agentId) ?? []) },
  ]);
  return { ...file, agents: Object.fromEntries(agents) };
}

/** The file with one more entry; `undefined` when the agent has that pattern already. */
export function withEntry(file: ApprovalsFile, agentId: string, entry: Entry): ApprovalsFile | undefined {
  const part = partOf(file.agents, agentId) ?? {};
  const allowlist = part.allowlist ?? [];
  if (allowlist.some(({ pattern }) => pattern === entry.pattern)) return undefined;
  return { ...file, agents: { ...file.agents, [agentId]: { ...part, allowlist: [...allowlist, entry] } } };
}

/** The file without an agent's entries of that pattern; `undefined` when it has none. */
export function withoutEntry(file: ApprovalsFile, agentId: string, pattern: string): ApprovalsFile | undefined {
  if (!partOf(file.agents, agentId)?.allowlist?.some((entry) => entry.pattern === pattern)) return undefined;
  return mapEntries(file, (entry, owner) => (owner === agentId && entry.pattern === pattern ? undefined : entry));
}

/**
 * What a new content of the file becomes: it replaces the old one, but that socket fields it leaves out stay, because
 * nobody is shown the token, and so do keys that this version of the protocol doesn't know and therefore drops on the way.
 */
export function replacing(old: ApprovalsFile, next: ApprovalsFile): ApprovalsFile {
  const socket =
    old.socket === undefined && next.socket === undefined ? {} : { socket: { ...old.socket, ...next.socket } };
  const entries = new Map<string, Entry>();
  mapEntries(old, (entry) => {
    if (entry.id) entries.set(entry.id, entry);
    return entry;
  });
  const agents = Object.entries(next.agents ?? {}).map(([agentId, part]): [string, AgentPart] => {
    const allowlist = part.allowlist?.map((entry) => withUnknown(entries.get(entry.id ?? ""), entry, entryKeys));
    const kept = withUnknown(partOf(old.agents, agentId), part, partKeys);
    return [agentId, allowlist === undefined ? kept : { ...kept, allowlist }];
  });
  return {
    ...withUnknown(old, next, fileKeys),
    ...socket,
    ...(next.defaults === undefined ? {} : { defaults: withUnknown(old.defaults, next.defaults, partKeys) }),
    ...(next.agents === undefined ? {} : { agents: Object.fromEntries(agents) }),
  };
}

const fileKeys: readonly string[] = ["version", "socket", "defaults", "agents"];
const partKeys: readonly string[] = ["security", "ask", "askFallback", "autoAllowSkills", "allowlist"];
const entryKeys: readonly string[] = ["id", "pattern", "lastUsedAt", "lastUsedCommand", "lastResolvedPath"];

function withUnknown<T extends object>(old: T | undefined, next: T, known: readonly string[]): T {
  if (old === undefined) return next;
  const kept = Object.entries(old).filter(([key]) => !known.includes(key));
  return { ...(Object.fromEntries(kept) as Partial<T>), ...next };
}
