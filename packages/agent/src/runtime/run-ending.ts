import type { SqlTransaction } from "@saltgate/store";
import type { BackendErrorKind } from "../backend.ts";
import { endTurn, type TurnAnswer, type TurnRecord } from "../queue/turn-store.ts";
import { maySend } from "../session/send-policy.ts";
import type { SessionStatus } from "../session/session-record.ts";
import { type AgentSettings, agentOf } from "../settings.ts";
import type { AssistantMessage } from "../transcript.ts";
import type { RunEnding, TurnRequest } from "../turn.ts";
import type { RunPort } from "./ports.ts";
import type { RunTally } from "./run-tally.ts";

/** How a run ended: told to those who wait, when it is on the disk. */
export interface RunEnd {
  readonly runId: string;
  readonly ending: RunEnding;
  readonly message: AssistantMessage | undefined;
  /** It ended before it began, and told nothing. */
  readonly isRefused: boolean;
  /** Turns that it answered besides its own. */
  readonly joined: readonly { readonly runId: string; readonly startedAtMs: number }[];
}

/** Longest answer that is kept for those who ask later, in characters. */
const maxAnswerChars = 1_000_000;

/** Ends a turn of a run, for ever, and says to its conversation what there is to say: in one transaction. */
export function closeTurn(
  sql: SqlTransaction,
  port: Pick<RunPort, "clock" | "sessions" | "reply">,
  what: {
    readonly turn: TurnRecord;
    readonly request: TurnRequest;
    readonly ending: RunEnding;
    readonly answer: TurnAnswer | undefined;
    readonly settings: AgentSettings;
    readonly tally: RunTally;
    readonly replyToId?: string;
    readonly asVoice?: boolean;
  },
): void {
  const { answer = { text: "", media: [] }, ending, request, settings, tally, turn } = what;
  const { clock, sessions } = port;
  const nowMs = clock.now();
  const isFinal = ending.state === "final";
  endTurn(sql, turn.runId, {
    ending,
    nowMs,
    answer: isFinal ? { ...answer, text: answer.text.slice(0, maxAnswerChars) } : undefined,
    tokens: tally.totalTokens,
    costUsd: tally.usage.costUsd ?? 0,
  });
  sessions.touch(sql, turn.sessionKey, nowMs, statusOf(ending));
  const { reply: route } = request;
  if (route === undefined) return;
  const session = sessions.get(sql, turn.sessionKey);
  const isAllowed = maySend(settings.session.sendPolicy, {
    key: turn.sessionKey,
    channel: route.channel,
    chatType: session?.origin?.chatType ?? (route.isDirect ? "direct" : "group"),
    override: session?.settings.sendPolicy,
  });
  const text = isFinal ? prefixed(answer.text, turn, settings, tally) : noticeOf(ending, request.principal.isOwner);
  port.reply(sql, {
    runId: turn.runId,
    sessionKey: turn.sessionKey,
    agentId: turn.agentId,
    principal: request.principal,
    route,
    ending: ending.state,
    text: isAllowed ? text : "",
    media: isAllowed && isFinal ? answer.media : [],
    ...(what.replyToId !== undefined && { replyToId: what.replyToId }),
    ...(what.asVoice === true && { asVoice: true }),
  });
}

function prefixed(
  text: string,
  turn: TurnRecord,
  settings: AgentSettings,
  { model: modelFull = "", thinking }: RunTally,
): string {
  const { responsePrefix } = settings;
  if (text === "" || responsePrefix === undefined) return text;
  const agent = agentOf(settings, turn.agentId);
  const [provider = "", ...model] = modelFull.split("/");
  const values = new Map([
    ["model", model.join("/")],
    ["modelFull", modelFull],
    ["provider", provider],
    ["thinkingLevel", thinking],
    ["identity.name", agent?.identity?.name ?? agent?.name ?? turn.agentId],
  ]);
  const prefix = responsePrefix.replace(/\{([a-zA-Z.]+)\}/g, (whole, name: string) => values.get(name) ?? whole);
  return `${prefix} ${text}`;
}

const endingKinds: ReadonlySet<string> = new Set(["refusal", "timeout", "rate_limit", "context_length"]);

type ErrorKind = Extract<RunEnding, { state: "error" }>["errorKind"];

/** An ending by a failure. Its message is for the owner, unless it is said to be for everybody. */
export function errorEnding(kind: BackendErrorKind, errorMessage: string, readers?: "everybody"): RunEnding {
  const errorKind = (endingKinds.has(kind) ? kind : "unknown") as ErrorKind;
  return { state: "error", errorMessage, errorKind, ...(readers !== undefined && { isForEverybody: true }) };
}

/** The ending of a turn that another one was answered with: what was used counts once. */
export function withoutUsage(ending: RunEnding): RunEnding {
  return ending.state === "final" ? { state: "final" } : ending;
}

function statusOf(ending: RunEnding): SessionStatus {
  if (ending.state === "final") return "done";
  if (ending.state === "error") return ending.errorKind === "timeout" ? "timeout" : "failed";
  return ending.stopReason === "timeout" ? "timeout" : "killed";
}

/** What guests are told of a failure: addresses, models and limits of the house are its owner's to know. */
const guestWords: Readonly<Record<ErrorKind, string>> = {
  refusal: "The model declined to answer this.",
  timeout: "The answer took too long. Say it again.",
  rate_limit: "Too much was asked for now. Try again later.",
  context_length: "This conversation is longer than the model takes. Say /new to start over.",
  unknown: "This couldn't be answered. The owner of this gateway can see why.",
};

/** What people are told when there is no answer. Whoever asked to stop knows. */
export function noticeOf(ending: RunEnding, isOwner: boolean): string {
  if (ending.state === "error") {
    const mayRead = isOwner || ending.isForEverybody === true;
    return `⚠️ ${mayRead ? ending.errorMessage : guestWords[ending.errorKind]}`;
  }
  return ending.state === "aborted" && ending.stopReason === "timeout" ? "⚠️ This took too long, and was ended." : "";
}
