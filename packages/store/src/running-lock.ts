import { utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { FileLock } from "./file-lock.ts";
import { nodeFileSystem } from "./file-system.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** How often who runs touches its lock, in milliseconds. */
const TOUCH_MS = 30_000;
/** Who runs in another container and has not touched its lock for so long is gone, in milliseconds. */
const UNKNOWN_OWNER_MS = 120_000;

/** What a running lock needs. */
export interface RunningLockOptions {
  /** The lock file; its folder is made when it is missing. */
  readonly path: string;
  /** How long to wait for another holder to end, in milliseconds. */
  readonly waitMs: number;
  readonly now: () => number;
  /** Calls back every so many milliseconds; the returned function stops it. */
  readonly every: (intervalMs: number, task: () => void) => () => void;
}

/** A lock that a process holds for as long as it runs, because of what must be there only once. */
export class RunningLock {
  readonly #options: RunningLockOptions;
  readonly #lock: FileLock;

  constructor(options: RunningLockOptions) {
    this.#options = options;
    const { waitMs, now } = options;
    this.#lock = new FileLock({ fileSystem: nodeFileSystem, waitMs, unknownOwnerMs: UNKNOWN_OWNER_MS, now });
  }

  /** The process that holds it, if one does. */
  holder(): Promise<ProcessIdentity | undefined> {
    return this.#lock.livingHolder(this.#options.path);
  }

  /** Runs `work` as the only one. @throws {StoreError} `busy` when another one holds it; whatever `work` throws */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const { path, every, now } = this.#options;
    await nodeFileSystem.makeDirectory(dirname(path), 0o700);
    return this.#lock.hold(path, async () => {
      const stopTouching = every(TOUCH_MS, () => {
        const seconds = now() / 1_000;
        utimes(path, seconds, seconds).catch(() => undefined); // a lock that can't be touched is still held
      });
      try {
        return await work();
      } finally {
        stopTouching();
      }
    });
  }
}
