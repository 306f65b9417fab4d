import type { ReplyRoute, RunResult } from "@saltgate/agent";
import { LIMITS, type ResultOf } from "@saltgate/protocol";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { destinationOf } from "../channels/destination.ts";
import type { Clock } from "../clock.ts";
import { RequestError, TwoPhaseResult } from "../dispatch/outcome.ts";
import { given } from "../given.ts";
import { type Asked, type AskingOptions, requireAgent, requireThinking, submitAsked } from "./asked-turn.ts";
import type { Handlers } from "./handlers.ts";
import { requireModel, sessionKeyOf } from "./sessions.ts";

/** What the methods need that give agents tasks. */
export interface AgentRunMethodsOptions extends AskingOptions {
  readonly desk: ChannelDesk;
  readonly clock: Clock;
}

type AgentRunMethods = Pick<Handlers, "agent" | "agent.wait">;

/** How long somebody may wait for a run, in milliseconds. */
const maxWaitMs = 86_400_000;
/** What a caller that named no time is given beyond its run, in milliseconds. */
const waitGraceMs = 60_000;

/** Handlers of the methods that give an agent a task, and wait for what comes of it. */
export function agentRunMethods(options: AgentRunMethodsOptions): AgentRunMethods {
  const { clock, database, runtime, settings } = options;
  const { sessions } = runtime;
  return {
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
      const known = await submitAsked(asked, caller, options);
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
  { database, runtime }: AgentRunMethodsOptions,
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
  { database, runtime, settings }: AgentRunMethodsOptions,
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
  { database, desk, runtime }: AgentRunMethodsOptions,
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
