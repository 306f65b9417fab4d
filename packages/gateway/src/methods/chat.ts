import {
  type Acceptance,
  type AgentRuntime,
  type AgentSettings,
  agentIdOf,
  isStopText,
  type MessagePart,
  type ModelInfo,
  maySend,
  modelName,
  parseChatCommand,
  type ReplyRoute,
  type RunPrincipal,
  type RunResult,
  type SessionRecord,
  type TurnOptions,
  type TurnRequest,
  thinkingLevelOf,
  thinkingLevels,
  usualThinking,
} from "@saltgate/agent";
import { type Attachment, LIMITS, type ResultOf, scopeSatisfies } from "@saltgate/protocol";
import type { SqlDatabase } from "@saltgate/store";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { destinationOf } from "../channels/destination.ts";
import type { Clock } from "../clock.ts";
import type { Peer } from "../connection/peer.ts";
import { imageType } from "../conversation/inbound-media.ts";
import { wireMessage } from "../conversation/run-broadcast.ts";
import type { SystemLines } from "../conversation/system-lines.ts";
import { RequestError, TwoPhaseResult } from "../dispatch/outcome.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import { given } from "../given.ts";
import type { Handlers } from "./handlers.ts";
import { requireModel, sessionKeyOf } from "./sessions.ts";

/** What the methods by which operators talk with agents need. */
export interface ChatMethodsOptions {
  readonly database: SqlDatabase;
  readonly runtime: AgentRuntime;
  readonly settings: () => AgentSettings;
  readonly desk: ChannelDesk;
  readonly events: EventPublisher;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Lines that wait for a session, which go with its next message. */
  readonly lines: Pick<SystemLines, "told">;
}

type ChatMethods = Pick<
  Handlers,
  | "agent"
  | "agent.wait"
  | "chat.abort"
  | "chat.history"
  | "chat.inject"
  | "chat.send"
  | "sessions.abort"
  | "sessions.send"
  | "sessions.steer"
>;

/** How ids of runs begin that the gateway makes: of what chats, nodes and agents say. */
const ownRunIds = /^(?:in|node|return|spawn|tool)-/;

/** How long somebody may wait for a run, in milliseconds. */
const maxWaitMs = 86_400_000;
/** What a caller that named no time is given beyond its run, in milliseconds. */
const waitGraceMs = 60_000;

/** Longest message that is put in, in bytes: a transcript keeps no more of one than a few times that, however it is written. */
const maxInjectedBytes = 4_000_000;

/** A turn as a request asks for it. */
interface Asked {
  readonly runId: string;
  readonly sessionKey: string;
  readonly message: string;
  readonly attachments?: readonly Attachment[] | undefined;
  readonly options: TurnOptions;
  readonly reply?: ReplyRoute | undefined;
}

