import type { SqlTransaction } from "@saltgate/store";
import type { AgentBackend, ModelInfo, ModelRef } from "../backend.ts";
import { AgentError } from "../errors.ts";
import { BuiltInBackend } from "../prompt/built-in-backend.ts";
import { type LaneRules, laneRulesOf } from "../queue/queue-settings.ts";
import { askingIn, askOf, emptyLanes, type LaneState, nextOf, releaseOf } from "../queue/run-lanes.ts";
import { idleQueue, type QueueAction, type QueueEvent, type QueueState, queueStep } from "../queue/turn-queue.ts";
import {
  glanceAtTurn,
  markShortened,
  newestTurn,
  openTurns,
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
import type { RunEnding, RunEvent, TurnRequest } from "../turn.ts";
import { type Acceptance, type AcceptOptions, type AcceptPort, acceptTurn, endWaiting } from "./accept-turn.ts";
import { deferred } from "./deferred.ts";
import type { Cooldowns } from "./model-choice.ts";
import type { AgentRuntimeOptions } from "./ports.ts";
import { spacedOut } from "./resume-order.ts";
import { Run } from "./run.ts";
import { errorEnding, noticeOf, type RunEnd } from "./run-ending.ts";
import { RunVoice } from "./run-voice.ts";

/** What one session is busy with, in memory. What isn't busy isn't here. */
interface Lane {
  queue: QueueState;
  rules: LaneRules;
  run: Run | undefined;
  /** A run that a restart cut off, to be taken up first. */
  resume: TurnRecord | undefined;
  cancelWake: (() => void) | undefined;
}

/** What a run came to. */
export interface RunResult {
  readonly runId: string;
  readonly ending: RunEnding;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** What was said, without tags; empty when nothing is to be delivered. */
  readonly text: string;
  readonly media: readonly string[];
}

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
const maxWaiters = 10_000;

/**
 * Sessions that are spoken in, and what answers them. What was accepted is on the disk and comes to exactly one end, whatever happens to the
 * process; each session has one run at a time, in the order in which it was spoken to.
 */
export class AgentRuntime {
  /** Sessions and their transcripts, in the same database. */
  readonly sessions: SessionStore;
  readonly #options: AgentRuntimeOptions;
  readonly #builtIn: BuiltInBackend;
  readonly #lanes = new Map<string, Lane>();
  readonly #waiters = new Map<string, Set<(result: RunResult | undefined) => void>>();
  readonly #performing = new Set<Promise<void>>();
  readonly #principals = new Map<string, RunPrincipal>();
  readonly #cooldowns: { value: Cooldowns } = { value: {} };
  #slots: LaneState = emptyLanes;
  #seenSeq = 0;
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  #granting = false;
  #state: "new" | "open" | "draining" | "closed" = "new";
  #idle: (() => void)[] = [];
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
  }

  /** The models that can be chosen, the built-in one first. */
  models(): readonly ModelInfo[] {
    return [...this.#builtIn.models(), ...this.#options.backends.models()];
  }

  /** Takes up what the last process left, oldest first. Call it once, before anything else. */
  async open(): Promise<void> {
    const { open, rules, seen } = await this.#options.database.read((sql) => {
      const turns = openTurns(sql);
      return {
        open: turns,
        seen: newestTurn(sql),
        rules: new Map(turns.map((turn) => [turn.runId, this.#rulesOf(sql, turn)])),
      };
    });
    this.#state = "open";
    this.#seenSeq = seen;
    const resumed: { readonly turn: TurnRecord; readonly lane: Lane }[] = [];
    for (const turn of open) {
      if (turn.joinedTo !== undefined) continue; // ends with its run
      const lane = this.#lane(turn.sessionKey, rules.get(turn.runId) ?? this.#standardRules());
      if (turn.state === "running" && lane.resume === undefined) {
        lane.resume = turn;
        lane.queue = { ...lane.queue, asked: true };
        resumed.push({ turn, lane });
      } else this.#arrive(turn, lane.rules);
    }
    this.#takeUp(resumed);
    this.#grant();
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
   * Ends a session's runs, or one of them, and what waits there. Who is told so doesn't get an answer of them any more.
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
      const open = openTurnsOf(sql, sessionKey).filter((turn) => runId === undefined || turn.runId === runId);
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
    this.#forget(
      sessionKey,
      done.ended.map((turn) => turn.runId),
    );
    const run = this.#lanes.get(sessionKey)?.run;
    if (run !== undefined && done.stopping.includes(run.runId)) run.abort(stopReason);
    return done.runIds;
  }

  /**
   * Waits for a run to end.
   * @returns `undefined` when it is unknown, or goes on after `timeoutMs`
   */
  async wait(runId: string, timeoutMs: number): Promise<RunResult | undefined> {
    const { promise, resolve } = deferred<RunResult | undefined>();
    const waiters = this.#waiters.get(runId) ?? new Set();
    if (waiters.size >= maxWaiters) throw new AgentError("busy", "Too many wait for this run already.");
    this.#waiters.set(runId, waiters.add(resolve));
    const cancel = this.#options.clock.after(timeoutMs, () => resolve(undefined));
    try {
      const turn = await this.stateOf(runId);
      if (turn === undefined) return undefined;
      if (turn.endedAtMs !== undefined) return resultOf(turn);
      return await promise;
    } finally {
      cancel();
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiters.delete(runId);
    }
  }

  /** Where a turn is; `undefined` when nobody knows it. */
  stateOf(runId: string): Promise<TurnRecord | undefined> {
    return this.#options.database.read((sql) => glanceAtTurn(sql, runId));
  }

  /** Runs that go on right now. */
  running(): readonly { readonly runId: string; readonly sessionKey: string }[] {
    return [...this.#lanes].flatMap(([sessionKey, { run }]) =>
      run === undefined ? [] : [{ runId: run.runId, sessionKey }],
    );
  }

  /** Begins no new run, and lets those that go on end, until the signal. What waits is run after the next start. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#state === "open") this.#state = "draining";
    if (this.#performing.size === 0 || signal.aborted) return;
    const { promise, resolve } = deferred<void>();
    this.#idle.push(resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  /** Ends everything in memory. Runs that still go on are taken up at the next start. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#cancelSweep?.();
    this.#cancelPump?.();
    for (const lane of this.#lanes.values()) {
      lane.cancelWake?.();
      lane.run?.abort("closing");
    }
    await this.#pumping;
    while (this.#performing.size > 0) await Promise.all(this.#performing);
    for (const waiters of this.#waiters.values()) for (const resolve of waiters) resolve(undefined);
    this.#waiters.clear();
    this.#lanes.clear();
    this.#slots = emptyLanes;
    await this.#builtIn.close();
  }

  /** @see RuntimeSizes */
  sizes(): RuntimeSizes {
    return {
      lanes: this.#lanes.size,
      asking: askingIn(this.#slots),
      runs: this.#performing.size,
      waiters: this.#waiters.size,
      cooldowns: Object.keys(this.#cooldowns.value).length,
    };
  }

  #acceptPort(): AcceptPort {
    const { clock, reply, settings } = this.#options;
    return { sessions: this.sessions, settings: settings(), models: this.models(), nowMs: clock.now(), reply };
  }

  #standardRules(): LaneRules {
    return laneRulesOf(this.#options.settings().queue, {}, "");
  }

  #rulesOf(sql: SqlTransaction, turn: TurnRecord): LaneRules {
    const session = this.sessions.get(sql, turn.sessionKey);
    const { channel = "" } = session?.origin ?? {};
    return laneRulesOf(this.#options.settings().queue, session?.settings ?? {}, channel);
  }

  /** Reads what was accepted since, in its order, and deals it out. */
  async #pump(): Promise<void> {
    while (this.#state !== "closed") {
      let batch: readonly { turn: TurnRecord; rules: LaneRules; answer: AssistantMessage | undefined }[];
      try {
        batch = await this.#options.database.read((sql) =>
          turnsAfter(sql, this.#seenSeq, pumpBatch).map((turn) => ({
            turn,
            rules: this.#rulesOf(sql, turn),
            answer: turn.command === undefined || turn.endedAtMs === undefined ? undefined : this.#answerOf(sql, turn),
          })),
        );
      } catch (error) {
        this.#options.log.error({ error: String(error) }, "what was accepted can't be read; trying again");
        this.#cancelPump?.();
        this.#cancelPump = this.#options.clock.after(1_000, () => this.accepted());
        return;
      }
      if (batch.length === 0 || (this.#state as string) === "closed") return;
      for (const { answer, rules, turn } of batch) {
        this.#seenSeq = turn.seq;
        if (turn.command !== undefined) await this.#afterCommand(turn, answer);
        if (turn.endedAtMs === undefined) this.#arrive(turn, rules);
      }
    }
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
      const turns = await this.#options.database.read((sql) => ended.map((runId) => glanceAtTurn(sql, runId)));
      this.#tellEnded(turns.flatMap((one) => (one?.ending === undefined ? [] : [{ turn: one, ending: one.ending }])));
      this.#forget(turn.sessionKey, ended);
    }
    const run = this.#lanes.get(turn.sessionKey)?.run;
    if (run !== undefined && stopping.includes(run.runId)) run.abort("stop");
    if (turn.ending !== undefined) this.#tellEnded([{ turn, ending: turn.ending, message: answer }]);
  }

  #arrive(turn: TurnRecord, rules: LaneRules): void {
    const lane = this.#lane(turn.sessionKey, rules);
    const { authority, mode, runId, shortened } = turn;
    this.#apply(turn.sessionKey, lane, {
      type: "arrived",
      turn: { runId, authority, mode, shortened, atMs: turn.acceptedAtMs },
    });
  }

  #lane(sessionKey: string, rules: LaneRules): Lane {
    const known = this.#lanes.get(sessionKey);
    if (known !== undefined) {
      known.rules = rules;
      return known;
    }
    const lane: Lane = { queue: idleQueue, rules, run: undefined, resume: undefined, cancelWake: undefined };
    this.#lanes.set(sessionKey, lane);
    return lane;
  }

  /** Turns that don't wait any more. */
  #forget(sessionKey: string, runIds: readonly string[]): void {
    const lane = this.#lanes.get(sessionKey);
    if (lane !== undefined && runIds.length > 0) this.#apply(sessionKey, lane, { type: "removed", runIds });
  }

  /** @returns what the queue says is to be done, after it was done as far as it isn't the caller's */
  #apply(sessionKey: string, lane: Lane, event: QueueEvent): readonly QueueAction[] {
    const { clock } = this.#options;
    const step = queueStep(lane.queue, event, lane.rules, clock.now());
    lane.queue = step.state;
    for (const action of step.actions) {
      switch (action.do) {
        case "ask":
          this.#slots = askOf(this.#slots, sessionKey);
          this.#grant();
          break;
        case "yield":
          this.#slots = releaseOf(this.#slots, sessionKey);
          break;
        case "start":
          this.#start(sessionKey, lane, action);
          break;
        case "abort":
          lane.run?.abort("stop");
          break;
        case "drop":
          this.#drop(action.runId, lane.rules);
          break;
        case "shorten":
          this.#later(this.#options.database.write((sql) => markShortened(sql, action.runId)));
          break;
        case "wake":
          lane.cancelWake?.();
          lane.cancelWake = clock.after(Math.max(0, action.atMs - clock.now()), () => {
            if (this.#state !== "closed") this.#apply(sessionKey, lane, { type: "due" });
          });
          break;
        case "join":
          break;
        default:
          action satisfies never;
      }
    }
    const { active, asked, waiting } = lane.queue;
    if (active === undefined && !asked && waiting.length === 0 && lane.run === undefined) {
      lane.cancelWake?.();
      this.#lanes.delete(sessionKey);
    }
    return step.actions;
  }

  /** Runs that were cut off ask for their turn again: at once, or later where they may be what ended the process. */
  #takeUp(resumed: readonly { readonly turn: TurnRecord; readonly lane: Lane }[]): void {
    const { clock, settings } = this.#options;
    const { maxAttempts } = settings();
    // What isn't begun any more can't end anything: it is told so at once.
    const timesOf = ({ turn }: { readonly turn: TurnRecord }) => (turn.attempts >= maxAttempts ? 0 : turn.attempts);
    for (const { delayMs, item } of spacedOut(resumed, timesOf)) {
      const { sessionKey } = item.turn;
      const ask = (): void => {
        this.#slots = askOf(this.#slots, sessionKey);
      };
      if (delayMs === 0) ask();
      else
        item.lane.cancelWake = clock.after(delayMs, () => {
          if (this.#state === "closed") return;
          ask();
          this.#grant();
        });
    }
  }

  /** Gives sessions that asked their turn, as long as there is room. */
  #grant(): void {
    if (this.#granting) return;
    this.#granting = true;
    try {
      while (this.#state === "open") {
        const next = nextOf(this.#slots, this.#options.settings().concurrency);
        if (next === undefined) return;
        this.#slots = next.state;
        const { sessionKey } = next;
        const lane = this.#lanes.get(sessionKey);
        if (lane === undefined) {
          this.#slots = releaseOf(this.#slots, sessionKey);
          continue;
        }
        const { resume } = lane;
        if (resume === undefined) {
          this.#apply(sessionKey, lane, { type: "granted" });
          continue;
        }
        const { authority, runId } = resume;
        lane.resume = undefined;
        lane.queue = { ...lane.queue, asked: false, active: { runId, authority, isEnding: false } };
        this.#start(sessionKey, lane, { runIds: [runId], shortened: [] });
      }
    } finally {
      this.#granting = false;
    }
  }

  #start(
    sessionKey: string,
    lane: Lane,
    what: { readonly runIds: readonly string[]; readonly shortened: readonly string[] },
  ): void {
    const run = new Run(
      {
        ...this.#options,
        backends: { for: (model) => this.#backendFor(model), models: () => this.models() },
        toolsFor: (question) => {
          this.#principals.set(question.runId, question.principal);
          return this.#options.toolsFor(question);
        },
        sessions: this.sessions,
        cooldowns: this.#cooldowns,
        joining: () =>
          this.#apply(sessionKey, lane, { type: "boundary" }).flatMap((action) =>
            action.do === "join" ? action.runIds : [],
          ),
      },
      { sessionKey, runIds: what.runIds, shortened: what.shortened },
    );
    lane.run = run;
    const performing = run
      .perform()
      .then((end) => {
        if (end !== undefined) this.#tellRunEnded(sessionKey, end);
      })
      .catch((error: unknown) => {
        this.#options.log.error(
          { runId: run.runId, error: String(error) },
          "a run stays unfinished; it is taken up at the next start",
        );
      })
      .finally(() => {
        this.#performing.delete(performing);
        this.#principals.delete(run.runId);
        lane.run = undefined;
        this.#slots = releaseOf(this.#slots, sessionKey);
        if (this.#state !== "closed") this.#apply(sessionKey, lane, { type: "ended" });
        this.#grant();
        this.#tellIdle();
      });
    this.#performing.add(performing);
  }

  /** Those who wait for everything to be done are told. */
  #tellIdle(): void {
    if (this.#performing.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #backendFor(model: ModelRef): Promise<AgentBackend> {
    return this.#builtIn.serves(model) ? this.#builtIn : await this.#options.backends.for(model);
  }

  #drop(runId: string, { cap }: LaneRules): void {
    const ending = errorEnding("unknown", `This wasn't read: ${cap} messages were waiting already.`, "everybody");
    this.#later(
      this.#options.database
        .write((sql) => {
          const turn = glanceAtTurn(sql, runId);
          return turn !== undefined && endWaiting(sql, runId, ending, noticeOf(ending, false), this.#acceptPort())
            ? turn
            : undefined;
        })
        .then((turn) => turn && this.#tellEnded([{ turn, ending }])),
    );
  }

  /** Something that nobody waits for. */
  #later(work: Promise<unknown>): void {
    const done: Promise<void> = work
      .then(() => undefined)
      .catch((error: unknown) =>
        this.#options.log.error({ error: String(error) }, "a change of the queue can't be written"),
      )
      .finally(() => {
        this.#performing.delete(done);
        this.#tellIdle();
      });
    this.#performing.add(done);
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
      const { agentId, runId, sessionKey } = turn;
      const startedAtMs = turn.startedAtMs ?? turn.acceptedAtMs;
      const voice = new RunVoice({
        runId,
        sessionKey,
        agentId,
        startedAtMs,
        now: this.#options.clock.now,
        listener: (event: RunEvent) => this.#options.onEvent(event),
      });
      voice.started();
      voice.ended(ending, message);
      this.#settle(runId);
    }
  }

  #tellRunEnded(sessionKey: string, end: RunEnd): void {
    const agentId = sessionKey.split(":")[1] ?? "main";
    const quiet: RunEnding = end.ending.state === "final" ? { state: "final" } : end.ending;
    const silent = [
      ...(end.isRefused ? [{ runId: end.runId, startedAtMs: this.#options.clock.now() }] : []),
      ...end.joined,
    ];
    for (const { runId, startedAtMs } of silent) {
      const voice = new RunVoice({
        runId,
        sessionKey,
        agentId,
        startedAtMs,
        now: this.#options.clock.now,
        listener: this.#options.onEvent,
      });
      voice.started();
      voice.ended(runId === end.runId ? end.ending : quiet);
    }
    for (const runId of [end.runId, ...end.joined.map((one) => one.runId)]) this.#settle(runId);
  }

  /** Those who wait for a run are told, from what is on the disk. */
  #settle(runId: string): void {
    const waiters = this.#waiters.get(runId);
    if (waiters === undefined) return;
    this.#later(
      this.stateOf(runId).then((turn) => {
        for (const resolve of waiters) resolve(turn?.endedAtMs === undefined ? undefined : resultOf(turn));
      }),
    );
  }

  #sweepIn(delayMs: number): void {
    this.#cancelSweep = this.#options.clock.after(delayMs, () => {
      const { clock, database, settings } = this.#options;
      const work = database.write((sql) => sweep(sql, settings().retention, clock.now()));
      this.#later(
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

function resultOf(turn: TurnRecord): RunResult {
  return {
    runId: turn.runId,
    ending: turn.ending ?? { state: "final" },
    startedAtMs: turn.startedAtMs ?? turn.acceptedAtMs,
    endedAtMs: turn.endedAtMs ?? turn.acceptedAtMs,
    text: turn.answer?.text ?? "",
    media: turn.answer?.media ?? [],
  };
}
