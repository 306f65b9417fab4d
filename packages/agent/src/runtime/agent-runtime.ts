import type { SqlTransaction } from "@saltgate/store";
import type { AgentBackend, ModelInfo, ModelRef } from "../backend.ts";
import { AgentError } from "../errors.ts";
import { BuiltInBackend } from "../prompt/built-in-backend.ts";
import { type LaneRules, laneRulesOf } from "../queue/queue-settings.ts";
import {
  glanceAtTurn,
  markShortened,
  newestTurn,
  openTurns,
  openTurnsBelow,
  openTurnsOf,
  requestStop,
  type StopReasonOfTurn,
  type TurnRecord,
  turnsAfter,
} from "../queue/turn-store.ts";
import { sweep } from "../session/retention.ts";
import { SessionStore } from "../session/session-store.ts";
import { messagesOfRun } from "../session/transcripts.ts";
import type { RunPrincipal } from "../tool.ts";
import type { AssistantMessage } from "../transcript.ts";
import type { RunEnding, TurnRequest } from "../turn.ts";
import { type Acceptance, type AcceptOptions, type AcceptPort, acceptTurn, endWaiting } from "./accept-turn.ts";
import type { Cooldowns } from "./model-choice.ts";
import { OpenWork } from "./open-work.ts";
import type { AgentRuntimeOptions } from "./ports.ts";
import { Run } from "./run.ts";
import type { RunTurns } from "./run-begin.ts";
import { errorEnding, noticeOf, type RunEnd } from "./run-ending.ts";
import { tellEnded } from "./run-voice.ts";
import { type RunResult, RunWaiters } from "./run-waiters.ts";
import { SessionLanes } from "./session-lanes.ts";

/** How large the runtime is in memory, for tests that watch it. */
export interface RuntimeSizes {
  readonly lanes: number;
  readonly asking: number;
  readonly runs: number;
  readonly waiters: number;
  readonly cooldowns: number;
}

const sweepEveryMs = 3_600_000;
const pumpBatch = 200;

/**
 * Sessions that are spoken in, and what answers them. What was accepted is on the disk and comes to exactly one end, whatever happens to the
 * process; each session has one run at a time, in the order in which it was spoken to.
 */
export class AgentRuntime {
  /** Sessions and their transcripts, in the same database. */
  readonly sessions: SessionStore;
  readonly #options: AgentRuntimeOptions;
  readonly #builtIn: BuiltInBackend;
  readonly #lanes: SessionLanes;
  readonly #waiters: RunWaiters;
  readonly #work: OpenWork;
  readonly #principals = new Map<string, RunPrincipal>();
  readonly #cooldowns: { value: Cooldowns } = { value: {} };
  #seenSeq = 0;
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  #state: "new" | "open" | "draining" | "closed" = "new";
  #cancelSweep: (() => void) | undefined;
  #cancelPump: (() => void) | undefined;

