import { type SqlTransaction, StoreError, StoreErrorCode } from "@saltgate/store";
import { isBackendError } from "../backend.ts";
import { type ToolCallPart, toolCallsOf } from "../prompt/model-context.ts";
import { shapeReply } from "../prompt/reply-shape.ts";
import { filesToldTo, systemPrompt, type WorkspaceFile } from "../prompt/system-prompt.ts";
import { endTurn, findTurn, joinedTurns, markRunning, type TurnAnswer, uncountAttempt } from "../queue/turn-store.ts";
import { messagesOfRun } from "../session/transcripts.ts";
import type { Tool, ToolContext } from "../tool.ts";
import type {
  AssistantMessage,
  MessagePart,
  StopReason,
  ToolResultMessage,
  TranscriptMessage,
  Usage,
} from "../transcript.ts";
import type { RunEnding } from "../turn.ts";
import { deferred } from "./deferred.ts";
import { parseModelRef } from "./model-choice.ts";
import type { RunPort } from "./ports.ts";
import { type Begun, beginRun, type RunTurns } from "./run-begin.ts";
import { closeTurn, errorEnding, type RunEnd, withoutUsage } from "./run-ending.ts";
import { RunTally } from "./run-tally.ts";
import { modelChainOf, thinkWithFailover } from "./run-thinking.ts";
import { RunVoice } from "./run-voice.ts";
import type { Thought } from "./thought-step.ts";
import { callTools } from "./tool-calls.ts";

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

/** Pauses between attempts to write what must not be lost, in milliseconds; for a disk that comes back the last one again and again. */
const storePausesMs = [1_000, 2_000, 4_000, 8_000, 16_000];

/** One run: a turn, or several together, answered step by step. */
export class Run {
  readonly sessionKey: string;
  readonly #port: RunPort;
  readonly #turns: RunTurns;
  readonly #controller = new AbortController();
  /** Aborted when the process ends, also when the run was to end for another reason before. */
  readonly #closing = new AbortController();
  #tally = new RunTally();
  #runId: string;
  #voice: RunVoice | undefined;

  constructor(port: RunPort, turns: RunTurns) {
    this.#port = port;
    this.#turns = turns;
    this.sessionKey = turns.sessionKey;
    this.#runId = turns.runIds.at(-1) ?? "";
  }

  /** The run's id: that of the last turn that it answers. */
  get runId(): string {
    return this.#runId;
  }

  /** Ends it at once; what it said so far is kept. */
  abort(reason: RunAbortReason): void {
    if (reason === "closing") this.#closing.abort();
    if (!this.#controller.signal.aborted) this.#controller.abort(new RunAborted(reason));
  }

  /**
   * Does it, to its end.
   * @returns how it ended; `undefined` when it goes on after a restart, or had nothing to answer any more
   * @throws {StoreError} when its end could not be written; it is begun again after the next start
   */
  async perform(): Promise<RunEnd | undefined> {
    const { clock, database } = this.#port;
    const begin = (sql: SqlTransaction): Begun | RunEnd | undefined => {
      this.#tally = new RunTally(); // what an attempt counted that was undone doesn't count
      return beginRun(sql, this.#port, this.#turns, this.#tally);
    };
    // Nobody was promised that it begins: should the power fail, it begins again.
    const write = () => database.write(begin, { flush: "later" });
    const begun = await this.#patiently("the beginning of a run", write, 0).catch((error: unknown) => {
      if (comesBack(error)) throw error;
      return this.#refuseBroken(error);
    });
    if (begun === undefined) return undefined;
    this.#runId = "ending" in begun ? begun.runId : begun.turn.runId;
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
    const { reply } = begun.request;
    const { verboseLevel } = begun.session.settings;
    const showsTools = verboseLevel === "on" || verboseLevel === "full";
    voice.started({ ...(reply && { reply }), ...(showsTools && { showsTools }) });
    const timeoutMs = begun.request.options?.timeoutMs ?? begun.agent.timeoutMs ?? begun.settings.timeoutMs;
    const cancel = clock.after(Math.max(1, Math.min(timeoutMs, 86_400_000)), () => this.abort("timeout"));
    try {
      return await this.#steps(begun, voice);
    } finally {
      cancel();
    }
  }

