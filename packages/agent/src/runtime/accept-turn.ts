import { hash } from "node:crypto";
import type { SqlTransaction } from "@saltgate/store";
import type { ModelInfo } from "../backend.ts";
import { type ChatCommand, parseChatCommand } from "../queue/chat-command.ts";
import { laneRulesOf } from "../queue/queue-settings.ts";
import {
  countOpenTurns,
  endTurn,
  findTurn,
  glanceAtTurn,
  insertTurn,
  openTurnsBelow,
  openTurnsOf,
  requestStop,
  type TurnCommand,
  type TurnRecord,
  type TurnState,
} from "../queue/turn-store.ts";
import { resetPolicyOf, staleBecause } from "../session/reset-policy.ts";
import { parseSessionKey, sessionTypeOf } from "../session/session-key.ts";
import type { SessionStore } from "../session/session-store.ts";
import { maxMessageBytes } from "../session/transcripts.ts";
import { type AgentSettings, mayChooseModel } from "../settings.ts";
import type { AssistantMessage, MessagePart } from "../transcript.ts";
import type { RunEnding, RunReply, TurnRequest } from "../turn.ts";
import { answerCommand, mayCommand } from "./command-answers.ts";
import { resolveModel } from "./model-choice.ts";

/** What became of a turn that was given. */
export type Acceptance =
  /** It is written down; say `accepted` when the transaction is committed. */
  | { readonly status: "accepted"; readonly runId: string; readonly sessionKey: string }
  /** A turn of this id was given before; nothing changed. `isSame`: it said the same, in the same session. */
  | {
      readonly status: "known";
      readonly runId: string;
      readonly isSame: boolean;
      readonly acceptedAtMs: number;
      readonly state: TurnState;
      readonly ending: RunEnding | undefined;
    }
  /** It can't be taken, and nothing was written. `invalid`: it makes no sense; `busy`: too much waits, later it may go. */
  | { readonly status: "refused"; readonly code: "invalid" | "busy" | "closed"; readonly reason: string };

/** How a turn is taken. */
export interface AcceptOptions {
  /** Whether its sender may give commands. */
  readonly commandAuthorized: boolean;
}

/** What accepting uses. */
export interface AcceptPort {
  readonly sessions: SessionStore;
  readonly settings: AgentSettings;
  readonly models: readonly ModelInfo[];
  readonly nowMs: number;
  readonly reply: (sql: SqlTransaction, reply: RunReply) => void;
}

/** Writes a turn down in the transaction of its caller. A command is answered right there. */
export function acceptTurn(
  sql: SqlTransaction,
  turn: TurnRequest,
  options: AcceptOptions,
  port: AcceptPort,
): Acceptance {
  const known = glanceAtTurn(sql, turn.runId);
  const digest = digestOf(turn);
  if (known !== undefined) {
    const { acceptedAtMs, ending, runId, state } = known;
    const isSame = known.sessionKey === turn.sessionKey && (known.digest ?? digest) === digest;
    return { status: "known", runId, isSame, acceptedAtMs, state, ending };
  }
  const reason = mistakeIn(turn);
  if (reason !== undefined) return { status: "refused", code: "invalid", reason };
  if (countOpenTurns(sql) >= port.settings.maxOpenTurns)
    return {
      status: "refused",
      code: "busy",
      reason: "Too many messages wait already. Try again when some of them are answered.",
    };
  const { nowMs, sessions, settings } = port;
  const { origin, principal, reply: route } = turn;
  const session = sessions.ensure(sql, {
    key: turn.sessionKey,
    nowMs,
    origin,
    route,
    spawnedBy: turn.options?.spawnedBy,
  });
  const open = openTurnsOf(sql, turn.sessionKey);
  const command =
    principal.channel === "system" ? undefined : parseChatCommand(turn.plainText, settings.session.resetTriggers);
  if (command?.kind === "command") {
    const rest = command.name === "new" || command.name === "reset" ? afterReset(command.args, port) : undefined;
    const isAllowed = mayCommand(command, options.commandAuthorized);
    const below = endsRuns(command.name) ? openTurnsBelow(sql, turn.sessionKey) : [];
    const effects = isAllowed ? applyToRuns(sql, command.name, [...open, ...below], port) : undefined;
    if (isAllowed && rest !== undefined) {
      const fresh = sessions.reset(sql, turn.sessionKey, { because: command.name, keep: "nothing", nowMs });
      if (rest.model !== undefined) sessions.patch(sql, fresh.key, { settings: { model: rest.model } }, nowMs);
      if (rest.text !== "") {
        put(sql, replaceText(turn, rest.text), port, { command: effects, digest });
        return { status: "accepted", runId: turn.runId, sessionKey: turn.sessionKey };
      }
    }
    const text = answerCommand(command, {
      sql,
      sessions,
      settings,
      models: port.models,
      session,
      turn,
      open,
      below,
      isAuthorized: options.commandAuthorized,
      nowMs,
    });
    const done = effects ?? { name: command.name, ended: [], stopping: [] };
    answerAtOnce(sql, turn, text, port, { command: done, digest });
    return { status: "accepted", runId: turn.runId, sessionKey: turn.sessionKey };
  }
  if (open.length === 0) {
    const policy = resetPolicyOf(
      settings.session.reset,
      sessionTypeOf(turn.sessionKey),
      origin?.channel ?? principal.channel,
    );
    const because = staleBecause(policy, session.updatedAtMs, nowMs);
    if (because !== undefined) sessions.reset(sql, turn.sessionKey, { because, keep: "nothing", nowMs });
  }
  const meant = command === undefined || !options.commandAuthorized ? turn : withDirectives(turn, command, port);
  put(sql, meant, port, { command: undefined, digest });
  return { status: "accepted", runId: turn.runId, sessionKey: turn.sessionKey };
}