  constructor(options: AgentRuntimeOptions) {
    this.#options = options;
    this.sessions = new SessionStore({
      newId: options.newId,
      newMessageId: () => options.newId().replaceAll("-", "").slice(-8).padStart(8, "0"),
      mainKey: () => options.settings().session.mainKey,
    });
    this.#builtIn = new BuiltInBackend({
      facts: options.houseFacts,
      whoAsks: (runId) => this.#principals.get(runId),
      now: options.clock.now,
    });
    this.#work = new OpenWork((error) =>
      options.log.error({ error: String(error) }, "a change of the queue can't be written"),
    );
    this.#waiters = new RunWaiters({ clock: options.clock, stateOf: (runId) => this.stateOf(runId) });
    this.#lanes = new SessionLanes({
      clock: options.clock,
      limits: options.settings,
      runOf: (turns, joining) => this.#runOf(turns, joining),
      perform: (run) => this.#perform(run),
      drop: (runId, rules) => this.#work.add(this.#drop(runId, rules)),
      shorten: (runId) => this.#work.add(options.database.write((sql) => markShortened(sql, runId))),
      work: this.#work,
    });
  }

  /** The models that can be chosen, the built-in one first. */
  models(): readonly ModelInfo[] {
    return [...this.#builtIn.models(), ...this.#options.backends.models()];
  }

  /** Takes up what the last process left, oldest first. Call it once, before anything else. */
  async open(): Promise<void> {
    const { left, seen } = await this.#options.database.read((sql) => ({
      // What joined a run ends with it.
      left: openTurns(sql)
        .filter((turn) => turn.joinedTo === undefined)
        .map((turn) => ({ turn, rules: this.#rulesOf(sql, turn) })),
      seen: newestTurn(sql),
    }));
    this.#state = "open";
    this.#seenSeq = seen;
    this.#lanes.takeUp(left);
    this.#lanes.open();
    this.#sweepIn(60_000);
  }

  /**
   * Writes a turn down, in the transaction of its caller; what else it changes is there or not there with it. A command is answered at once,
   * in the same transaction. Say {@link AgentRuntime.accepted} when it is committed.
   */
  accept(sql: SqlTransaction, turn: TurnRequest, options: AcceptOptions): Acceptance {
    if (this.#state === "closed")
      return { status: "refused", code: "closed", reason: "The gateway is ending. Try again when it is back." };
    return acceptTurn(sql, turn, options, this.#acceptPort());
  }

  /** What was accepted is committed: it is taken up. */
  accepted(): void {
    if (this.#pumping !== undefined) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      if (!this.#pumpAgain) return;
      this.#pumpAgain = false;
      this.accepted();
    });
  }

  /** Accepts a turn in a transaction of its own. */
  async submit(turn: TurnRequest, options: AcceptOptions): Promise<Acceptance> {
    const acceptance = await this.#options.database.write((sql) => this.accept(sql, turn, options));
    if (acceptance.status === "accepted") this.accepted();
    return acceptance;
  }

  /**
   * Ends a session's runs, or one of them, and what waits there; with all of them also those of the sessions that it started. Who
   * is told so doesn't get an answer of them any more.
   * @returns the ids of those that were ended
   * @throws {AgentError} `invalid` when the run is another session's
   */
  async abort(what: {
    readonly sessionKey: string;
    readonly runId?: string | undefined;
    readonly stopReason: StopReasonOfTurn;
  }): Promise<readonly string[]> {
    const { runId, sessionKey, stopReason } = what;
    const ending: RunEnding = { state: "aborted", stopReason };
    const done = await this.#options.database.write((sql) => {
      const named = runId === undefined ? undefined : glanceAtTurn(sql, runId);
      if (named !== undefined && named.sessionKey !== sessionKey) return undefined;
      const own = openTurnsOf(sql, sessionKey);
      const open =
        runId === undefined ? [...own, ...openTurnsBelow(sql, sessionKey)] : own.filter((turn) => turn.runId === runId);
      const ended: TurnRecord[] = [];
      const stopping: string[] = [];
      for (const turn of open) {
        if (turn.state === "waiting") {
          if (endWaiting(sql, turn.runId, ending, "", this.#acceptPort())) ended.push(turn);
        } else {
          const leader = turn.joinedTo ?? turn.runId;
          requestStop(sql, leader, stopReason);
          stopping.push(leader);
        }
      }
      return { ended, stopping, runIds: open.map((turn) => turn.runId) };
    });
    if (done === undefined) throw new AgentError("invalid", "runId does not match sessionKey");
    this.#tellEnded(done.ended.map((turn) => ({ turn, ending })));
    this.#forget(done.ended);
    this.#stop(done.stopping, stopReason);
    return done.runIds;
  }

  /**
   * Waits for a run to end.
   * @returns `undefined` when it is unknown, or goes on after `timeoutMs`
   * @throws {AgentError} `busy` when too many wait for it
   */
  wait(runId: string, timeoutMs: number): Promise<RunResult | undefined> {
    return this.#waiters.wait(runId, timeoutMs);
  }

  /** Where a turn is; `undefined` when nobody knows it. */
  stateOf(runId: string): Promise<TurnRecord | undefined> {
    return this.#options.database.read((sql) => glanceAtTurn(sql, runId));
  }

  /** Runs that go on right now. */
  running(): readonly { readonly runId: string; readonly sessionKey: string }[] {
    return this.#lanes.runs().map(({ runId, sessionKey }) => ({ runId, sessionKey }));
  }

  /** Begins no new run, and lets those that go on end, until the signal. What waits is run after the next start. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#state === "open") this.#state = "draining";
    this.#lanes.hold();
    await this.#work.idle(signal);
  }

  /** Ends everything in memory. Runs that still go on are taken up at the next start. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#cancelSweep?.();
    this.#cancelPump?.();
    this.#lanes.close("closing");
    await this.#pumping;
    await this.#work.ended();
    this.#waiters.close();
    this.#lanes.clear();
    await this.#builtIn.close();
  }

  /** @see RuntimeSizes */
  sizes(): RuntimeSizes {
    return {
      ...this.#lanes.sizes(),
      runs: this.#work.size,
      waiters: this.#waiters.size,
      cooldowns: Object.keys(this.#cooldowns.value).length,
    };
  }

  #acceptPort(): AcceptPort {
    const { clock, reply, settings } = this.#options;
    return { sessions: this.sessions, settings: settings(), models: this.models(), nowMs: clock.now(), reply };
  }

  #rulesOf(sql: SqlTransaction, turn: TurnRecord): LaneRules {
    const session = this.sessions.get(sql, turn.sessionKey);
    const { channel = "" } = session?.origin ?? {};
    return laneRulesOf(this.#options.settings().queue, session?.settings ?? {}, channel);
  }

  /** Reads what was accepted since, in its order, and deals it out. */
  async #pump(): Promise<void> {
    while (this.#state !== "closed") {
      let count: number;
      try {
        count = await this.#dealOut();
      } catch (error) {
        this.#options.log.error({ error: String(error) }, "what was accepted can't be read; trying again");
        this.#cancelPump?.();
        this.#cancelPump = this.#options.clock.after(1_000, () => this.accepted());
        return;
      }
      if (count < pumpBatch) return; // what comes meanwhile says so
    }
  }

  /** Deals out the next of what was accepted. What fails is read again, as it is then. @returns how much was read */
  async #dealOut(): Promise<number> {
    const batch = await this.#options.database.read((sql) =>
      turnsAfter(sql, this.#seenSeq, pumpBatch).map((turn) => ({
        turn,
        rules: this.#rulesOf(sql, turn),
        answer: turn.command === undefined || turn.endedAtMs === undefined ? undefined : this.#answerOf(sql, turn),
      })),
    );
    if (this.#state === "closed") return 0;
    for (const { answer, rules, turn } of batch) {
      if (turn.command !== undefined) await this.#afterCommand(turn, answer);
      this.#seenSeq = turn.seq;
      if (turn.endedAtMs === undefined) this.#lanes.arrive(turn, rules);
    }
    return batch.length;
  }

  #answerOf(sql: SqlTransaction, turn: TurnRecord): AssistantMessage | undefined {
    const session = this.sessions.get(sql, turn.sessionKey);
    if (session === undefined) return undefined;
    const last = messagesOfRun(sql, session.sessionId, turn.runId).at(-1)?.message;
    return last?.role === "assistant" ? last : undefined;
  }

  /** What a command did on the disk now happens in memory. */
  async #afterCommand(turn: TurnRecord, answer: AssistantMessage | undefined): Promise<void> {
    const { ended = [], stopping = [] } = turn.command ?? {};
    if (ended.length > 0) {
      const turns = await this.#options.database.read((sql) =>
        ended.flatMap((runId) => glanceAtTurn(sql, runId) ?? []),
      );
      this.#tellEnded(turns.flatMap((one) => (one.ending === undefined ? [] : [{ turn: one, ending: one.ending }])));
      this.#forget(turns);
    }
    this.#stop(stopping, "stop");
    // What goes on with a text and was ended since was told by whoever ended it.
    if (turn.ending?.state === "final") this.#tellEnded([{ turn, ending: turn.ending, message: answer }]);
  }

  /** Turns that ended before they began don't wait in memory either. */
  #forget(ended: readonly TurnRecord[]): void {
    for (const { runId, sessionKey } of ended) this.#lanes.forget(sessionKey, [runId]);
  }

  /** Ends those that run among these. */
  #stop(runIds: readonly string[], reason: StopReasonOfTurn): void {
    if (runIds.length === 0) return;
    for (const run of this.#lanes.runs()) if (runIds.includes(run.runId)) run.abort(reason);
  }

  #runOf(turns: RunTurns, joining: () => readonly string[]): Run {
    return new Run(
      {
        ...this.#options,
        backends: { for: (model) => this.#backendFor(model), models: () => this.models() },
        toolsFor: (question) => {
          this.#principals.set(question.runId, question.principal);
          return this.#options.toolsFor(question);
        },
        sessions: this.sessions,
        cooldowns: this.#cooldowns,
        joining,
      },
      turns,
    );
  }

  async #perform(run: Run): Promise<void> {
    try {
      const end = await run.perform();
      if (end !== undefined) this.#tellRunEnded(run.sessionKey, end);
    } catch (error) {
      this.#options.log.error(
        { runId: run.runId, error: String(error) },
        "a run stays unfinished; it is taken up at the next start",
      );
    } finally {
      this.#principals.delete(run.runId);
    }
  }

  async #backendFor(model: ModelRef): Promise<AgentBackend> {
    return this.#builtIn.serves(model) ? this.#builtIn : await this.#options.backends.for(model);
  }

  /** There is no room for a turn: its sender is told. */
  async #drop(runId: string, { cap }: LaneRules): Promise<void> {
    const ending = errorEnding("unknown", `This wasn't read: ${cap} messages were waiting already.`, "everybody");
    const ended = await this.#options.database.write((sql) => {
      const turn = glanceAtTurn(sql, runId);
      const isEnded = endWaiting(sql, runId, ending, noticeOf(ending, false), this.#acceptPort());
      return isEnded ? turn : undefined;
    });
    if (ended !== undefined) this.#tellEnded([{ turn: ended, ending }]);
  }

  /** Tells of turns that ended without a run of their own. */
  #tellEnded(
    ended: readonly {
      readonly turn: TurnRecord;
      readonly ending: RunEnding;
      readonly message?: AssistantMessage | undefined;
    }[],
  ): void {
    for (const { ending, message, turn } of ended) {
      const { acceptedAtMs, runId, sessionKey, startedAtMs = acceptedAtMs } = turn;
      this.#tellEnd(sessionKey, { runId, startedAtMs }, ending, message);
    }
  }

  #tellRunEnded(sessionKey: string, end: RunEnd): void {
    const { ending, isRefused, joined, runId } = end;
    if (isRefused) this.#tellEnd(sessionKey, { runId, startedAtMs: this.#options.clock.now() }, ending);
    else this.#settle(runId);
    // What a run cost is told once, with the run itself.
    for (const one of joined) this.#tellEnd(sessionKey, one, ending.state === "final" ? { state: "final" } : ending);
  }

  /** Tells of the end of a turn that nothing was heard of before. */
  #tellEnd(
    sessionKey: string,
    { runId, startedAtMs }: { readonly runId: string; readonly startedAtMs: number },
    ending: RunEnding,
    message?: AssistantMessage,
  ): void {
    const { clock, onEvent } = this.#options;
    const agentId = sessionKey.split(":")[1] ?? "main";
    tellEnded({ runId, sessionKey, agentId, startedAtMs, now: clock.now, listener: onEvent }, ending, message);
    this.#settle(runId);
  }

  /** Those who wait for it are told. */
  #settle(runId: string): void {
    if (this.#waiters.size > 0) this.#work.add(this.#waiters.settle(runId));
  }

  #sweepIn(delayMs: number): void {
    this.#cancelSweep = this.#options.clock.after(delayMs, () => {
      const { clock, database, settings } = this.#options;
      const work = database.write((sql) => {
        const { retention, session } = settings();
        return sweep(sql, retention, clock.now(), session.mainKey);
      });
      this.#work.add(
        work.then(
          (taken) => this.#state === "open" && this.#sweepIn(taken > 0 ? 1_000 : sweepEveryMs),
          (error: unknown) => {
            if (this.#state === "open") this.#sweepIn(sweepEveryMs);
            throw error;
          },
        ),
      );
    });
  }
}