/** Handlers of the methods by which operators talk with agents. What is acknowledged is on the disk. */
export function chatMethods(options: ChatMethodsOptions): ChatMethods {
  const { clock, database, events, lines, newId, runtime, settings } = options;
  const { sessions } = runtime;

  /** @returns what is known of it, when it is a repeat */
  const submit = async (
    asked: Asked,
    caller: Peer,
  ): Promise<Extract<Acceptance, { readonly status: "known" }> | undefined> => {
    const { sessionKey, runId } = asked;
    requireFreeName(runId);
    const images = imagesOf(asked.attachments ?? []);
    if (asked.message.trim() === "" && images.length === 0) {
      throw new RequestError("INVALID_PARAMS", "message or attachment required");
    }
    requireAgent(agentOfKey(sessionKey), settings());
    await requireSendable(options, sessionKey);
    // A command is answered without the agent: what it should hear of waits for a message.
    const isCommand = parseChatCommand(asked.message, settings().session.resetTriggers)?.kind === "command";
    const told = isCommand ? undefined : lines.told(sessionKey);
    const text = [...(told?.texts ?? []), asked.message].join("\n\n");
    const turn: TurnRequest = {
      runId,
      sessionKey,
      agentId: agentOfKey(sessionKey),
      content: [{ type: "text", text }, ...images],
      plainText: asked.message,
      principal: principalOf(caller),
      origin: { channel: "webchat", chatType: "direct" },
      options: asked.options,
      ...(asked.reply !== undefined && { reply: asked.reply }),
    };
    const acceptance = await runtime.submit(turn, { commandAuthorized: true });
    if (acceptance.status === "accepted") {
      told?.heard();
      return undefined;
    }
    if (acceptance.status === "refused") {
      throw new RequestError(acceptance.code === "invalid" ? "INVALID_PARAMS" : "TURN_REFUSED", acceptance.reason);
    }
    if (acceptance.isSame) return acceptance;
    throw new RequestError("IDEMPOTENCY_KEY_REUSED", "this idempotency key belongs to another request");
  };

  const say = async (
    asked: Asked,
    caller: Peer,
  ): Promise<{ runId: string; status: "started" | "in_flight" | "ok" }> => {
    const known = await submit(asked, caller);
    const { runId } = asked;
    if (known === undefined) return { runId, status: "started" };
    if (known.ending === undefined) return { runId, status: "in_flight" };
    if (known.ending.state !== "error") return { runId, status: "ok" };
    throw new RequestError("RUN_FAILED", known.ending.errorMessage, { details: { runId, status: "error" } });
  };

  const abort = async (sessionKey: string, runId: string | undefined, stopReason: "rpc" | "stop") => {
    const known = runId === undefined ? undefined : await runtime.stateOf(runId);
    if (known !== undefined && known.sessionKey !== sessionKey) {
      throw new RequestError("UNKNOWN_RUN", "runId does not match sessionKey");
    }
    const runIds = [...(await runtime.abort({ sessionKey, runId, stopReason }))];
    return { ok: true as const, aborted: runIds.length > 0, runIds };
  };

  return {
    async "chat.send"(params, caller) {
      const sessionKey = sessionKeyOf(params.sessionKey, params.agentId, settings());
      if (isStopText(params.message)) return abort(sessionKey, undefined, "stop");
      const { attachments, idempotencyKey: runId, message, queueMode, thinking, timeoutMs } = params;
      return say(
        {
          runId,
          sessionKey,
          message,
          attachments,
          options: given({ queueMode, thinking: requireThinking(thinking), timeoutMs: deadline(timeoutMs) }),
        },
        caller,
      );
    },
    async "sessions.send"({ key, agentId, attachments, idempotencyKey, message, thinking, timeoutMs }, caller) {
      const sessionKey = sessionKeyOf(key, agentId, settings());
      const levels = { thinking: requireThinking(thinking), timeoutMs: deadline(timeoutMs) };
      const turnOptions = given({ ...levels, queueMode: "followup" as const });
      return say({ runId: idempotencyKey ?? newId(), sessionKey, message, attachments, options: turnOptions }, caller);
    },
    async "sessions.steer"({ key, agentId, attachments, idempotencyKey, message, thinking, timeoutMs }, caller) {
      const sessionKey = sessionKeyOf(key, agentId, settings());
      const levels = { thinking: requireThinking(thinking), timeoutMs: deadline(timeoutMs) };
      const turnOptions = given({ ...levels, queueMode: "steer" as const });
      return say({ runId: idempotencyKey ?? newId(), sessionKey, message, attachments, options: turnOptions }, caller);
    },
    "chat.abort": ({ sessionKey, runId, agentId }) =>
      abort(sessionKeyOf(sessionKey, agentId, settings()), runId, "rpc"),
    async "sessions.abort"({ key, runId, agentId }) {
      const known = key === undefined && runId !== undefined ? await runtime.stateOf(runId) : undefined;
      const sessionKey = key === undefined ? known?.sessionKey : sessionKeyOf(key, agentId, settings());
      if (sessionKey === undefined) return { ok: true, abortedRunId: null, status: "no-active-run" };
      const { runIds } = await abort(sessionKey, runId, "rpc");
      const [first] = runIds;
      return { ok: true, abortedRunId: first ?? null, status: first === undefined ? "no-active-run" : "aborted" };
    },
    async "chat.history"({ sessionKey, agentId, cursor, limit, maxChars, messageId, offset, sessionId }) {
      const key = sessionKeyOf(sessionKey, agentId, settings());
      const from = cursor === undefined ? undefined : readCursor(cursor);
      const found = await database.read((sql) => {
        const record = sessions.get(sql, key);
        const isReadingBack = messageId !== undefined || (sessionId !== undefined && sessionId !== record?.sessionId);
        const isKnown = from !== undefined && from.sessionId === record?.sessionId && !isReadingBack;
        const range = {
          limit: limit ?? 200,
          skip: offset,
          // Room for what surrounds the messages in the answer.
          maxBytes: Math.min(maxChars ?? Number.MAX_SAFE_INTEGER, LIMITS.maxHistoryBytes - 65_536),
        };
        if (!isKnown)
          return {
            record,
            messages: sessions.history(sql, key, range, { sessionId, upTo: messageId }),
            isUsable: false,
          };
        // More that is new than fits can't be told as a delta: what lies between would be missed for ever.
        const { isWhole, messages } = sessions.news(sql, key, { ...range, afterSeq: from.seq });
        return { record, messages, isUsable: isWhole };
      });
      const { record, messages } = found;
      const isReadingBack = (offset ?? 0) > 0 || messageId !== undefined || sessionId !== undefined;
      const last = messages.at(-1)?.seq ?? (found.isUsable ? from?.seq : undefined);
      return {
        ...(cursor !== undefined && { kind: found.isUsable ? ("delta" as const) : ("reset" as const) }),
        sessionKey: key,
        ...(record !== undefined && { sessionId: sessionId ?? record.sessionId }),
        messages: messages.map(({ message }) => wireMessage(message)),
        thinkingLevel: thinkingIn(record, key, runtime.models(), settings()),
        // Who reads back doesn't know the newest.
        ...(record !== undefined &&
          last !== undefined &&
          !isReadingBack && { deltaCursor: `${record.sessionId}:${last}` }),
      };
    },
    async "chat.inject"({ sessionKey, agentId, label, message }) {
      const key = sessionKeyOf(sessionKey, agentId, settings());
      if (Buffer.byteLength(message) > maxInjectedBytes)
        throw new RequestError("INVALID_PARAMS", `message: more than ${maxInjectedBytes} bytes`);
      const done = await database.write((sql) => sessions.inject(sql, key, { text: message, label }, clock.now()));
      if (!done.ok) throw new RequestError("UNKNOWN_SESSION", done.reason);
      events.publish("chat", {
        runId: `inject-${done.messageId}`,
        sessionKey: key,
        seq: 0,
        state: "final",
        message: wireMessage(done.message),
      });
      return { ok: true, messageId: done.messageId };
    },
    async agent(params, caller) {
      const sessionKey = await keyForAgent(params, options);
      const runId = params.idempotencyKey;
      const asked: Asked = {
        runId,
        sessionKey,
        message: params.message,
        attachments: params.attachments,
        reply: params.deliver ? await replyRouteFor(params, sessionKey, options) : undefined,
        options: given({
          thinking: requireThinking(params.thinking),
          model: params.model === undefined ? undefined : requireModel(modelWord(params), options),
          timeoutMs: params.timeout === undefined || params.timeout === 0 ? undefined : params.timeout * 1_000,
          extraSystem: params.extraSystemPrompt,
          spawnedBy: params.spawnedBy,
        }),
      };
      await requireAsExpected(params, sessionKey, options);
      const known = await submit(asked, caller);
      if (known?.ending !== undefined) return finalAnswer(runId, await runtime.wait(runId, 0));
      const accepted = { runId, status: "accepted" as const, acceptedAt: known?.acceptedAtMs ?? clock.now() };
      if (known !== undefined) return accepted;
      if (params.label !== undefined) {
        const { label } = params;
        await database.write((sql) => sessions.patch(sql, sessionKey, { label }, clock.now()));
      }
      const patienceMs = (asked.options.timeoutMs ?? settings().timeoutMs) + waitGraceMs;
      const final = runtime.wait(runId, Math.min(maxWaitMs, patienceMs)).then((result) => finalAnswer(runId, result));
      return new TwoPhaseResult<ResultOf<"agent">>(accepted, final);
    },
    async "agent.wait"({ runId, timeoutMs }) {
      const result = await runtime.wait(runId, Math.min(timeoutMs ?? LIMITS.agentWaitTimeoutMs, maxWaitMs));
      if (result === undefined) return { runId, status: "timeout" };
      const { ending, startedAtMs: startedAt, endedAtMs: endedAt } = result;
      if (ending.state === "error") return { runId, status: "error", startedAt, endedAt, error: ending.errorMessage };
      return { runId, status: "ok", startedAt, endedAt };
    },
  };
}

