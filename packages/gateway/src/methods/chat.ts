import {
  type AgentSettings,
  isStopText,
  type ModelInfo,
  modelInUse,
  type SessionRecord,
  usualThinking,
} from "@saltgate/agent";
import { LIMITS } from "@saltgate/protocol";
import type { Clock } from "../clock.ts";
import type { Peer } from "../connection/peer.ts";
import { wireMessage } from "../conversation/run-broadcast.ts";
import { RequestError } from "../dispatch/outcome.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import { given } from "../given.ts";
import { type Asked, type AskingOptions, agentOfKey, requireThinking, submitAsked } from "./asked-turn.ts";
import type { Handlers } from "./handlers.ts";
import { sessionKeyOf } from "./sessions.ts";

/** What the methods by which operators talk with agents need. */
export interface ChatMethodsOptions extends AskingOptions {
  readonly events: EventPublisher;
  readonly clock: Clock;
  readonly newId: () => string;
}

type ChatMethods = Pick<
  Handlers,
  "chat.abort" | "chat.history" | "chat.inject" | "chat.send" | "sessions.abort" | "sessions.send" | "sessions.steer"
>;

/** Longest message that is put in, in bytes: a transcript keeps no more of one than a few times that, however it is written. */
const maxInjectedBytes = 4_000_000;

/** Handlers of the methods by which operators talk with agents. What is acknowledged is on the disk. */
export function chatMethods(options: ChatMethodsOptions): ChatMethods {
  const { clock, database, events, newId, runtime, settings } = options;
  const { sessions } = runtime;

  const say = async (
    asked: Asked,
    caller: Peer,
  ): Promise<{ runId: string; status: "started" | "in_flight" | "ok" }> => {
    const known = await submitAsked(asked, caller, options);
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
  const model = modelInUse(settings, agentId, record?.settings.model, models);
  return record?.settings.thinkingLevel ?? usualThinking(settings, agentId, model);
}

/** How long a run may take: never shorter than two minutes, so that waiting for its turn doesn't end it. */
function deadline(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined || timeoutMs === 0) return undefined;
  return Math.min(86_400_000, Math.max(120_000, timeoutMs + 60_000));
}

function readCursor(cursor: string): { readonly sessionId: string; readonly seq: number } | undefined {
  const [, sessionId, seq] = /^(.+):(\d{1,15})$/.exec(cursor) ?? [];
  return sessionId === undefined || seq === undefined ? undefined : { sessionId, seq: Number(seq) };
}
