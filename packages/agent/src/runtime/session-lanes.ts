import type { LaneRules } from "../queue/queue-settings.ts";
import { askingIn, askOf, emptyLanes, type LaneName, type LaneState, nextOf, releaseOf } from "../queue/run-lanes.ts";
import { idleQueue, type QueueAction, type QueueEvent, type QueueState, queueStep } from "../queue/turn-queue.ts";
import type { TurnRecord } from "../queue/turn-store.ts";
import type { AgentClock } from "./clock.ts";
import type { OpenWork } from "./open-work.ts";
import { spacedOut } from "./resume-order.ts";
import type { Run, RunAbortReason } from "./run.ts";
import type { RunTurns } from "./run-begin.ts";

/** What one session is busy with, in memory. What isn't busy isn't here. */
interface Lane {
  queue: QueueState;
  rules: LaneRules;
  run: Run | undefined;
  /** A run that a restart cut off, to be taken up first. */
  resume: TurnRecord | undefined;
  cancelWake: (() => void) | undefined;
}

/** What the lanes use. */
export interface LanesPort {
  readonly clock: AgentClock;
  /** How many run at once, and how often a run is begun at most; as it is now. */
  readonly limits: () => { readonly concurrency: Readonly<Record<LaneName, number>>; readonly maxAttempts: number };
  /** A run of these turns. `joining` gives the turns that join it now, between two of its steps. */
  readonly runOf: (turns: RunTurns, joining: () => readonly string[]) => Run;
  /** Does a run to its end, and tells of it. */
  readonly perform: (run: Run) => Promise<void>;
  /** There is no room for a turn. */
  readonly drop: (runId: string, rules: LaneRules) => void;
  /** Of a turn only a line is told. */
  readonly shorten: (runId: string) => void;
  readonly work: OpenWork;
}

/** The order of things: each session has one run at a time, in the order in which it was spoken to, and no more sessions run than may. */
export class SessionLanes {
  readonly #port: LanesPort;
  readonly #lanes = new Map<string, Lane>();
  #slots: LaneState = emptyLanes;
  #state: "holding" | "granting" | "closed" = "holding";
  #isGranting = false;

  constructor(port: LanesPort) {
    this.#port = port;
  }

  /** How many sessions are busy, and how many of them wait for a place. */
  sizes(): { readonly lanes: number; readonly asking: number } {
    return { lanes: this.#lanes.size, asking: askingIn(this.#slots) };
  }

  /** All that run. */
  runs(): readonly Run[] {
    return [...this.#lanes.values()].flatMap(({ run }) => run ?? []);
  }

  /** Runs begin from now on. */
  open(): void {
    this.#state = "granting";
    this.#grant();
  }

  /** No other run begins; what runs goes on. */
  hold(): void {
    if (this.#state === "granting") this.#state = "holding";
  }

  /** Ends every run, and nothing happens after that. @param reason what the runs are told */
  close(reason: RunAbortReason): void {
    this.#state = "closed";
    for (const lane of this.#lanes.values()) {
      lane.cancelWake?.();
      lane.run?.abort(reason);
    }
  }

  /** Forgets everything. Call it when the runs have ended. */
  clear(): void {
    this.#lanes.clear();
    this.#slots = emptyLanes;
  }

  /** A turn waits. @param rules those of its session, as they are now */
  arrive(turn: TurnRecord, rules: LaneRules): void {
    const lane = this.#lane(turn.sessionKey, rules);
    const { authority, mode, runId, shortened } = turn;
    this.#apply(turn.sessionKey, lane, {
      type: "arrived",
      turn: { runId, authority, mode, shortened, atMs: turn.acceptedAtMs },
    });
  }

  /** Turns that don't wait any more. */
  forget(sessionKey: string, runIds: readonly string[]): void {
    const lane = this.#lanes.get(sessionKey);
    if (lane !== undefined && runIds.length > 0) this.#apply(sessionKey, lane, { type: "removed", runIds });
  }

  /**
   * Takes up what an end of the process left, in its order. Runs that were cut off ask for their turn again: at once, or later where
   * they may be what ended the process.
   */
  takeUp(left: readonly { readonly turn: TurnRecord; readonly rules: LaneRules }[]): void {
    const { clock, limits } = this.#port;
    const { maxAttempts } = limits();
    const resumed: { readonly turn: TurnRecord; readonly lane: Lane }[] = [];
    for (const { rules, turn } of left) {
      const lane = this.#lane(turn.sessionKey, rules);
      if (turn.state === "running" && lane.resume === undefined) {
        lane.resume = turn;
        lane.queue = { ...lane.queue, asked: true };
        resumed.push({ turn, lane });
      } else this.arrive(turn, rules);
    }
    // What isn't begun any more can't end anything: it is told so at once.
    const timesOf = ({ turn }: { readonly turn: TurnRecord }) => (turn.attempts >= maxAttempts ? 0 : turn.attempts);
    for (const { delayMs, item } of spacedOut(resumed, timesOf)) {
      const ask = (): void => {
        this.#slots = askOf(this.#slots, item.turn.sessionKey);
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

  /** @returns what the queue says is to be done, after it was done as far as it isn't the caller's */
  #apply(sessionKey: string, lane: Lane, event: QueueEvent): readonly QueueAction[] {
    const { clock, drop, shorten } = this.#port;
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
          drop(action.runId, lane.rules);
          break;
        case "shorten":
          shorten(action.runId);
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

  /** Gives sessions that asked their turn, as long as there is room. */
  #grant(): void {
    if (this.#isGranting) return;
    this.#isGranting = true;
    try {
      while (this.#state === "granting") {
        const next = nextOf(this.#slots, this.#port.limits().concurrency);
        if (next === undefined) return;
        this.#slots = next.state;
        this.#begin(next.sessionKey);
      }
    } finally {
      this.#isGranting = false;
    }
  }

  /** Its turn has come. */
  #begin(sessionKey: string): void {
    const lane = this.#lanes.get(sessionKey);
    if (lane === undefined) {
      this.#slots = releaseOf(this.#slots, sessionKey);
      return;
    }
    const { resume } = lane;
    if (resume === undefined) {
      this.#apply(sessionKey, lane, { type: "granted" });
      return;
    }
    const { authority, runId } = resume;
    lane.resume = undefined;
    lane.queue = { ...lane.queue, asked: false, active: { runId, authority, isEnding: false } };
    this.#start(sessionKey, lane, { runIds: [runId], shortened: [] });
  }

  #start(sessionKey: string, lane: Lane, { runIds, shortened }: Omit<RunTurns, "sessionKey">): void {
    const { perform, runOf, work } = this.#port;
    const joining = (): readonly string[] =>
      this.#apply(sessionKey, lane, { type: "boundary" }).flatMap((action) =>
        action.do === "join" ? action.runIds : [],
      );
    const run = runOf({ sessionKey, runIds, shortened }, joining);
    lane.run = run;
    work.add(
      perform(run).finally(() => {
        lane.run = undefined;
        this.#slots = releaseOf(this.#slots, sessionKey);
        if (this.#state !== "closed") this.#apply(sessionKey, lane, { type: "ended" });
        this.#grant();
      }),
    );
  }
}
