import { AgentError } from "../errors.ts";
import type { TurnRecord } from "../queue/turn-store.ts";
import type { RunEnding } from "../turn.ts";
import type { AgentClock } from "./clock.ts";
import { deferred } from "./deferred.ts";

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

/** What waiting uses. */
export interface WaitersPort {
  readonly clock: AgentClock;
  /** Where a turn is, by what is on the disk. */
  readonly stateOf: (runId: string) => Promise<TurnRecord | undefined>;
}

const maxWaiters = 10_000;

/** Those who wait for runs to end. What they are told is read from the disk, where it is kept. */
export class RunWaiters {
  readonly #port: WaitersPort;
  readonly #waiting = new Map<string, Set<(result: RunResult | undefined) => void>>();

  constructor(port: WaitersPort) {
    this.#port = port;
  }

  /** For how many runs somebody waits. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a run to end.
   * @returns `undefined` when it is unknown, or goes on after `timeoutMs`
   * @throws {AgentError} `busy` when too many wait for it
   */
  async wait(runId: string, timeoutMs: number): Promise<RunResult | undefined> {
    const { promise, resolve } = deferred<RunResult | undefined>();
    const waiters = this.#waiting.get(runId) ?? new Set();
    if (waiters.size >= maxWaiters) throw new AgentError("busy", "Too many wait for this run already.");
    this.#waiting.set(runId, waiters.add(resolve));
    const cancel = this.#port.clock.after(timeoutMs, () => resolve(undefined));
    try {
      // Asked only now that its end can't go by unheard.
      const turn = await this.#port.stateOf(runId);
      if (turn === undefined) return undefined;
      return turn.endedAtMs === undefined ? await promise : resultOf(turn);
    } finally {
      cancel();
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiting.delete(runId);
    }
  }

  /** A run has ended: those who wait for it are told. */
  async settle(runId: string): Promise<void> {
    const waiters = this.#waiting.get(runId);
    if (waiters === undefined) return;
    const turn = await this.#port.stateOf(runId);
    for (const resolve of waiters) resolve(turn?.endedAtMs === undefined ? undefined : resultOf(turn));
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const waiters of this.#waiting.values()) for (const resolve of waiters) resolve(undefined);
    this.#waiting.clear();
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