/** On whose behalf an operator's run works: the owner's own, if it may administrate. */
export function principalOf(caller: Peer): RunPrincipal {
  return {
    isOwner: scopeSatisfies(caller.scopes, "operator.admin"),
    channel: "webchat",
    accountId: undefined,
    senderId: caller.deviceId ?? "local-owner",
    deviceId: caller.deviceId,
  };
}

/** How hard is thought in a session. */
function thinkingIn(
  record: SessionRecord | undefined,
  key: string,
  models: readonly ModelInfo[],
  settings: AgentSettings,
): string {
  const agentId = agentOfKey(key);
  const { primary } = settings.agents.find(({ id }) => id === agentId)?.model ?? settings.model;
  const model = models.find((one) => modelName(one) === (record?.settings.model ?? primary));
  return record?.settings.thinkingLevel ?? usualThinking(settings, agentId, model);
}

function agentOfKey(sessionKey: string): string {
  return sessionKey.split(":")[1] ?? "main";
}

/** How long a run may take: never shorter than two minutes, so that waiting for its turn doesn't end it. */
function deadline(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined || timeoutMs === 0) return undefined;
  return Math.min(86_400_000, Math.max(120_000, timeoutMs + 60_000));
}

async function requireSendable({ database, runtime, settings }: ChatMethodsOptions, sessionKey: string): Promise<void> {
  const record = await database.read((sql) => runtime.sessions.get(sql, sessionKey));
  const { channel, chatType } = record?.origin ?? {};
  const override = record?.settings.sendPolicy;
  if (!maySend(settings().session.sendPolicy, { key: sessionKey, channel, chatType, override })) {
    throw new RequestError("SEND_BLOCKED", "send blocked by session policy");
  }
}