/** What tells a repeat from another turn of the same id: what was said, as it was said. */
function digestOf({ content, plainText }: TurnRequest): string {
  // Of the content the images alone: its text holds what surrounds the words, and that changes.
  const images = content.filter(({ type }) => type !== "text");
  return hash("sha256", JSON.stringify([plainText, images]), "base64");
}

interface Put {
  readonly command: TurnCommand | undefined;
  /** Of the turn as it was given. */
  readonly digest: string;
}

function put(sql: SqlTransaction, turn: TurnRequest, port: AcceptPort, { command, digest }: Put): void {
  const session = port.sessions.get(sql, turn.sessionKey);
  const rules = laneRulesOf(port.settings.queue, session?.settings ?? {}, turn.principal.channel);
  insertTurn(sql, turn, {
    mode: turn.options?.queueMode ?? rules.mode,
    authority: authorityOf(turn),
    digest,
    nowMs: port.nowMs,
    command,
  });
  port.sessions.touch(sql, turn.sessionKey, port.nowMs, "queued");
}

/** On whose behalf, with which options, and where to: what is answered together agrees in all of it. */
function authorityOf({ options = {}, principal, reply }: TurnRequest): string {
  const { queueMode: _, ...more } = options;
  const { accountId, channel, deviceId, isOwner, senderId } = principal;
  const route = reply && [reply.channel, reply.accountId, reply.to, reply.threadId, reply.isDirect];
  return JSON.stringify([isOwner, channel, accountId, senderId, deviceId, route, more]);
}

/** Why a turn can't be taken, whatever waits. */
function mistakeIn(turn: TurnRequest): string | undefined {
  const { content, runId, sessionKey } = turn;
  const parsed = parseSessionKey(sessionKey);
  if (parsed === undefined || parsed.agentId !== turn.agentId)
    return `The session ${JSON.stringify(sessionKey.slice(0, 80))} isn't one of agent "${turn.agentId}".`;
  if (runId === "" || runId.length > 256) return "A run's id has 1 to 256 characters.";
  if (content.length === 0) return "There is nothing to answer: no text and no image.";
  if (Buffer.byteLength(JSON.stringify(content)) > maxMessageBytes - 1_024)
    return `A message has at most ${maxMessageBytes} bytes, images included.`;
  return undefined;
}

const endsRuns = (name: string): boolean => name === "stop" || name === "new" || name === "reset";

