import type { SqlTransaction } from "@saltgate/store";
import { lostResult, toolCallsOf } from "../prompt/model-context.ts";
import { collectedContent } from "../queue/queue-prompt.ts";
import { exceededLimit, isLimited } from "../queue/spend-limits.ts";
import {
  endTurn,
  findTurn,
  joinedTurns,
  markRunning,
  spentByAgent,
  spentBySender,
  type TurnRecord,
} from "../queue/turn-store.ts";
import type { SessionRecord } from "../session/session-record.ts";
import { maxMessageBytes, messagesOfRun, readTranscript } from "../session/transcripts.ts";
import { type AgentProfile, type AgentSettings, agentOf } from "../settings.ts";
import type { MessagePart, TranscriptMessage } from "../transcript.ts";
import type { RunEnding, TurnRequest } from "../turn.ts";
import type { RunPort } from "./ports.ts";
import { closeTurn, errorEnding, type RunEnd } from "./run-ending.ts";
import type { RunTally } from "./run-tally.ts";

/** The turns that a run answers. */
export interface RunTurns {
  readonly sessionKey: string;
  /** In their order; the last of them gives the run its name. */
  readonly runIds: readonly string[];
  /** Of these only a line is told. */
  readonly shortened: readonly string[];
}

/** What a run knows once it has begun. */
export interface Begun {
  readonly turn: TurnRecord;
  readonly request: TurnRequest;
  readonly sessionId: string;
  readonly session: SessionRecord;
  readonly agent: AgentProfile;
  readonly settings: AgentSettings;
  readonly startedAtMs: number;
  readonly messages: TranscriptMessage[];
  /** What the run said in earlier steps, also before a restart. */
  readonly said: string[];
  /** Of the tool calls that it has made, also before a restart. */
  readonly callIds: Set<string>;
}

/** As much as one message may have: whatever was accepted is told whole. */
const maxHistory = { limit: 2_000, maxBytes: maxMessageBytes };

/**
 * Takes the turns of a run, or takes them up again after a restart.
 * @returns how it ended, when it may not begin; `undefined` when there is nothing to answer any more
 */
