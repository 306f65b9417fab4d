import type { SqlTransaction } from "@saltgate/store";
import type { ModelInfo } from "../backend.ts";
import { type ChatCommand, chatCommands, parseQueueArgs } from "../queue/chat-command.ts";
import { laneRulesOf } from "../queue/queue-settings.ts";
import type { TurnRecord } from "../queue/turn-store.ts";
import type { SessionRecord } from "../session/session-record.ts";
import { thinkingLevelOf, thinkingLevels } from "../session/session-settings.ts";
import type { SessionStore } from "../session/session-store.ts";
import { type AgentSettings, agentOf, mayChooseModel, usualThinking } from "../settings.ts";
import type { TurnRequest } from "../turn.ts";
import { modelInUse, modelName, resolveModel } from "./model-choice.ts";

type Command = Extract<ChatCommand, { readonly kind: "command" }>;

/** What a command is answered over. */
export interface CommandWorld {
  readonly sql: SqlTransaction;
  readonly sessions: SessionStore;
  readonly settings: AgentSettings;
  readonly models: readonly ModelInfo[];
  readonly session: SessionRecord;
  readonly turn: TurnRequest;
  /** What waits and runs in the session. */
  readonly open: readonly TurnRecord[];
  /** The same in the sessions that it started, for commands that end it. */
  readonly below: readonly TurnRecord[];
  readonly isAuthorized: boolean;
  readonly nowMs: number;
}

/** Whether somebody may give a command. */
export function mayCommand(command: Command, isAuthorized: boolean): boolean {
  return isAuthorized || chatCommands.find(({ name }) => name === command.name)?.who === "anyone";
}

/** Does what a command asks for in the store, and says so. What it means for runs (`stop`, `new`, `reset`) is the caller's. */
export function answerCommand(command: Command, world: CommandWorld): string {
  const { isAuthorized, sessions, session, sql } = world;
  if (!mayCommand(command, isAuthorized)) return `You may not use /${command.name} here. The owner can let you.`;
  switch (command.name) {
    case "help":
      return chatCommands
        .filter(({ name }) => mayCommand({ kind: "command", name, args: "" }, isAuthorized))
        .map(({ description, usage }) => `${usage}: ${description}`)
        .join("\n");
    case "status":
      return status(world);
    case "whoami":
      return whoami(world);
    case "stop":
      return stopped(world);
    case "new":
    case "reset":
      return "A new conversation has begun.";
    case "model":
      return model(command.args, world);
    case "think":
      return think(command.args, world);
    case "queue":
      return queue(command.args, world);
    case "compact": {
      const result = sessions.compact(sql, session.key, 40, world.nowMs);
      return result.compacted
        ? `Kept the last ${result.kept} messages; those before are put aside.`
        : "There is nothing to forget yet.";
    }
    default:
      return command.name satisfies never;
  }
}

