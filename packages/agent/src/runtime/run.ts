import type { SqlTransaction } from "@saltgate/store";
import { BackendError, type BackendErrorKind, isBackendError } from "../backend.ts";
import { lostResult, modelContext, type ToolCallPart, toolCallsOf } from "../prompt/model-context.ts";
import { shapeReply } from "../prompt/reply-shape.ts";
import { systemPrompt } from "../prompt/system-prompt.ts";
import { collectedContent } from "../queue/queue-prompt.ts";
import { exceededLimit, isLimited } from "../queue/spend-limits.ts";
import {
  endTurn,
  findTurn,
  joinedTurns,
  markRunning,
  spentByAgent,
  spentBySender,
  type TurnAnswer,
  type TurnRecord,
} from "../queue/turn-store.ts";
import { maySend } from "../session/send-policy.ts";
import type { SessionRecord, SessionStatus } from "../session/session-record.ts";
import { thinkingLevelOf } from "../session/session-settings.ts";
import type { SessionStore } from "../session/session-store.ts";
import { messagesOfRun, readTranscript } from "../session/transcripts.ts";
import { type AgentProfile, type AgentSettings, agentOf, type ModelChain } from "../settings.ts";
import type { Tool, ToolContext } from "../tool.ts";
import type {
  AssistantMessage,
  MessagePart,
  StopReason,
  ToolResultMessage,
  TranscriptMessage,
  Usage,
} from "../transcript.ts";
import type { RunEnding, RunReply, TurnRequest } from "../turn.ts";
import { deferred } from "./deferred.ts";
import {
  afterFailure,
  afterSuccess,
  type Cooldowns,
  chooseModel,
  mayFailOver,
  modelName,
  parseModelRef,
  resolveModel,
} from "./model-choice.ts";
import type { AgentRuntimeOptions } from "./ports.ts";
import { RunVoice } from "./run-voice.ts";
import { type Thought, ThoughtCollector, thinkStep } from "./thought-step.ts";
import { callTools } from "./tool-calls.ts";

/** What a run uses besides the options of its runtime. */
export interface RunPort extends AgentRuntimeOptions {
  readonly sessions: SessionStore;
  /** Turns that join now, between two steps; they don't wait any more. */
  readonly joining: () => readonly string[];
  readonly cooldowns: { value: Cooldowns };
}

/** Why a run is ended from outside. `closing`: it goes on after the next start. */
export type RunAbortReason = "rpc" | "stop" | "timeout" | "closing";

class RunAborted extends Error {
  override readonly name = "RunAborted";
  readonly reason: RunAbortReason;

  constructor(reason: RunAbortReason) {
    super(`the run was ended: ${reason}`);
    this.reason = reason;
  }
}

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

/** What a run knows once it has begun. */
interface Begun {
  readonly turn: TurnRecord;
  readonly request: TurnRequest;
  readonly sessionId: string;
  readonly session: SessionRecord;
  readonly agent: AgentProfile;
  readonly settings: AgentSettings;
  readonly startedAtMs: number;
  readonly messages: TranscriptMessage[];
  /** What the run said in earlier steps, before a restart. */
  readonly said: string[];
}

const maxHistory = { limit: 2_000, maxBytes: 12 * 1024 * 1024 };
const defaultContextTokens = 128_000;
const endPausesMs = [1_000, 2_000, 4_000, 8_000, 16_000];

/** One run: a turn, or several together, answered step by step. */
export class Run {
  readonly sessionKey: string;
  readonly #port: RunPort;
  readonly #runIds: readonly string[];
  readonly #shortened: readonly string[];
  readonly #controller = new AbortController();
  #runId: string;
  #voice: RunVoice | undefined;
  #usage: Usage = {};
  #contextTokens: number | undefined;
  #model: string | undefined;
  #stepCount = 0;

  constructor(
    port: RunPort,
    what: {
      readonly sessionKey: string;
      readonly leader: string;
      readonly runIds: readonly string[];
      readonly shortened: readonly string[];
    },
  ) {
    this.#port = port;
    this.sessionKey = what.sessionKey;
    this.#runId = what.leader;
    this.#runIds = what.runIds;
    this.#shortened = what.shortened;
  }

