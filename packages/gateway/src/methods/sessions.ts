import { basename } from "node:path";
import {
  type AgentRuntime,
  type AgentSettings,
  mayChooseModel,
  resolveModel,
  resolveSessionKey,
  type SessionRecord,
  type SettingsChange,
  sessionEntry,
  sessionRow,
} from "@saltgate/agent";
import { scopeSatisfies } from "@saltgate/protocol";
import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import { contextWindowOf } from "../conversation/glance.ts";
import { wireMessage } from "../conversation/run-broadcast.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { given } from "../given.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about sessions need. */
export interface SessionMethodsOptions {
  readonly database: SqlDatabase;
  readonly runtime: AgentRuntime;
  readonly settings: () => AgentSettings;
  readonly now: () => number;
}

type SessionMethods = Pick<
  Handlers,
  | "sessions.list"
  | "sessions.preview"
  | "sessions.resolve"
  | "sessions.patch"
  | "sessions.reset"
  | "sessions.delete"
  | "sessions.compact"
  | "sessions.describe"
  | "sessions.get"
>;

/** How long the runs of a session that is deleted may take to end, in milliseconds. */
const endMs = 15_000;
/** Most bytes of messages in one answer. */
const maxAnswerBytes = 6_000_000;

/** Handlers of the methods about sessions: what there is, and how each is set up. */
export function sessionMethods(options: SessionMethodsOptions): SessionMethods {
  const { database, now, runtime, settings } = options;
  const { sessions } = runtime;
  const keyOf = (requested: string, agentId?: string): string => sessionKeyOf(requested, agentId, settings());
  const defaults = () => {
    const { primary } = settings().model;
    const slash = primary.indexOf("/");
    return {
      modelProvider: primary.slice(0, slash),
      model: primary.slice(slash + 1),
      contextTokens: contextWindowOf(primary, runtime.models()),
    };
  };
  return {
    async "sessions.list"(params, caller) {
      const nowMs = now();
      const query = {
        ...given({
          limit: params.limit,
          offset: params.offset,
          includeGlobal: params.includeGlobal,
          includeUnknown: params.includeUnknown,
          label: params.label,
          spawnedBy: params.spawnedBy,
          agentId: params.agentId?.toLowerCase(),
          search: params.search,
          archived: params.archived,
        }),
        ...(params.activeMinutes !== undefined && { activeSinceMs: nowMs - params.activeMinutes * 60_000 }),
      };
      const agents = params.configuredAgentsOnly ? { agentIds: settings().agents.map(({ id }) => id) } : {};
      const shown = await database.read((sql) => sessions.list(sql, { ...query, ...agents }));
      const show = { titles: params.includeDerivedTitles, lastMessage: params.includeLastMessage };
      return {
        ts: nowMs,
        // Below admin, nobody is told paths of the gateway's disk (rule R-19).
        path: scopeSatisfies(caller.scopes, "operator.admin") ? database.file : basename(database.file),
        count: shown.length,
        defaults: defaults(),
        sessions: shown.map((record) => sessionRow(record, show)),
      };
    },
    async "sessions.preview"({ keys, limit, maxChars }) {
      const range = { limit: Math.min(limit ?? 12, 50), maxChars: Math.min(maxChars ?? 240, 2_000) };
      const asked = keys.slice(0, 64);
      const previews = await database.read((sql) =>
        asked.map((requested) => {
          const resolved = resolveSessionKey(requested, keyRules(undefined, settings()));
          const [preview] = resolved.ok ? sessions.preview(sql, [resolved.key], range) : [];
          if (preview === undefined) return { key: requested, status: "missing" as const, items: [] };
          return { ...preview, key: requested, items: preview.items.map((item) => ({ ...item })) };
        }),
      );
      return { ts: now(), previews };
    },
    async "sessions.resolve"(params) {
      const { agentId, allowMissing, key, label, sessionId, shortId, spawnedBy } = params;
      const named = [key, sessionId, label, shortId].filter((one) => one !== undefined);
      if (named.length > 1) {
        throw new RequestError("INVALID_PARAMS", "Provide either key, sessionId, or label (not multiple)");
      }
      const found = await database.read((sql) => {
        if (shortId !== undefined) return byShortId(sql, options, shortId, agentId);
        const wanted = { sessionId, label, agentId, spawnedBy, ...(key !== undefined && { key: keyOf(key, agentId) }) };
        return sessions.resolve(sql, wanted);
      });
      if (found.ok) return { ok: true, key: found.record.key, agentId: found.record.agentId };
      if (allowMissing) return { ok: false };
      throw new RequestError("UNKNOWN_SESSION", found.reason);
    },
    async "sessions.patch"(params) {
      const key = keyOf(params.key, params.agentId);
      const { agentId: _, key: _key, label, spawnedBy, archived, pinned, unread, model, fastMode, ...levels } = params;
      const change: SettingsChange = {
        ...given(levels),
        ...(fastMode !== undefined && { fastMode: fastMode === null ? null : String(fastMode) }),
        ...(model !== undefined && { model: model === null ? null : requireModel(model, options) }),
      };
      const patch = { ...given({ label, spawnedBy, archived, pinned, unread }), settings: change };
      const done = await database.write((sql) => sessions.patch(sql, key, patch, now()));
      if (!done.ok) throw new RequestError("INVALID_PARAMS", done.reason);
      return { ok: true, path: database.file, key, entry: sessionEntry(done.record) };
    },
    async "sessions.reset"({ key: requested, agentId, reason }) {
      const key = keyOf(requested, agentId);
      await runtime.abort({ sessionKey: key, stopReason: "rpc" });
      const record = await database.write((sql) =>
        sessions.reset(sql, key, { because: reason ?? "reset", keep: "settings", nowMs: now() }),
      );
      return { ok: true, key, entry: sessionEntry(record) };
    },
    async "sessions.delete"({ key: requested, agentId, expectedSessionId, archivedOnly }) {
      const key = keyOf(requested, agentId);
      await database.read((sql) => {
        const record = sessions.get(sql, key);
        if (expectedSessionId !== undefined && record !== undefined && record.sessionId !== expectedSessionId)
          throw new RequestError("INVALID_PARAMS", "the session has started over since");
        if (archivedOnly && record !== undefined && !record.archived)
          throw new RequestError("INVALID_PARAMS", "the session isn't archived");
      });
      const ending = await runtime.abort({ sessionKey: key, stopReason: "rpc" });
      await Promise.all(ending.map((runId) => runtime.wait(runId, endMs)));
      if (runtime.running().some(({ sessionKey }) => sessionKey === key)) {
        throw new RequestError("TURN_REFUSED", "something still runs in this session; try again");
      }
      const done = await database.write((sql) => sessions.delete(sql, key, now()));
      if (!done.ok) throw new RequestError("INVALID_PARAMS", done.reason);
      return { ok: true, key, deleted: done.deleted, archived: [...done.archived] };
    },
    async "sessions.compact"({ key: requested, agentId, maxLines }) {
      const key = keyOf(requested, agentId);
      if (runtime.running().some(({ sessionKey }) => sessionKey === key)) {
        throw new RequestError("TURN_REFUSED", "something runs in this session; compact it afterwards");
      }
      const done = await database.write((sql) => sessions.compact(sql, key, maxLines ?? 400, now()));
      return { ok: true, key, ...done };
    },
    async "sessions.describe"({ key: requested, includeDerivedTitles, includeLastMessage }) {
      const record = await database.read((sql) => sessions.get(sql, keyOf(requested)));
      const show = { titles: includeDerivedTitles, lastMessage: includeLastMessage };
      return { session: record === undefined ? null : sessionRow(record, show) };
    },
    async "sessions.get"({ key: requested, agentId, limit }) {
      const key = keyOf(requested, agentId);
      const stored = await database.read((sql) =>
        sessions.history(sql, key, { limit: limit ?? 200, maxBytes: maxAnswerBytes }),
      );
      return { messages: stored.map(({ message }) => wireMessage(message)) };
    },
  };
}