function stopped({ below, open }: CommandWorld): string {
  const waiting = open.filter(({ state }) => state === "waiting").length;
  const running = open.filter(({ joinedTo, state }) => state === "running" && joinedTo === undefined).length;
  const agents = new Set(below.map(({ sessionKey }) => sessionKey)).size;
  const what = [
    ...(running > 0 ? ["what was running"] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(agents > 0 ? [`${agents} ${agents === 1 ? "agent" : "agents"} that it had started`] : []),
  ];
  return what.length === 0 ? "Nothing was running." : `Stopped ${what.join(" and ")}.`;
}

/** The models that a session may choose. */
export function choosableModels(settings: AgentSettings, models: readonly ModelInfo[]): readonly string[] {
  return models.map(modelName).filter((name) => mayChooseModel(settings, name));
}

function status({ models, open, session, settings, turn }: CommandWorld): string {
  const agent = agentOf(settings, turn.agentId);
  const chain = agent?.model ?? settings.model;
  const rules = laneRulesOf(settings.queue, session.settings, turn.principal.channel);
  const waiting = open.filter(({ state }) => state === "waiting").length;
  const info = modelInUse(settings, turn.agentId, session.settings.model, models);
  const used =
    session.contextTokens === undefined
      ? ""
      : `, ${session.contextTokens}${info?.contextWindow === undefined ? "" : ` of ${info.contextWindow}`} tokens in use`;
  return [
    `Agent: ${agent?.identity?.name ?? agent?.name ?? turn.agentId}`,
    `Model: ${session.settings.model ?? chain.primary}${chain.fallbacks.length > 0 ? ` (then ${chain.fallbacks.join(", ")})` : ""}${used}`,
    `Thinking: ${session.settings.thinkingLevel ?? usualThinking(settings, turn.agentId, info)}`,
    `Conversation: ${session.key}, ${session.inputTokens + session.outputTokens} tokens spent`,
    `Now: ${open.some(({ state }) => state === "running") ? "working" : "idle"}, ${waiting} waiting (${rules.mode})`,
  ].join("\n");
}

function whoami({ session, turn }: CommandWorld): string {
  const { accountId, channel, deviceId, isOwner, senderId } = turn.principal;
  return [
    `Channel: ${channel}${accountId === undefined ? "" : ` (${accountId})`}`,
    ...(senderId === undefined ? [] : [`Your id: ${senderId}`]),
    ...(deviceId === undefined ? [] : [`Your device: ${deviceId}`]),
    `Owner: ${isOwner ? "yes" : "no"}`,
    `Conversation: ${session.key}`,
  ].join("\n");
}

function model(args: string, { models, nowMs, session, sessions, settings, sql, turn }: CommandWorld): string {
  const chain = agentOf(settings, turn.agentId)?.model ?? settings.model;
  const choosable = choosableModels(settings, models);
  const wanted = args.trim();
  if (wanted === "" || wanted === "list" || wanted === "status") {
    const current = session.settings.model ?? chain.primary;
    return `Model: ${current}\nThere are: ${choosable.slice(0, 50).join(", ") || "none besides it"}\nChoose with /model <name>, go back with /model default.`;
  }
  if (wanted === "default" || wanted === "reset") {
    sessions.patch(sql, session.key, { settings: { model: null } }, nowMs);
    return `Back to ${chain.primary}.`;
  }
  const name = resolveModel(wanted, models, settings.modelAliases);
  if (name === undefined || !choosable.includes(name))
    return `There is no model "${wanted.slice(0, 80)}" to choose. There are: ${choosable.slice(0, 50).join(", ") || "none"}`;
  sessions.patch(sql, session.key, { settings: { model: name } }, nowMs);
  return `${name} thinks here from now on.`;
}

function think(args: string, { models, nowMs, session, sessions, settings, sql, turn }: CommandWorld): string {
  const info = modelInUse(settings, turn.agentId, session.settings.model, models);
  const standard = usualThinking(settings, turn.agentId, info);
  if (args.trim() === "")
    return `Thinking: ${session.settings.thinkingLevel ?? standard}. Levels: ${thinkingLevels.join(", ")}.`;
  const level = thinkingLevelOf(args);
  if (level === undefined) return `There is no level "${args.slice(0, 40)}". Levels: ${thinkingLevels.join(", ")}.`;
  sessions.patch(sql, session.key, { settings: { thinkingLevel: level } }, nowMs);
  return `Thinking: ${level}.`;
}

function queue(args: string, { nowMs, session, sessions, settings, sql, turn }: CommandWorld): string {
  const say = ({ cap, debounceMs, drop, mode }: ReturnType<typeof laneRulesOf>) =>
    `Queue: ${mode}, debounce ${debounceMs} ms, at most ${cap}, then ${drop}.`;
  if (args.trim() === "") return say(laneRulesOf(settings.queue, session.settings, turn.principal.channel));
  const change = parseQueueArgs(args);
  if (!change.ok) return change.reason;
  const { cap, debounceMs, drop, mode } = change;
  const wanted = change.clear
    ? { queueMode: null, queueDebounceMs: null, queueCap: null, queueDrop: null }
    : { queueMode: mode, queueDebounceMs: debounceMs, queueCap: cap, queueDrop: drop };
  const result = sessions.patch(sql, session.key, { settings: wanted }, nowMs);
  return result.ok ? say(laneRulesOf(settings.queue, result.record.settings, turn.principal.channel)) : result.reason;
}
