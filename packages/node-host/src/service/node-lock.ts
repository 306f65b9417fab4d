import { mkdir, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import type { ClientClock } from "@saltgate/client";
import { FileLock, nodeFileSystem, type ProcessIdentity, StoreError } from "@saltgate/store";
import { ExitCode, NodeServiceError } from "./exit-codes.ts";

/** How often a running node touches its lock, in milliseconds. */
const TOUCH_MS = 30_000;
/** A node in another container that has not touched its lock for so long is gone, in milliseconds. */
const UNKNOWN_OWNER_MS = 120_000;

const lockOf = (clock: ClientClock): FileLock =>
  new FileLock({ fileSystem: nodeFileSystem, waitMs: 1_000, unknownOwnerMs: UNKNOWN_OWNER_MS, now: () => clock.now() });

/** The process of the node that runs on this state, if one does. */
export function livingNode(lockFile: string, clock: ClientClock): Promise<ProcessIdentity | undefined> {
  return lockOf(clock).livingHolder(lockFile);
}

/** Runs `work` as the only node on this state: two with one key would push each other off the gateway. */
export async function asOnlyNode<T>(lockFile: string, clock: ClientClock, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lockFile), { recursive: true, mode: 0o700 });
  const lock = lockOf(clock);
  try {
    return await lock.hold(lockFile, async () => {
      let stopTouching = (): void => {};
      const touch = (): void => {
        const seconds = clock.now() / 1_000;
        utimes(lockFile, seconds, seconds).catch(() => undefined); // a lock that can't be touched is still held
        stopTouching = clock.after(TOUCH_MS, touch);
      };
      stopTouching = clock.after(TOUCH_MS, touch);
      try {
        return await work();
      } finally {
        stopTouching();
      }
    });
  } catch (cause) {
    if (!(cause instanceof StoreError) || (cause as { code?: unknown }).code !== "busy") throw cause;
    const other = await lock.livingHolder(lockFile);
    throw new NodeServiceError(
      "NODE_RUNS_ALREADY",
      `a node runs on this state already${other === undefined ? "" : ` (process ${other.pid})`}`,
      { exitCode: ExitCode.Config, mend: "Use it, or stop it first. For a second node use --profile <name>.", cause },
    );
  }
}