/** The pictures among attachments. What isn't a picture by its content is left out. */
function imagesOf(attachments: readonly Attachment[]): MessagePart[] {
  return attachments.flatMap((attachment): MessagePart[] => {
    const content = attachment.content?.replace(/^data:[^,]*,/, "") ?? "";
    if (content === "") return [];
    if (!/^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(content)) {
      throw new RequestError("INVALID_PARAMS", `attachment ${attachment.fileName ?? ""}: not base64`);
    }
    const bytes = Buffer.from(content, "base64");
    if (bytes.byteLength > LIMITS.maxAttachmentBytes) {
      throw new RequestError(
        "INVALID_PARAMS",
        `attachment ${attachment.fileName ?? ""}: more than ${LIMITS.maxAttachmentBytes} bytes`,
      );
    }
    const mimeType = imageType(bytes);
    return mimeType === undefined ? [] : [{ type: "image", data: bytes.toString("base64"), mimeType }];
  });
}

/** @throws {RequestError} for a name of the gateway's own: what it is given to next, e.g. somebody's message, would pass for a repeat */
function requireFreeName(runId: string): void {
  if (!ownRunIds.test(runId)) return;
  throw new RequestError(
    "INVALID_PARAMS",
    "idempotencyKey: keys that begin with in-, node-, return-, spawn- or tool- are the gateway's own; a random UUID is nobody's",
  );
}

/** @throws {RequestError} when no such agent is configured: what was said to it would fail, in a session that nobody wants */
function requireAgent(agentId: string, { agents }: AgentSettings): void {
  if (agents.some(({ id }) => id === agentIdOf(agentId))) return;
  throw new RequestError(
    "UNKNOWN_AGENT_ID",
    `unknown agent id: ${agentId.slice(0, 80)} (agents.list names the agents)`,
  );
}

/** @throws {RequestError} for a word that is no level of thinking: it would be none at all, without a word about it */
function requireThinking(word: string | undefined): string | undefined {
  if (word === undefined || thinkingLevelOf(word) !== undefined) return word;
  const levels = thinkingLevels.join(", ");
  throw new RequestError("INVALID_PARAMS", `thinking is one of ${levels}, not ${JSON.stringify(word.slice(0, 80))}`);
}

