import {
  type AgentSettings,
  type ModelInfo,
  modelName,
  type SessionRecord,
  type SessionStore,
  sessionRow,
} from "@saltgate/agent";
import type { HealthSummary, ResultOf } from "@saltgate/protocol";
import type { SqlTransaction } from "@saltgate/store";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { given } from "../given.ts";

type Status = ResultOf<"status">;
type SessionStatus = Status["sessions"]["recent"][number];

/** What a look at the conversations needs. */
export interface Ground {
  readonly file: string;
  readonly sessions: SessionStore;
  readonly settings: AgentSettings;
  readonly models: readonly ModelInfo[];
  readonly nowMs: number;
}

/** Sessions that `health` names, of each agent too. */
const inHealth = 5;
/** Sessions that `status` names, of each agent too. */
const inStatus = 10;

/** Nothing happens by itself at intervals yet. */
const noHeartbeat = { enabled: false, every: "0m", everyMs: null } as const;

/** Agents and sessions, as `health` tells them. */
export function healthOfSessions(
  sql: SqlTransaction | undefined,
  { file, nowMs, sessions, settings }: Ground,
): Pick<HealthSummary, "agents" | "defaultAgentId" | "heartbeatSeconds" | "sessions"> {
  const recent = (agentId?: string): HealthSummary["sessions"] => ({
    path: file,
    count: countIn(sql, sessions, agentId),
    recent: recentIn(sql, sessions, inHealth, agentId).map(({ key, updatedAtMs }) => ({
      key,
      updatedAt: updatedAtMs,
      age: Math.max(0, nowMs - updatedAtMs),
    })),
  });
  return {
    defaultAgentId: settings.defaultAgentId,
    heartbeatSeconds: 0,
    agents: settings.agents.map(({ id, name }) => ({
      agentId: id,
      ...given({ name }),
      isDefault: id === settings.defaultAgentId,
      heartbeat: { ...noHeartbeat, prompt: "", target: "last", ackMaxChars: 300 },
      sessions: recent(id),
    })),
    sessions: recent(),
  };
}

/** Agents and sessions, as `status` tells them. */
export function statusOfSessions(
  sql: SqlTransaction | undefined,
  ground: Ground,
): Pick<Status, "heartbeat" | "sessions"> {
  const { file, models, sessions, settings } = ground;
  const { primary } = settings.model;
  const rows = (agentId?: string): SessionStatus[] =>
    recentIn(sql, sessions, inStatus, agentId).map((record) => statusOf(record, ground));
  return {
    heartbeat: {
      defaultAgentId: settings.defaultAgentId,
      agents: settings.agents.map(({ id }) => ({ agentId: id, ...noHeartbeat })),
    },
    sessions: {
      paths: [file],
      count: countIn(sql, sessions),
      defaults: { model: primary, contextTokens: contextWindowOf(primary, models) },
      recent: rows(),
      byAgent: settings.agents.map(({ id }) => ({
        agentId: id,
        path: file,
        count: countIn(sql, sessions, id),
        recent: rows(id),
      })),
    },
  };
}

function countIn(sql: SqlTransaction | undefined, sessions: SessionStore, agentId?: string): number {
  return sql === undefined ? 0 : sessions.count(sql, agentId);
}

function recentIn(
  sql: SqlTransaction | undefined,
  sessions: SessionStore,
  limit: number,
  agentId?: string,
): readonly SessionRecord[] {
  return sql === undefined ? [] : sessions.list(sql, { limit, agentId });
}

function statusOf(record: SessionRecord, { models, nowMs, settings }: Ground): SessionStatus {
  const { abortedLastRun, agentId, key, kind, sessionId } = sessionRow(record);
  const { contextTokens: used = null, inputTokens, outputTokens } = record;
  const { reasoningLevel, thinkingLevel, verboseLevel } = record.settings;
  const model = record.settings.model ?? record.model ?? settings.model.primary;
  const window = contextWindowOf(model, models);
  return {
    ...given({ agentId, sessionId, thinkingLevel, verboseLevel, reasoningLevel, abortedLastRun }),
    key,
    kind,
    updatedAt: record.updatedAtMs,
    age: Math.max(0, nowMs - record.updatedAtMs),
    inputTokens,
    outputTokens,
    totalTokens: used,
    remainingTokens: used === null || window === null ? null : Math.max(0, window - used),
    percentUsed: used === null || window === null ? null : Math.min(999, Math.round((used / window) * 100)),
    model,
    contextTokens: window,
    flags: [],
  };
}

/** How many tokens a model reads at once; null where that isn't known. */
export function contextWindowOf(model: string, models: readonly ModelInfo[]): number | null {
  return models.find((one) => modelName(one) === model)?.contextWindow ?? null;
}

/** Channels, as `health` tells them: how each account is, without asking its platform. */
export async function healthOfChannels(
  desk: ChannelDesk,
): Promise<Pick<HealthSummary, "channelLabels" | "channelOrder" | "channels">> {
  const rows = await Promise.all(
    desk.installed.map(async ({ accounts, adapter: { descriptor } }) => {
      const snapshots = await Promise.all(
        accounts
          .flatMap(({ id: accountId }) => desk.keeper({ channel: descriptor.id, accountId }) ?? [])
          .map((keeper) => desk.snapshot(keeper)),
      );
      // Who may write is told by `channels.status`, to those who ask for it.
      const shown = snapshots.map(({ allowFrom: _allowFrom, ...snapshot }) => snapshot);
      const byId = Object.fromEntries(shown.map((snapshot) => [snapshot.accountId, snapshot]));
      return { descriptor, health: { ...shown[0], accounts: byId } };
    }),
  );
  return {
    channels: Object.fromEntries(rows.map(({ descriptor: { id }, health }) => [id, health])),
    channelOrder: rows.map(({ descriptor: { id } }) => id),
    channelLabels: Object.fromEntries(rows.map(({ descriptor: { id, label } }) => [id, label])),
  };
}

/** Channels in one line each, for people. */
export function channelLines(desk: ChannelDesk): string[] {
  return desk.installed.flatMap(({ accounts, adapter: { descriptor } }) =>
    accounts.map((account) => {
      const keeper = desk.keeper({ channel: descriptor.id, accountId: account.id });
      const name = account.id === "default" ? descriptor.label : `${descriptor.label} ${account.id}`;
      const state = !account.enabled ? "disabled" : (account.notConfigured ?? keeper?.status.health ?? "stopped");
      return `${name}: ${state}`;
    }),
  );
}

/** What is wrong with the channels, in words for the owner. */
export function channelProblems(desk: ChannelDesk): readonly string[] {
  const ended = desk.installed.flatMap(({ accounts, adapter: { descriptor } }) =>
    accounts.flatMap(({ id: accountId }) => {
      const status = desk.keeper({ channel: descriptor.id, accountId })?.status;
      if (status?.health !== "logged-out" && status?.health !== "deaf") return [];
      const what = status.health === "deaf" ? "receives nothing, though it is connected" : "is logged out";
      return [[`${descriptor.label} (${accountId}) ${what}`, status.lastError, status.fix].filter(Boolean).join(". ")];
    }),
  );
  return [...desk.missing.map(({ problem }) => problem), ...ended];
}
