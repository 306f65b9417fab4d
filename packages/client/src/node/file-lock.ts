import { mkdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pauseFor } from "node:timers/promises";

/** A lock this old was left by a program that died: the work under it takes milliseconds. */
const staleAfterMs = 10_000;
/** How long to wait for one's turn before giving up, in milliseconds. */
const patienceMs = 15_000;

/**
 * Runs `work` while no other program runs its own under the same name. The lock is a folder beside the file, because
 * making one either succeeds or finds it there, on every file system.
 * @throws when the turn doesn't come
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const until = Date.now() + patienceMs;
  while (!(await tryLock(lock))) {
    if (Date.now() > until) throw new Error(`another program holds ${lock}; delete it if none does`);
    await pauseFor(20);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const made = await stat(lock).catch(() => undefined); // gone in the meantime: the next try gets it
  if (made !== undefined && Date.now() - made.mtimeMs > staleAfterMs) await rm(lock, { recursive: true, force: true });
  return false;
}
