import { createHash } from "node:crypto";
import {
  type AgentRuntime,
  type AgentSettings,
  mainSessionKey,
  modelName,
  resolveSessionKey,
  type SessionRecord,
  type SessionsPort,
  sessionTitle,
  sessionTypeOf,
  type ToolContext,
  ToolFailure,
  type TranscriptMessage,
  type TurnRequest,
  untrusted,
} from "@saltgate/agent";
import type { SqlDatabase } from "@saltgate/store";
import { given } from "../given.ts";
import { keyRules, requireModel } from "../methods/sessions.ts";
import { tellingModel } from "./failure-for-model.ts";
import { returnRoute } from "./session-return.ts";

export interface SessionsPortOptions {
  readonly database: SqlDatabase;
  readonly runtime: AgentRuntime;
  readonly settings: () => AgentSettings;
  readonly now: () => number;
}

/** Most bytes of what one call reads out of transcripts. */
const maxHistoryBytes = 400_000;

/** The sessions, for agents. Which of them an agent may reach is decided before. */
export function createSessionsPort(options: SessionsPortOptions): SessionsPort {
  const { database, now, runtime, settings } = options;
  const { sessions } = runtime;
  const keyOf = (requested: string): string | undefined => {
    const resolved = resolveSessionKey(requested, keyRules(undefined, settings()));
    return resolved.ok ? resolved.key : undefined;
  };
  const agentsWithin = (mayReach: (key: string) => boolean): readonly string[] =>
    settings().agents.flatMap(({ id }) => (mayReach(mainSessionKey(id)) ? id : []));
  return {
    async list({ activeMinutes, kinds, limit, mayReach, messageLimit }) {
      const since = activeMinutes === undefined ? undefined : now() - activeMinutes * 60_000;
      return await database.read((sql) =>
        sessions
          .list(sql, {
            limit: kinds === undefined ? limit : 1_000,
            agentIds: agentsWithin(mayReach),
            ...given({ activeSinceMs: since }),
          })
          .filter(({ key }) => kinds === undefined || kinds.includes(sessionTypeOf(key)))
          .slice(0, limit)
          .map((record) => ({
            ...summaryOf(record),
            ...(messageLimit > 0 && {
              messages: sessions
                .history(sql, record.key, { limit: messageLimit, maxBytes: 20_000 })
                .flatMap(({ message }) => plainMessage(message, false) ?? []),
            }),
          })),
      );
    },
    async history({ includeTools, limit, sessionKey }) {
      const key = keyOf(sessionKey);
      return await database.read((sql) => {
        if (key === undefined || sessions.get(sql, key) === undefined) return undefined;
        return sessions
          .history(sql, key, { limit, maxBytes: maxHistoryBytes })
          .flatMap(({ message }) => plainMessage(message, includeTools) ?? []);
      });
    },
    async find(label, agentId) {
      const found = await database.read((sql) => sessions.resolve(sql, { label, ...given({ agentId }) }));
      return found.ok ? found.record.key : undefined;
    },
    async send({ idempotencyKey, message, sessionKey, timeoutMs }, context) {
      const key = keyOf(sessionKey);
      const record = key === undefined ? undefined : await database.read((sql) => sessions.get(sql, key));
      if (record === undefined) return { status: "error", error: `There is no session ${sessionKey}.` };
      const runId = `tool-${idempotencyKey}`;
      const turn: TurnRequest = {
        runId,
        sessionKey: record.key,
        agentId: record.agentId,
        content: [{ type: "text", text: untrusted(`session ${context.sessionKey}`, message) }],
        plainText: message,
        principal: onBehalf(context),
        options: { queueMode: "followup" },
      };
      const accepted = await runtime.submit(turn, { commandAuthorized: false });
      if (accepted.status === "refused") return { status: "error", error: accepted.reason };
      if (timeoutMs === 0) return { status: "accepted", runId };
      const result = await runtime.wait(runId, timeoutMs);
      if (result === undefined) return { status: "timeout", runId };
      if (result.ending.state === "error") return { status: "error", runId, error: result.ending.errorMessage };
      return { status: "ok", runId, reply: result.text };
    },
    async spawn({ agentId, cleanup, idempotencyKey, label, model, task, thinking, timeoutMs }, context) {
      // The same for the same call, so that a call that is repeated after a restart starts nothing twice.
      const id = createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 32);
      const childSessionKey = `agent:${agentId}:subagent:${id}`;
      const runId = `spawn-${id}`;
      const turn: TurnRequest = {
        runId,
        sessionKey: childSessionKey,
        agentId,
        content: [{ type: "text", text: task }],
        plainText: task,
        principal: onBehalf(context),
        reply: returnRoute(context.sessionKey, cleanup, context.reply),
        options: given({
          model: model === undefined ? undefined : await tellingModel(() => requireModel(model, options)),
          thinking,
          timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
          spawnedBy: context.sessionKey,
          extraSystem:
            "Another agent started you for this one task. Do it, and answer with what came of it: your answer is handed to that agent. You can't ask anybody anything.",
        }),
      };
      const accepted = await runtime.submit(turn, { commandAuthorized: false });
      if (accepted.status === "refused") throw new ToolFailure(accepted.reason);
      // A label that is taken already stays with whom it belongs to; the task is done all the same.
      if (label !== undefined && accepted.status === "accepted")
        await database.write((sql) => sessions.patch(sql, childSessionKey, { label }, now()));
      return { runId, childSessionKey };
    },
    async status({ model, sessionKey }) {
      const key = keyOf(sessionKey);
      if (key === undefined) return undefined;
      if (model !== undefined) {
        const isDefault = model.toLowerCase() === "default";
        const wanted = isDefault ? null : await tellingModel(() => requireModel(model, options));
        await database.write((sql) => sessions.patch(sql, key, { settings: { model: wanted } }, now()));
      }
      const record = await database.read((sql) => sessions.get(sql, key));
      if (record === undefined) return undefined;
      const agent = settings().agents.find(({ id }) => id === record.agentId);
      return {
        ...summaryOf(record),
        model: record.settings.model ?? agent?.model?.primary ?? settings().model.primary,
        models: runtime.models().map(modelName),
        now: new Date(now()).toISOString(),
      };
    },
  };
}

/** Whoever asks, though no command may come this way. */
function onBehalf({ principal }: ToolContext): TurnRequest["principal"] {
  return { ...principal, channel: "system" };
}

function summaryOf(record: SessionRecord): { readonly key: string } & Readonly<Record<string, unknown>> {
  const { contextTokens, inputTokens, key, label, origin, outputTokens, updatedAtMs } = record;
  return {
    key,
    kind: sessionTypeOf(key),
    title: sessionTitle(record),
    ...given({ label, channel: origin?.channel, contextTokens }),
    tokens: { input: inputTokens, output: outputTokens },
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}

/** A message as another agent reads it: words, and what tools were called with if that is wanted. */
function plainMessage(message: TranscriptMessage, includeTools: boolean): object | undefined {
  if (message.role === "toolResult" && !includeTools) return undefined;
  const text = message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const calls = includeTools
    ? message.content.flatMap((part) =>
        part.type === "toolCall" ? [{ name: part.name, arguments: part.arguments }] : [],
      )
    : [];
  if (text === "" && calls.length === 0) return undefined;
  return { role: message.role, text: text.slice(0, 20_000), ...(calls.length > 0 && { calls }) };
}