  /** What can't even begin would be tried again at every start: it is ended, if that can be written. */
  async #refuseBroken(error: unknown): Promise<RunEnd | undefined> {
    this.#port.log.error({ runId: this.#runId, error: String(error) }, "a run can't begin");
    const ending = errorEnding(
      "unknown",
      "The gateway couldn't begin to work on this. The log says why (`logs` in its state folder).",
    );
    return await this.#port.database.write((sql) => {
      const nowMs = this.#port.clock.now();
      const turns = this.#turns.runIds
        .flatMap((runId) => findTurn(sql, runId) ?? [])
        .filter((turn) => turn.endedAtMs === undefined);
      const settings = this.#port.settings();
      const tally = this.#tally;
      for (const turn of turns) {
        const { request } = turn;
        if (request === undefined) endTurn(sql, turn.runId, { ending, nowMs });
        else closeTurn(sql, this.#port, { turn, request, ending, answer: undefined, settings, tally });
      }
      const last = turns.at(-1);
      if (last === undefined) return undefined;
      const joined = turns.slice(0, -1).map(({ runId }) => ({ runId, startedAtMs: nowMs }));
      return { runId: last.runId, ending, message: undefined, isRefused: true, joined };
    });
  }

  async #steps(begun: Begun, voice: RunVoice): Promise<RunEnd | undefined> {
    const { request, settings } = begun;
    const { signal } = this.#controller;
    let partial: readonly MessagePart[] = [];
    try {
      const chain = modelChainOf(begun, this.#port.backends.models());
      const [tools, files] = await Promise.all([
        this.#port.toolsFor({
          runId: this.#runId,
          sessionKey: this.sessionKey,
          agentId: begun.turn.agentId,
          principal: request.principal,
          models: [chain.primary, ...chain.fallbacks].flatMap((name) => parseModelRef(name) ?? []),
          spawnedBy: begun.session.spawnedBy,
          rules: request.options?.tools,
        }),
        this.#port.workspaceFiles(begun.agent.id),
      ]);
      const system = this.#system(begun, tools, files);
      for (;;) {
        signal.throwIfAborted();
        if (this.#tally.steps >= settings.maxSteps)
          return await this.#end(
            begun,
            errorEnding(
              "unknown",
              `This took more than ${settings.maxSteps} steps, and was ended. Say "go on" if it should go on.`,
              "everybody",
            ),
            [],
          );
        this.#tally.steps += 1;
        voice.beginStep(begun.said);
        const collect = { parts: partial };
        let thought: Thought;
        try {
          thought = await thinkWithFailover(this.#port, {
            begun,
            voice,
            tally: this.#tally,
            signal,
            tools,
            system,
            chain,
            collect,
          });
        } finally {
          partial = collect.parts;
        }
        this.#tally.add(thought.usage);
        const calls = thought.parts.filter((part) => part.type === "toolCall");
        if (calls.length === 0) return await this.#finish(begun, thought);
        begun.said.push(thought.text);
        for (const { id } of calls) begun.callIds.add(id);
        await this.#append(begun, this.#assistant(thought.parts, "toolUse", thought.usage));
        partial = [];
        await this.#call(begun, voice, calls, tools);
        await this.#join(begun);
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return await this.#leaveForNextStart();
      const cause: unknown = signal.aborted ? signal.reason : error;
      if (cause instanceof RunAborted && cause.reason !== "closing") {
        const ending: RunEnding = { state: "aborted", stopReason: cause.reason };
        return await this.#end(begun, ending, partial);
      }
      return await this.#end(begun, this.#failure(error), partial);
    }
  }

  /** Should it not be written, it counts as an attempt: what ends the process again and again isn't tried for ever. */
  async #leaveForNextStart(): Promise<undefined> {
    const { database, log } = this.#port;
    await database
      .write((sql) => uncountAttempt(sql, this.#runId), { flush: "later" })
      .catch((error: unknown) => log.warn({ runId: this.#runId, error: String(error) }, "an end in good order counts"));
  }

  #system(begun: Begun, tools: readonly Tool[], files: readonly WorkspaceFile[]): string {
    const { agent, request, session, turn } = begun;
    const isDirect = request.reply?.isDirect ?? session.kind !== "group";
    const isSubagent = session.spawnedBy !== undefined;
    return systemPrompt({
      agent,
      files: filesToldTo(files, { principal: request.principal, isAlone: isDirect, isSubagent }),
      maxFileChars: begun.settings.workspaceFileChars,
      tools: tools.map(({ description }) => description),
      principal: request.principal,
      sessionKey: turn.sessionKey,
      channel: request.reply?.channel,
      isDirect,
      extra: request.options?.extraSystem,
      now: new Date(this.#port.clock.now()).toString(),
    });
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
    // A run that is stopping takes nobody along: what was said after the stop is answered by the next one.
    if (this.#controller.signal.aborted) return;
    const runIds = this.#port.joining();
    if (runIds.length === 0) return;
    const { clock, database, sessions } = this.#port;
    const where = { key: this.sessionKey, sessionId: begun.sessionId, runId: this.#runId };
    const write = (sql: SqlTransaction): readonly TranscriptMessage[] =>
      runIds.flatMap((runId) => {
        const turn = findTurn(sql, runId);
        if (turn?.request === undefined) return [];
        const nowMs = clock.now();
        markRunning(sql, runId, { sessionId: begun.sessionId, nowMs, joinedTo: this.#runId });
        const message: TranscriptMessage = { role: "user", content: turn.request.content, timestamp: nowMs };
        sessions.append(sql, where, message);
        return [message];
      });
    // They don't wait any more: nobody else would answer them before the next start.
    begun.messages.push(...(await this.#patiently("what joins a run", () => database.write(write))));
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
    const model = this.#tally.model === undefined ? undefined : parseModelRef(this.#tally.model);
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
    if (thought.text.trim() === "" && begun.said.length === 0)
      return await this.#end(
        begun,
        errorEnding(
          "unknown",
          "The model answered nothing. Say it again, or choose another model with /model.",
          "everybody",
        ),
        [],
      );
    return await this.#end(begun, { state: "final", usage: this.#tally.usage }, thought.parts, thought);
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
      closeTurn(sql, this.#port, {
        tally: this.#tally,
        turn,
        request: begun.request,
        ending: actual,
        answer,
        settings: begun.settings,
        ...(typeof replyTo === "object" && { replyToId: replyTo.id }),
        ...(shapes.some(({ asVoice }) => asVoice) && { asVoice: true }),
      });
      sessions.spend(sql, where, {
        input: this.#tally.usage.input ?? 0,
        output: this.#tally.usage.output ?? 0,
        context: this.#tally.contextTokens,
        model: this.#tally.model,
      });
      return {
        runId: this.#runId,
        ending: actual,
        message: actual.state === "final" && isSilent ? undefined : message,
        isRefused: false,
        joined,
      };
    };
    const end = await this.#patiently("the end of a run", () => this.#port.database.write(write));
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

  #failure(error: unknown): RunEnding {
    if (isBackendError(error)) return errorEnding(error.kind, error.message);
    this.#port.log.error({ runId: this.#runId, error: String(error) }, "a run failed");
    return errorEnding(
      "unknown",
      "Something went wrong in the gateway while it worked on this. The log says what (`logs` in its state folder).",
    );
  }

  /**
   * A full disk may be emptied: what must not be lost is written then, however long it takes. What fails for another reason is
   * tried again as often as is said, and left to the next start, as everything is when the process ends.
   */
  async #patiently<T>(what: string, work: () => Promise<T>, repeats = storePausesMs.length): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (this.#closing.signal.aborted || (failures >= repeats && !comesBack(error))) throw error;
        this.#port.log.error({ runId: this.#runId, error: String(error) }, `${what} can't be written; trying again`);
        await this.#pause(storePausesMs[Math.min(failures, storePausesMs.length - 1)] ?? 0);
        if (this.#closing.signal.aborted) throw error;
      }
    }
  }

  /** Ends early when the process ends. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    const { promise, resolve } = deferred<void>();
    const cancel = this.#port.clock.after(ms, resolve);
    const end = (): void => resolve();
    signal.addEventListener("abort", end, { once: true });
    await promise;
    signal.removeEventListener("abort", end);
    cancel();
  }
}

/** Whether it is the disk's failure, or another process's, and not that of what is written. */
function comesBack(error: unknown): boolean {
  return error instanceof StoreError && (error.code === StoreErrorCode.Io || error.code === StoreErrorCode.Busy);
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