  /** The run's id: that of the last turn that it answers. */
  get runId(): string {
    return this.#runId;
  }

  /** Ends it at once; what it said so far is kept. */
  abort(reason: RunAbortReason): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(new RunAborted(reason));
  }

  /**
   * Does it, to its end.
   * @returns how it ended; `undefined` when it goes on after a restart, or had nothing to answer any more
   * @throws {StoreError} when its end could not be written; it is begun again after the next start
   */
  async perform(): Promise<RunEnd | undefined> {
    const { clock, database } = this.#port;
    const begun = await database.write((sql) => this.#begin(sql));
    if (begun === undefined) return undefined;
    if ("ending" in begun) return begun;
    const voice = new RunVoice({
      runId: this.#runId,
      sessionKey: this.sessionKey,
      agentId: begun.turn.agentId,
      now: clock.now,
      listener: this.#port.onEvent,
      startedAtMs: begun.startedAtMs,
    });
    this.#voice = voice;
    voice.started(begun.request.reply);
    const timeoutMs = begun.request.options?.timeoutMs ?? begun.agent.timeoutMs ?? begun.settings.timeoutMs;
    const cancel = clock.after(Math.max(1, Math.min(timeoutMs, 86_400_000)), () => this.abort("timeout"));
    try {
      return await this.#steps(begun, voice);
    } finally {
      cancel();
    }
  }

  /** Takes the turns of the run, or takes them up again. */
  #begin(sql: SqlTransaction): Begun | RunEnd | undefined {
    const { clock, sessions } = this.#port;
    const nowMs = clock.now();
    const settings = this.#port.settings();
    const open = this.#runIds
      .map((runId) => findTurn(sql, runId))
      .filter(
        (turn) => turn !== undefined && turn.endedAtMs === undefined && turn.request !== undefined,
      ) as TurnRecord[];
    const turn = open.at(-1);
    const request = turn?.request;
    if (turn === undefined || request === undefined) return undefined;
    this.#runId = turn.runId;
    const isResumed = turn.state === "running" && turn.sessionId !== undefined;
    const others = isResumed ? joinedTurns(sql, turn.runId) : open.slice(0, -1);
    const agent = agentOf(settings, turn.agentId);
    const startedAtMs = turn.startedAtMs ?? nowMs;
    const refuse = (ending: RunEnding): RunEnd => {
      const joined = others.map(({ runId }) => ({ runId, startedAtMs }));
      for (const { runId } of joined) endTurn(sql, runId, { ending, nowMs });
      this.#finishTurn(sql, { turn, request, ending, answer: undefined, settings });
      return { runId: turn.runId, ending, message: undefined, isRefused: true, joined };
    };
    if (turn.stopReason !== undefined) return refuse({ state: "aborted", stopReason: turn.stopReason });
    if (agent === undefined) {
      return refuse(
        errorEnding(
          "unknown",
          `No agent "${turn.agentId}" is configured. Add it to agents.list, or point the binding at another agent: saltgate config get bindings`,
        ),
      );
    }
    if (nowMs - turn.acceptedAtMs > settings.turnMaxAgeMs) {
      const hours = Math.round((nowMs - turn.acceptedAtMs) / 3_600_000);
      return refuse(
        errorEnding(
          "timeout",
          `This waited for ${hours} hours while the gateway was away. Say it again if it still matters.`,
        ),
      );
    }
    if (turn.attempts >= settings.maxAttempts) {
      return refuse(
        errorEnding(
          "unknown",
          `The gateway stopped ${turn.attempts} times while it worked on this. It isn't begun again; look into the log: saltgate logs`,
        ),
      );
    }
    const exceeded = isResumed ? undefined : this.#exceeded(sql, turn, request, settings, nowMs);
    if (exceeded !== undefined)
      return refuse(
        errorEnding("rate_limit", `${exceeded}. Try again later, or raise the limit in the configuration.`),
      );
    const session = sessions.ensure(sql, { key: turn.sessionKey, nowMs });
    const sessionId = (isResumed ? turn.sessionId : undefined) ?? session.sessionId;
    markRunning(sql, turn.runId, { sessionId, nowMs });
    const said: string[] = [];
    if (isResumed) this.#takeUp(sql, turn, sessionId, said);
    else {
      for (const { runId } of others) markRunning(sql, runId, { sessionId, nowMs, joinedTo: turn.runId });
      const content = collectedContent(
        open.map((one) => ({
          content: one.request?.content ?? [],
          plainText: one.request?.plainText ?? "",
          shortened: one.shortened || this.#shortened.includes(one.runId),
        })),
      );
      const where = { key: turn.sessionKey, sessionId, runId: turn.runId };
      sessions.append(sql, where, { role: "user", content, timestamp: nowMs });
    }
    sessions.touch(sql, turn.sessionKey, nowMs, "running");
    const messages = readTranscript(sql, sessionId, maxHistory)
      .filter(({ aside }) => !aside)
      .map(({ message }) => message);
    return { turn, request, sessionId, session, agent, settings, startedAtMs, messages, said };
  }

  /** What a run that was cut off by a restart has already done: calls without a result get one that says so. */
  #takeUp(sql: SqlTransaction, turn: TurnRecord, sessionId: string, said: string[]): void {
    const own = messagesOfRun(sql, sessionId, turn.runId).map(({ message }) => message);
    const results = new Set(own.map((message) => (message.role === "toolResult" ? message.toolCallId : "")));
    const where = { key: turn.sessionKey, sessionId, runId: turn.runId };
    for (const message of own) {
      if (message.role !== "assistant") continue;
      this.#stepCount += 1;
      this.#count(message.usage);
      said.push(textsOf(message.content));
      for (const call of toolCallsOf(message)) {
        if (!results.has(call.id)) this.#port.sessions.append(sql, where, lostResult(call, this.#port.clock.now()));
      }
    }
  }

  #exceeded(
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

  async #steps(begun: Begun, voice: RunVoice): Promise<RunEnd | undefined> {
    const { request, settings } = begun;
    const { signal } = this.#controller;
    let partial: readonly MessagePart[] = [];
    try {
      const tools = await this.#port.toolsFor({
        runId: this.#runId,
        sessionKey: this.sessionKey,
        agentId: begun.turn.agentId,
        principal: request.principal,
        rules: request.options?.tools,
      });
      const system = await this.#system(begun, tools);
      const chain = this.#chain(begun);
      for (;;) {
        signal.throwIfAborted();
        if (this.#stepCount >= settings.maxSteps)
          return await this.#end(
            begun,
            errorEnding(
              "unknown",
              `This took more than ${settings.maxSteps} steps, and was ended. Say "go on" if it should go on.`,
            ),
            [],
          );
        this.#stepCount += 1;
        voice.beginStep(begun.said);
        const collect = { parts: partial };
        let thought: Thought;
        try {
          thought = await this.#think(begun, voice, { tools, system, chain, collect });
        } finally {
          partial = collect.parts;
        }
        this.#count(thought.usage);
        const calls = thought.parts.filter((part) => part.type === "toolCall");
        if (calls.length === 0) return await this.#finish(begun, thought);
        begun.said.push(thought.text);
        await this.#append(begun, this.#assistant(thought.parts, "toolUse", thought.usage));
        partial = [];
        await this.#call(begun, voice, calls, tools);
        await this.#join(begun);
      }
    } catch (error) {
      const cause: unknown = signal.aborted ? signal.reason : error;
      if (cause instanceof RunAborted) {
        if (cause.reason === "closing") return undefined;
        const ending: RunEnding = { state: "aborted", stopReason: cause.reason };
        return await this.#end(begun, ending, partial);
      }
      return await this.#end(begun, this.#failure(error), partial);
    }
  }

  async #system(begun: Begun, tools: readonly Tool[]): Promise<string> {
    const { agent, request, turn } = begun;
    return systemPrompt({
      agent,
      files: await this.#port.workspaceFiles(agent.id),
      tools: tools.map(({ description }) => description),
      principal: request.principal,
      sessionKey: turn.sessionKey,
      channel: request.reply?.channel,
      isDirect: request.reply?.isDirect ?? true,
      extra: request.options?.extraSystem,
      now: new Date(this.#port.clock.now()).toString(),
    });
  }

  /** Which models may answer, the chosen one first. */
  #chain({ agent, request, session, settings }: Begun): ModelChain {
    const standard = agent.model ?? settings.model;
    const chosen = request.options?.model ?? session.settings.model;
    if (chosen === undefined) return standard;
    const primary = resolveModel(chosen, this.#port.backends.models(), settings.modelAliases) ?? chosen;
    return { primary, fallbacks: standard.fallbacks.filter((name) => name !== primary) };
  }

  /** One step, by the first model that can. Another one answers only as long as nothing was shown. */
  async #think(
    begun: Begun,
    voice: RunVoice,
    with_: {
      readonly tools: readonly Tool[];
      readonly system: string;
      readonly chain: ModelChain;
      readonly collect: { parts: readonly MessagePart[] };
    },
  ): Promise<Thought> {
    const { clock, cooldowns } = this.#port;
    const tried = new Set<string>();
    let last: unknown;
    let contextShare = 0.75;
    // A model that answered goes on answering in this run.
    const chain =
      this.#model === undefined
        ? with_.chain
        : { primary: this.#model, fallbacks: [with_.chain.primary, ...with_.chain.fallbacks] };
    for (;;) {
      const name = chooseModel(chain, tried, cooldowns.value, clock.now());
      if (name === undefined) throw last ?? new BackendError("unavailable", "No model is configured.");
      try {
        const thought = await this.#thinkWith(name, begun, voice, { ...with_, contextShare });
        cooldowns.value = afterSuccess(cooldowns.value, name);
        this.#model = thought.model === undefined ? name : modelName(thought.model);
        return thought;
      } catch (error) {
        this.#controller.signal.throwIfAborted();
        if (!isBackendError(error)) {
          this.#port.log.error(
            { runId: this.#runId, model: name, error: String(error) },
            "a backend failed without saying why",
          );
          throw new BackendError(
            "unknown",
            `The backend of ${name} failed. What it said is in the log: saltgate logs`,
            { cause: error },
          );
        }
        last = error;
        if (voice.spokeInStep) throw error;
        if (error.kind === "context_length" && contextShare > 0.15) {
          voice.compaction("start");
          contextShare /= 2;
          voice.compaction("end");
          continue;
        }
        if (!mayFailOver(error.kind)) throw error;
        cooldowns.value = afterFailure(cooldowns.value, name, error, clock.now());
        tried.add(name);
        this.#port.log.warn(
          { runId: this.#runId, model: name, kind: error.kind },
          "a model can't answer; trying the next one",
        );
      }
    }
  }

  async #thinkWith(
    name: string,
    begun: Begun,
    voice: RunVoice,
    with_: {
      readonly tools: readonly Tool[];
      readonly system: string;
      readonly contextShare: number;
      readonly collect: { parts: readonly MessagePart[] };
    },
  ): Promise<Thought> {
    const { backends, clock, newId } = this.#port;
    const model = parseModelRef(name);
    if (model === undefined)
      throw new BackendError("unavailable", `"${name}" names no model: it reads provider/model.`);
    const backend = await backends.for(model);
    const info = backend.models().find((one) => one.provider === model.provider && one.model === model.model);
    const { agent, request, session, settings, turn } = begun;
    const wanted = request.options?.thinking ?? session.settings.thinkingLevel ?? agent.thinking ?? settings.thinking;
    const collector = new ThoughtCollector({ text: (soFar) => voice.text(soFar) }, () => `call_${newId()}`);
    try {
      return await thinkStep({
        backend,
        clock,
        collector,
        signal: this.#controller.signal,
        silenceMs: settings.silenceMs,
        request: {
          runId: this.#runId,
          sessionKey: turn.sessionKey,
          agentId: turn.agentId,
          model,
          system: with_.system,
          messages: modelContext(
            begun.messages,
            Math.floor((info?.contextWindow ?? defaultContextTokens) * with_.contextShare),
          ),
          tools: with_.tools.map(({ description }) => description),
          thinking: thinkingLevelOf(wanted) ?? "off",
        },
      });
    } finally {
      with_.collect.parts = collector.parts;
    }
  }

  async #call(begun: Begun, voice: RunVoice, calls: readonly ToolCallPart[], tools: readonly Tool[]): Promise<void> {
    const { agent, request, turn } = begun;
    const { signal } = this.#controller;
    await callTools(calls, {
      tools,
      signal,
      now: this.#port.clock.now,
      onStart: (call) => voice.toolStarts(call),
      onResult: async (call, result, outcome) => {
        await this.#append(begun, result);
        voice.toolEnds(call, outcome);
      },
      contextFor: (call): ToolContext => ({
        runId: this.#runId,
        toolCallId: call.id,
        sessionKey: turn.sessionKey,
        agentId: turn.agentId,
        workspace: agent.workspace,
        principal: request.principal,
        reply: request.reply,
        signal,
        progress: (partial) => voice.toolProgress(call, partial.slice(0, 20_000)),
      }),
    });
  }

  /** What was said meanwhile joins, where it may. */
  async #join(begun: Begun): Promise<void> {
    const runIds = this.#port.joining();
    if (runIds.length === 0) return;
    const { clock, database, sessions } = this.#port;
    const where = { key: this.sessionKey, sessionId: begun.sessionId, runId: this.#runId };
    const joined = await database.write((sql) =>
      runIds.flatMap((runId) => {
        const turn = findTurn(sql, runId);
        if (turn?.request === undefined) return [];
        const nowMs = clock.now();
        markRunning(sql, runId, { sessionId: begun.sessionId, nowMs, joinedTo: this.#runId });
        const message: TranscriptMessage = { role: "user", content: turn.request.content, timestamp: nowMs };
        sessions.append(sql, where, message);
        return [message];
      }),
    );
    begun.messages.push(...joined);
  }

  async #append(begun: Begun, message: TranscriptMessage): Promise<void> {
    const where = { key: this.sessionKey, sessionId: begun.sessionId, runId: this.#runId };
    await this.#port.database.write((sql) => this.#port.sessions.append(sql, where, message));
    begun.messages.push(message);
  }

  #assistant(
    parts: readonly MessagePart[],
    stopReason: StopReason,
    usage: Usage | undefined,
    errorMessage?: string,
  ): AssistantMessage {
    const model = this.#model === undefined ? undefined : parseModelRef(this.#model);
    return {
      role: "assistant",
      content: parts,
      ...(model && { provider: model.provider, model: model.model }),
      ...(usage && { usage }),
      stopReason,
      ...(errorMessage !== undefined && { errorMessage }),
      timestamp: this.#port.clock.now(),
    };
  }

  async #finish(begun: Begun, thought: Thought): Promise<RunEnd> {
    if (thought.parts.every((part) => part.type === "thinking") && begun.said.length === 0)
      return await this.#end(
        begun,
        errorEnding("unknown", "The model answered nothing. Say it again, or choose another model with /model."),
        [],
      );
    return await this.#end(begun, { state: "final", usage: this.#usage }, thought.parts, thought);
  }

  /** Ends the run: the last message, the turns, and what is to be delivered, in one transaction. */
  async #end(begun: Begun, ending: RunEnding, said: readonly MessagePart[], thought?: Thought): Promise<RunEnd> {
    const parts = ending.state === "final" ? said : said.filter((part) => part.type !== "toolCall");
    const shapes = [...begun.said, ...(thought === undefined ? [] : [thought.text])].map(shapeReply);
    const isSilent = shapes.at(-1)?.isSilent ?? false;
    const errorMessage = ending.state === "error" ? ending.errorMessage : undefined;
    const stopReason: StopReason =
      ending.state === "final" ? (thought?.stopReason ?? "stop") : ending.state === "error" ? "error" : "aborted";
    const content = isSilent
      ? parts
      : parts
          .map((part) => (part.type === "text" ? { ...part, text: shapeReply(part.text).text } : part))
          .filter((part) => part.type !== "text" || part.text !== "");
    const message =
      content.length === 0 && errorMessage === undefined
        ? undefined
        : this.#assistant(content, stopReason, thought?.usage, errorMessage);
    const answer: TurnAnswer = isSilent
      ? { text: "", media: [] }
      : {
          text: shapes
            .map(({ text }) => text)
            .filter((text) => text !== "")
            .join("\n\n"),
          media: shapes.flatMap(({ media }) => media),
        };
    const replyTo = shapes.find((shape) => shape.replyTo !== undefined)?.replyTo;
    const write = (sql: SqlTransaction): RunEnd => {
      const { clock, sessions } = this.#port;
      const nowMs = clock.now();
      const turn = findTurn(sql, this.#runId);
      if (turn === undefined || turn.endedAtMs !== undefined)
        return { runId: this.#runId, ending: turn?.ending ?? ending, message: undefined, isRefused: false, joined: [] };
      // Whoever was told that it stops doesn't get its answer after that.
      const actual: RunEnding =
        ending.state === "final" && turn.stopReason !== undefined
          ? { state: "aborted", stopReason: turn.stopReason }
          : ending;
      const where = { key: this.sessionKey, sessionId: begun.sessionId, runId: this.#runId };
      this.#closeCalls(sql, begun, where);
      if (message !== undefined) sessions.append(sql, where, message);
      const joined = joinedTurns(sql, this.#runId).map(({ runId, startedAtMs }) => ({
        runId,
        startedAtMs: startedAtMs ?? nowMs,
      }));
      for (const { runId } of joined) endTurn(sql, runId, { ending: withoutUsage(actual), nowMs });
      this.#finishTurn(sql, {
        turn,
        request: begun.request,
        ending: actual,
        answer,
        settings: begun.settings,
        ...(typeof replyTo === "object" && { replyToId: replyTo.id }),
        ...(shapes.some(({ asVoice }) => asVoice) && { asVoice: true }),
      });
      sessions.spend(sql, this.sessionKey, {
        input: this.#usage.input ?? 0,
        output: this.#usage.output ?? 0,
        context: this.#contextTokens,
        model: this.#model,
      });
      return {
        runId: this.#runId,
        ending: actual,
        message: actual.state === "final" && isSilent ? undefined : message,
        isRefused: false,
        joined,
      };
    };
    const end = await this.#patiently(() => this.#port.database.write(write));
    this.#voice?.ended(end.ending, end.message);
    return end;
  }

  /** Calls that have no result yet get one: a transcript without them is refused by providers. */
  #closeCalls(sql: SqlTransaction, begun: Begun, where: { key: string; sessionId: string; runId: string }): void {
    const own = messagesOfRun(sql, begun.sessionId, this.#runId).map(({ message }) => message);
    const results = new Set(own.flatMap((message) => (message.role === "toolResult" ? [message.toolCallId] : [])));
    for (const message of own) {
      if (message.role !== "assistant") continue;
      for (const call of toolCallsOf(message)) {
        if (results.has(call.id)) continue;
        this.#port.sessions.append(sql, where, endedCall(call, this.#port.clock.now()));
      }
    }
  }

  #finishTurn(
    sql: SqlTransaction,
    what: {
      readonly turn: TurnRecord;
      readonly request: TurnRequest;
      readonly ending: RunEnding;
      readonly answer: TurnAnswer | undefined;
      readonly settings: AgentSettings;
      readonly replyToId?: string;
      readonly asVoice?: boolean;
    },
  ): void {
    const { answer = { text: "", media: [] }, ending, request, settings, turn } = what;
    const { clock, sessions } = this.#port;
    const nowMs = clock.now();
    endTurn(sql, turn.runId, {
      ending,
      nowMs,
      answer: ending.state === "final" ? { ...answer, text: answer.text.slice(0, 1_000_000) } : undefined,
      tokens: this.#usage.totalTokens ?? (this.#usage.input ?? 0) + (this.#usage.output ?? 0),
      costUsd: this.#usage.costUsd ?? 0,
    });
    sessions.touch(sql, turn.sessionKey, nowMs, statusOf(ending));
    const { reply } = request;
    if (reply === undefined) return;
    const session = sessions.get(sql, turn.sessionKey);
    const isAllowed = maySend(settings.session.sendPolicy, {
      key: turn.sessionKey,
      channel: reply.channel,
      chatType: session?.origin?.chatType ?? (reply.isDirect ? "direct" : "group"),
      override: session?.settings.sendPolicy,
    });
    const text = ending.state === "final" ? this.#prefixed(answer.text, turn, settings) : noticeOf(ending);
    const delivered: RunReply = {
      runId: turn.runId,
      sessionKey: turn.sessionKey,
      agentId: turn.agentId,
      route: reply,
      text: isAllowed ? text : "",
      media: isAllowed && ending.state === "final" ? answer.media : [],
      ...(what.replyToId !== undefined && { replyToId: what.replyToId }),
      ...(what.asVoice === true && { asVoice: true }),
    };
    this.#port.reply(sql, delivered);
  }

  #prefixed(text: string, turn: TurnRecord, settings: AgentSettings): string {
    const { responsePrefix } = settings;
    if (text === "" || responsePrefix === undefined) return text;
    const agent = agentOf(settings, turn.agentId);
    const [provider = "", ...model] = (this.#model ?? "").split("/");
    const values: Readonly<Record<string, string>> = {
      model: model.join("/"),
      modelFull: this.#model ?? "",
      provider,
      thinkingLevel: agent?.thinking ?? settings.thinking,
      "identity.name": agent?.identity?.name ?? agent?.name ?? turn.agentId,
    };
    return `${responsePrefix.replace(/\{([a-zA-Z.]+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? "") : whole))} ${text}`;
  }

  #failure(error: unknown): RunEnding {
    if (isBackendError(error)) return errorEnding(error.kind, error.message);
    this.#port.log.error({ runId: this.#runId, error: String(error) }, "a run failed");
    return errorEnding(
      "unknown",
      "Something went wrong in the gateway while it worked on this. The log says what: saltgate logs",
    );
  }

  #count(usage: Usage | undefined): void {
    if (usage === undefined) return;
    const sum = (a: number | undefined, b: number | undefined) =>
      a === undefined && b === undefined ? {} : (a ?? 0) + (b ?? 0);
    const total = (key: keyof Usage) => {
      const value = sum(this.#usage[key], usage[key]);
      return typeof value === "number" ? { [key]: value } : {};
    };
    this.#contextTokens = usage.totalTokens ?? (usage.input ?? 0) + (usage.output ?? 0);
    this.#usage = {
      ...total("input"),
      ...total("output"),
      ...total("cacheRead"),
      ...total("cacheWrite"),
      ...total("totalTokens"),
      ...total("costUsd"),
    };
  }

  /** A full disk may be emptied: the end of a run is tried again before it is left to the next start. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (const pauseMs of endPausesMs) {
      try {
        return await work();
      } catch (error) {
        this.#port.log.error(
          { runId: this.#runId, error: String(error) },
          "the end of a run can't be written; trying again",
        );
        const signal = this.#controller.signal;
        if (signal.aborted && signal.reason instanceof RunAborted && signal.reason.reason === "closing") throw error;
        const { promise, resolve } = deferred<void>();
        this.#port.clock.after(pauseMs, resolve);
        await promise;
      }
    }
    return await work();
  }
}

function textsOf(parts: readonly MessagePart[]): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}

function endedCall(call: ToolCallPart, timestamp: number): ToolResultMessage {
  return {
    role: "toolResult",
    toolCallId: call.id,
    toolName: call.name,
    isError: true,
    content: [{ type: "text", text: "The run was ended during this call. Nobody knows whether it took effect." }],
    timestamp,
  };
}

const endingKinds: ReadonlySet<string> = new Set(["refusal", "timeout", "rate_limit", "context_length"]);

/** An ending by a failure. */
export function errorEnding(kind: BackendErrorKind, errorMessage: string): RunEnding {
  const errorKind = (endingKinds.has(kind) ? kind : "unknown") as Extract<RunEnding, { state: "error" }>["errorKind"];
  return { state: "error", errorMessage, errorKind };
}

function withoutUsage(ending: RunEnding): RunEnding {
  return ending.state === "final" ? { state: "final" } : ending;
}

function statusOf(ending: RunEnding): SessionStatus {
  if (ending.state === "final") return "done";
  if (ending.state === "error") return ending.errorKind === "timeout" ? "timeout" : "failed";
  return ending.stopReason === "timeout" ? "timeout" : "killed";
}

/** What people are told when there is no answer. Whoever asked to stop knows. */
export function noticeOf(ending: RunEnding): string {
  if (ending.state === "error") return `⚠️ ${ending.errorMessage}`;
  return ending.state === "aborted" && ending.stopReason === "timeout" ? "⚠️ This took too long, and was ended." : "";
}