/** @throws {RequestError} when the session isn't the one that was meant, or its label is another one's */
async function requireAsExpected(
  {
    expectedExistingSessionId: expected,
    idempotencyKey,
    label,
  }: {
    readonly expectedExistingSessionId?: string | undefined;
    readonly idempotencyKey: string;
    readonly label?: string | undefined;
  },
  sessionKey: string,
  { database, runtime }: ChatMethodsOptions,
): Promise<void> {
  if (expected === undefined && label === undefined) return;
  // A repeat asks for nothing that isn't done already.
  if ((await runtime.stateOf(idempotencyKey)) !== undefined) return;
  const { owner, record } = await database.read((sql) => {
    const labelled = label === undefined ? undefined : runtime.sessions.resolve(sql, { label: label.trim() });
    return { owner: labelled?.ok ? labelled.record.key : undefined, record: runtime.sessions.get(sql, sessionKey) };
  });
  if (expected !== undefined && record?.sessionId !== expected)
    throw new RequestError("UNKNOWN_SESSION", "the session has started over since, or isn't there yet");
  if (label?.trim() === "") throw new RequestError("INVALID_PARAMS", "a label can't be empty");
  if (owner !== undefined && owner !== sessionKey)
    throw new RequestError("INVALID_PARAMS", `label already in use: ${label} (by ${owner})`);
}

/** Which session a task for an agent is done in: the one that is named, the agent's main one otherwise. */
async function keyForAgent(
  params: {
    readonly agentId?: string | undefined;
    readonly sessionKey?: string | undefined;
    readonly sessionId?: string | undefined;
  },
  { database, runtime, settings }: ChatMethodsOptions,
): Promise<string> {
  const current = settings();
  if (params.agentId !== undefined) requireAgent(params.agentId, current);
  if (params.sessionKey !== undefined) return sessionKeyOf(params.sessionKey, params.agentId, current);
  if (params.sessionId === undefined) return sessionKeyOf("main", params.agentId, current);
  const { sessionId } = params;
  const found = await database.read((sql) => runtime.sessions.resolve(sql, { sessionId }));
  if (!found.ok) throw new RequestError("UNKNOWN_SESSION", found.reason);
  return sessionKeyOf(found.record.key, params.agentId, current);
}

/** Where the answer of such a task is sent besides: where the request says, else where the session's last answer went. */
async function replyRouteFor(
  params: {
    readonly to?: string | undefined;
    readonly replyTo?: string | undefined;
    readonly channel?: string | undefined;
    readonly replyChannel?: string | undefined;
    readonly accountId?: string | undefined;
    readonly replyAccountId?: string | undefined;
    readonly threadId?: string | undefined;
  },
  sessionKey: string,
  { database, desk, runtime }: ChatMethodsOptions,
): Promise<ReplyRoute> {
  const to = params.replyTo ?? params.to;
  if (to !== undefined) {
    const where = destinationOf(desk, {
      to,
      channel: params.replyChannel ?? params.channel,
      accountId: params.replyAccountId ?? params.accountId,
      threadId: params.threadId,
    });
    const { channel, accountId, target } = where;
    return { channel, accountId, ...target, isDirect: !target.to.startsWith("-") };
  }
  const record = await database.read((sql) => runtime.sessions.get(sql, sessionKey));
  if (record?.route !== undefined) return record.route;
  throw new RequestError(
    "UNKNOWN_TARGET",
    "deliver needs a target: to and channel, or a session that was spoken to from a channel",
  );
}

function modelWord({
  model,
  provider,
}: {
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
}): string {
  return provider === undefined || model?.includes("/") ? (model ?? "") : `${provider}/${model}`;
}

function finalAnswer(runId: string, result: RunResult | undefined): ResultOf<"agent"> {
  if (result === undefined) {
    throw new RequestError("RUN_FAILED", "the run did not end in time; agent.wait waits for it", {
      details: { runId, status: "timeout" },
    });
  }
  const { ending } = result;
  if (ending.state === "error") {
    throw new RequestError("RUN_FAILED", ending.errorMessage, { details: { runId, status: "error" } });
  }
  const { media, text } = result;
  const payload = { ...(text !== "" && { text }), ...(media.length > 0 && { mediaUrls: [...media] }) };
  return {
    runId,
    status: "ok",
    summary: ending.state === "aborted" ? "aborted" : "completed",
    result: {
      payloads: Object.keys(payload).length === 0 ? [] : [payload],
      meta: { durationMs: result.endedAtMs - result.startedAtMs, ...(ending.state === "aborted" && { aborted: true }) },
    },
  };
}

function readCursor(cursor: string): { readonly sessionId: string; readonly seq: number } | undefined {
  const [, sessionId, seq] = /^(.+):(\d{1,15})$/.exec(cursor) ?? [];
  return sessionId === undefined || seq === undefined ? undefined : { sessionId, seq: Number(seq) };
}