/** What a key is completed by that a request names in part. */
export function keyRules(
  agentId: string | undefined,
  { defaultAgentId, session }: AgentSettings,
): Parameters<typeof resolveSessionKey>[1] {
  return { agentId, defaultAgentId, mainKey: session.mainKey };
}

/** The complete key that a request means. @throws {RequestError} when it can't be one, or belongs to another agent */
export function sessionKeyOf(requested: string, agentId: string | undefined, settings: AgentSettings): string {
  const resolved = resolveSessionKey(requested, keyRules(agentId, settings));
  if (!resolved.ok) throw new RequestError("INVALID_PARAMS", resolved.reason);
  return resolved.key;
}

/** A model by what a person calls it. @throws {RequestError} when there is none, or it isn't allowed */
export function requireModel(
  word: string,
  { runtime, settings }: Pick<SessionMethodsOptions, "runtime" | "settings">,
): string {
  const current = settings();
  const model = resolveModel(word, runtime.models(), current.modelAliases);
  if (model === undefined)
    throw new RequestError("UNKNOWN_MODEL", `unknown model: ${word.slice(0, 120)} (saltgate models)`);
  if (!mayChooseModel(current, model)) {
    throw new RequestError(
      "UNKNOWN_MODEL",
      `model not allowed: ${model} (agents.defaults.models names those that are)`,
    );
  }
  return model;
}

type Found = { readonly ok: true; readonly record: SessionRecord } | { readonly ok: false; readonly reason: string };

function byShortId(
  sql: SqlTransaction,
  { runtime }: SessionMethodsOptions,
  shortId: string,
  agentId: string | undefined,
): Found {
  const beginning = shortId.trim().toLowerCase();
  // What is searched for may stand in the names of others, too: all of them are looked at.
  const found = runtime.sessions
    .list(sql, { search: beginning, archived: "all", limit: 10_000, agentId: agentId?.toLowerCase() })
    .filter(({ sessionId }) => sessionId.startsWith(beginning));
  const [record] = found;
  if (record === undefined) return { ok: false, reason: `No session found: ${shortId}` };
  return found.length > 1 ? { ok: false, reason: `Multiple sessions found for ${shortId}` } : { ok: true, record };
}
