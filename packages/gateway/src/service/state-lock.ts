import { RunningLock, StoreError } from "@saltgate/store";
import type { Clock } from "../clock.ts";
import { StartError } from "./exit-codes.ts";

/** How long another gateway may take to end after it was asked to, in milliseconds. */
const FORCE_PATIENCE_MS = 10_000;

const errorCode = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** Sends a signal to a process; `false` when there is none. */
export type SendSignal = (pid: number, signal: "SIGTERM" | "SIGKILL") => boolean;

const sendSignal: SendSignal = (pid, signal) => {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it ended in the meantime, or belongs to somebody else; the lock tells which
  }
};

/**
 * Runs `work` as the only gateway on this state folder: two on one would answer the same people twice.
 * @param force asks a gateway that holds it to end first. Only a gateway of this very state is ever signalled, never
 * whatever else may listen on the port.
 * @throws {StartError} when another gateway holds it.
 */
export async function withStateLock<T>(
  lockFile: string,
  force: boolean,
  clock: Clock,
  work: () => Promise<T>,
  signal: SendSignal = sendSignal,
): Promise<T> {
  const lock = new RunningLock({
    path: lockFile,
    waitMs: force ? FORCE_PATIENCE_MS : 1_000,
    now: clock.now,
    every: clock.every,
  });
  const holder = await lock.holder();
  if (force && holder !== undefined) signal(holder.pid, "SIGTERM");
  const stopKilling =
    force && holder !== undefined ? clock.after(FORCE_PATIENCE_MS / 2, () => signal(holder.pid, "SIGKILL")) : undefined;
  try {
    return await lock.hold(async () => {
      stopKilling?.();
      return work();
    });
  } catch (error) {
    if (!(error instanceof StoreError) || errorCode(error) !== "busy") throw error;
    const other = await lock.holder();
    throw new StartError(
      `a gateway runs on this state already${other === undefined ? "" : ` (process ${other.pid})`}`,
      "Use it, stop it, or take its place: saltgate gateway --force. For a second gateway use --profile <name>.",
      78,
      { cause: error },
    );
  } finally {
    stopKilling?.();
  }
}
