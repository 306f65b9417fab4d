import type { ClientClock } from "@saltgate/client";
import { type ProcessIdentity, RunningLock, StoreError } from "@saltgate/store";
import { ExitCode, NodeServiceError } from "./exit-codes.ts";

const lockOf = (path: string, clock: ClientClock): RunningLock =>
  new RunningLock({ path, waitMs: 1_000, now: () => clock.now(), every: (ms, task) => repeat(clock, ms, task) });

/** Calls back every so many milliseconds. */
function repeat(clock: ClientClock, intervalMs: number, task: () => void): () => void {
  let cancel = clock.after(intervalMs, again);
  function again(): void {
    task();
    cancel = clock.after(intervalMs, again);
  }
  return () => cancel();
}

/** The process of the node that runs on this state, if one does. */
export function livingNode(lockFile: string, clock: ClientClock): Promise<ProcessIdentity | undefined> {
  return lockOf(lockFile, clock).holder();
}

/** Runs `work` as the only node on this state: two with one key would push each other off the gateway. */
export async function asOnlyNode<T>(lockFile: string, clock: ClientClock, work: () => Promise<T>): Promise<T> {
  const lock = lockOf(lockFile, clock);
  try {
    return await lock.hold(work);
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== "busy") throw cause;
    const other = await lock.holder();
    throw new NodeServiceError(
      "NODE_RUNS_ALREADY",
      `a node runs on this state already${other === undefined ? "" : ` (process ${other.pid})`}`,
      { exitCode: ExitCode.Config, mend: "Use it, or stop it first. For a second node use --profile <name>.", cause },
    );
  }
}