/** What `/stop`, `/new` and `/reset` do to what runs and waits, also in the sessions that this one started. */
function applyToRuns(
  sql: SqlTransaction,
  name: string,
  open: readonly TurnRecord[],
  port: AcceptPort,
): TurnCommand | undefined {
  if (!endsRuns(name)) return undefined;
  const ended: string[] = [];
  const stopping: string[] = [];
  for (const { joinedTo, runId, state } of open) {
    if (state === "waiting") {
      endWaiting(sql, runId, { state: "aborted", stopReason: "stop" }, "", port);
      ended.push(runId);
    } else if (joinedTo === undefined) {
      requestStop(sql, runId, "stop");
      stopping.push(runId);
    }
  }
  return { name, ended, stopping };
}

/** Ends a turn that never began, and says so to its conversation. */
export function endWaiting(
  sql: SqlTransaction,
  runId: string,
  ending: RunEnding,
  notice: string,
  port: Pick<AcceptPort, "nowMs" | "reply">,
): boolean {
  const turn = findTurn(sql, runId);
  if (turn === undefined || !endTurn(sql, runId, { ending, nowMs: port.nowMs })) return false;
  const { request } = turn;
  if (request?.reply !== undefined) {
    const { agentId, principal, reply: route, sessionKey } = request;
    port.reply(sql, { runId, sessionKey, agentId, principal, route, ending: ending.state, text: notice, media: [] });
  }
  return true;
}

function answerAtOnce(sql: SqlTransaction, turn: TurnRequest, text: string, port: AcceptPort, what: Put): void {
  const { nowMs, reply, sessions } = port;
  put(sql, turn, port, what);
  const session = sessions.ensure(sql, { key: turn.sessionKey, nowMs });
  const where = { key: turn.sessionKey, sessionId: session.sessionId, runId: turn.runId, aside: true };
  const message: AssistantMessage = {
    role: "assistant",
    content: [{ type: "text", text }],
    stopReason: "stop",
    timestamp: nowMs,
  };
  sessions.append(sql, where, { role: "user", content: [{ type: "text", text: turn.plainText }], timestamp: nowMs });
  sessions.append(sql, where, message);
  endTurn(sql, turn.runId, { ending: { state: "final" }, nowMs, answer: { text, media: [] } });
  sessions.touch(sql, turn.sessionKey, nowMs, "done");
  if (turn.reply === undefined) return;
  const { agentId, principal, reply: route, runId, sessionKey } = turn;
  reply(sql, { runId, sessionKey, agentId, principal, route, ending: "final", text, media: [] });
}

/** `/new <model>` chooses a model that may be chosen, `/new <anything else>` goes on with that. */
function afterReset(
  args: string,
  { models, settings }: AcceptPort,
): { readonly model?: string; readonly text: string } {
  const [first = ""] = args.split(/\s/, 1);
  const model = first === "" ? undefined : allowedModel(first, models, settings);
  return model === undefined ? { text: args } : { model, text: args.slice(first.length).trim() };
}

/** The model that a word means, if it may be chosen: `undefined` for any other word. */
function allowedModel(word: string, models: readonly ModelInfo[], settings: AgentSettings): string | undefined {
  const model = resolveModel(word, models, settings.modelAliases);
  return model !== undefined && mayChooseModel(settings, model) ? model : undefined;
}

function withDirectives(
  turn: TurnRequest,
  command: Extract<ChatCommand, { readonly kind: "directives" }>,
  port: AcceptPort,
): TurnRequest {
  const model = command.model === undefined ? undefined : allowedModel(command.model, port.models, port.settings);
  // A word that names no model that may be chosen was meant for the agent.
  if (command.model !== undefined && model === undefined) return turn;
  const options = {
    ...turn.options,
    ...(model !== undefined && { model }),
    ...(command.thinking !== undefined && { thinking: command.thinking }),
    ...(command.queueMode !== undefined && { queueMode: command.queueMode }),
  };
  return { ...replaceText(turn, command.text), options };
}

/** The turn with other words, with what surrounds them for the agent as it was. */
function replaceText(turn: TurnRequest, text: string): TurnRequest {
  let isDone = false;
  const content = turn.content.map((part): MessagePart => {
    if (isDone || part.type !== "text" || !part.text.includes(turn.plainText)) return part;
    isDone = true;
    // A function: what people write may hold replacement patterns.
    return { type: "text", text: part.text.replace(turn.plainText, () => text) };
  });
  return { ...turn, plainText: text, content };
}