export function beginRun(
  sql: SqlTransaction,
  port: RunPort,
  what: RunTurns,
  tally: RunTally,
): Begun | RunEnd | undefined {
  const { clock, sessions } = port;
  const nowMs = clock.now();
  const settings = port.settings();
  const open = what.runIds
    .map((runId) => findTurn(sql, runId))
    .filter((turn) => turn !== undefined && turn.endedAtMs === undefined && turn.request !== undefined) as TurnRecord[];
  const turn = open.at(-1);
  const request = turn?.request;
  if (turn === undefined || request === undefined) return undefined;
  const isResumed = turn.state === "running" && turn.sessionId !== undefined;
  const others = isResumed ? joinedTurns(sql, turn.runId) : open.slice(0, -1);
  const agent = agentOf(settings, turn.agentId);
  const startedAtMs = turn.startedAtMs ?? nowMs;
  const refuse = (ending: RunEnding): RunEnd => {
    const joined = others.map(({ runId }) => ({ runId, startedAtMs }));
    for (const { runId } of joined) endTurn(sql, runId, { ending, nowMs });
    closeTurn(sql, port, { turn, request, ending, answer: undefined, settings, tally });
    return { runId: turn.runId, ending, message: undefined, isRefused: true, joined };
  };
  if (turn.stopReason !== undefined) return refuse({ state: "aborted", stopReason: turn.stopReason });
  if (agent === undefined) {
    return refuse(
      errorEnding(
        "unknown",
        `No agent "${turn.agentId}" is configured. Add it to agents.list of the configuration, or point the binding at another agent.`,
      ),
    );
  }
  if (nowMs - turn.acceptedAtMs > settings.turnMaxAgeMs) {
    const hours = Math.round((nowMs - turn.acceptedAtMs) / 3_600_000);
    return refuse(
      errorEnding(
        "timeout",
        `This waited for ${hours} hours while the gateway was away. Say it again if it still matters.`,
        "everybody",
      ),
    );
  }
  if (turn.attempts >= settings.maxAttempts) {
    return refuse(
      errorEnding(
        "unknown",
        `The gateway stopped ${turn.attempts} times while it worked on this. It isn't begun again; its log says why (\`logs\` in the state folder).`,
      ),
    );
  }
  const exceeded = isResumed ? undefined : exceededBy(sql, turn, request, settings, nowMs);
  if (exceeded !== undefined)
    return refuse(errorEnding("rate_limit", `${exceeded}. Try again later, or raise the limit in the configuration.`));
  const session = sessions.ensure(sql, { key: turn.sessionKey, nowMs });
  const sessionId = (isResumed ? turn.sessionId : undefined) ?? session.sessionId;
  markRunning(sql, turn.runId, { sessionId, nowMs });
  const said: string[] = [];
  const callIds = new Set<string>();
  if (isResumed) takeUp(sql, port, { turn, sessionId, said, callIds, tally });
  else {
    for (const { runId } of others) markRunning(sql, runId, { sessionId, nowMs, joinedTo: turn.runId });
    const content = collectedContent(
      open.map((one) => ({
        content: one.request?.content ?? [],
        plainText: one.request?.plainText ?? "",
        shortened: one.shortened || what.shortened.includes(one.runId),
      })),
    );
    const where = { key: turn.sessionKey, sessionId, runId: turn.runId };
    sessions.append(sql, where, { role: "user", content, timestamp: nowMs });
  }
  sessions.touch(sql, turn.sessionKey, nowMs, "running");
  const messages = readTranscript(sql, sessionId, maxHistory)
    .filter(({ aside }) => !aside)
    .map(({ message }) => message);
  return { turn, request, sessionId, session, agent, settings, startedAtMs, messages, said, callIds };
}

/** What a run that was cut off by a restart has already done: calls without a result get one that says so. */
function takeUp(
  sql: SqlTransaction,
  port: RunPort,
  what: {
    readonly turn: TurnRecord;
    readonly sessionId: string;
    readonly said: string[];
    readonly callIds: Set<string>;
    readonly tally: RunTally;
  },
): void {
  const { callIds, said, sessionId, tally, turn } = what;
  const own = messagesOfRun(sql, sessionId, turn.runId).map(({ message }) => message);
  const results = new Set(own.map((message) => (message.role === "toolResult" ? message.toolCallId : "")));
  const where = { key: turn.sessionKey, sessionId, runId: turn.runId };
  for (const message of own) {
    if (message.role !== "assistant") continue;
    tally.steps += 1;
    tally.add(message.usage);
    said.push(textsOf(message.content));
    for (const call of toolCallsOf(message)) {
      callIds.add(call.id);
      if (!results.has(call.id)) port.sessions.append(sql, where, lostResult(call, port.clock.now()));
    }
  }
}

function exceededBy(
  sql: SqlTransaction,
  turn: TurnRecord,
  request: TurnRequest,
  settings: AgentSettings,
  nowMs: number,
): string | undefined {
  const { limits } = settings;
  const own = Object.hasOwn(limits.agents, turn.agentId) ? limits.agents[turn.agentId] : undefined;
  const ofAgent = own ?? limits.agent;
  if (isLimited(ofAgent)) {
    const exceeded = exceededLimit(ofAgent, spentByAgent(sql, turn.agentId, nowMs), `Agent "${turn.agentId}"`);
    if (exceeded !== undefined) return exceeded;
  }
  const { principal } = request;
  if (principal.isOwner || !isLimited(limits.sender)) return undefined;
  return exceededLimit(limits.sender, spentBySender(sql, principal, nowMs), "Your account here");
}

function textsOf(parts: readonly MessagePart[]): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}
