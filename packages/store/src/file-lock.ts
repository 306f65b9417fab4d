import { randomBytes } from "node:crypto";
import { asStoreError, StoreError, StoreErrorCode, systemCode } from "./errors.ts";
import type { FileSystemPort } from "./file-system.ts";
import { type Liveness, livenessOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What a file lock needs. Everything has a default but the file system. */
export interface FileLockOptions {
  readonly fileSystem: FileSystemPort;
  /** How long to wait for another holder, in milliseconds. @default 20_000 */
  readonly waitMs?: number;
  /**
   * How long ago the lock file must have been touched for a holder to count as dead when nothing else tells, in
   * milliseconds. Locks are held for milliseconds; who holds one for longer touches the file. @default 15_000
   */
  readonly unknownOwnerMs?: number;
  /** @default Date.now */
  readonly now?: () => number;
  /** A number from 0 up to 1, for jitter. @default Math.random */
  readonly random?: () => number;
  /** @default setTimeout */
  readonly pause?: (ms: number) => Promise<void>;
  /** @default the running process */
  readonly identity?: ProcessIdentity;
  /** @default by pid and start time */
  readonly liveness?: (other: ProcessIdentity, own: ProcessIdentity) => Liveness;
}

interface Holder extends ProcessIdentity {
  readonly nonce: string;
  readonly createdAtMs: number;
}

/** A holder, and when its lock file was last touched. */
interface SeenHolder extends Holder {
  readonly touchedAtMs: number;
}

/** Bound on locks that guard the breaking of locks; a level is added only by a crash inside the few calls of {@link FileLock.breakDead}. */
const maxBreakDepth = 4;

/**
 * A lock between processes: a file that only one of them can create, naming its holder. A holder that died doesn't
 * block: the next one takes the lock over. Waiting is bounded, with growing pauses and jitter.
 */
export class FileLock {
  readonly #fs: FileSystemPort;
  readonly #options: Required<Omit<FileLockOptions, "fileSystem">>;

  constructor(options: FileLockOptions) {
    this.#fs = options.fileSystem;
    this.#options = {
      waitMs: options.waitMs ?? 20_000,
      unknownOwnerMs: options.unknownOwnerMs ?? 15_000,
      now: options.now ?? Date.now,
      random: options.random ?? Math.random,
      pause: options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
      identity: options.identity ?? ownIdentity(),
      liveness: options.liveness ?? livenessOf,
    };
  }

  /**
   * Runs `work` while holding the lock file `path`.
   * @throws {StoreError} `busy` when the lock wasn't free in time; `io`; whatever `work` throws.
   */
  async hold<R>(path: string, work: () => Promise<R>): Promise<R> {
    const { now, pause, random, waitMs } = this.#options;
    const deadline = now() + waitMs;
    let pauseMs = 4;
    while (!(await this.#tryCreate(path))) {
      if (await this.#breakDead(path, 0)) continue;
      if (now() >= deadline) throw await this.#busy(path);
      await pause(pauseMs * (0.5 + random()));
      pauseMs = Math.min(pauseMs * 1.6, 120);
    }
    try {
      return await work();
    } finally {
      await this.#fs.remove(path);
    }
  }

  /** The process that holds the lock file `path` and, as far as can be told, lives; `undefined` when none does. */
  async livingHolder(path: string): Promise<ProcessIdentity | undefined> {
    const holder = await this.#holderOf(path);
    return holder === undefined || holder.pid === 0 || this.#isDead(holder) ? undefined : holder;
  }

  /** True when the file is now ours. It appears with its whole content or not at all: written aside, then linked. */
  async #tryCreate(path: string): Promise<boolean> {
    const nonce = randomBytes(6).toString("hex");
    const aside = `${path}.${nonce}.tmp`;
    const holder: Holder = { ...this.#options.identity, nonce, createdAtMs: this.#options.now() };
    try {
      const file = await this.#fs.create(aside, 0o600);
      try {
        await file.write(new TextEncoder().encode(JSON.stringify(holder)));
      } finally {
        await file.close();
      }
      await this.#fs.link(aside, path);
      return true;
    } catch (error) {
      // EEXIST: somebody holds it. ENOENT: the new holder swept our aside file away before we could link it.
      if (systemCode(error) === "EEXIST" || systemCode(error) === "ENOENT") return false;
      throw asStoreError(error, `Locking ${path}`, path);
    } finally {
      await this.#fs.remove(aside).catch(() => undefined); // swept later; the lock itself is what counts
    }
  }

  /**
   * Removes a lock whose holder is dead. Two processes may see the same dead holder; if both simply removed the file,
   * the slower one would remove the faster one's new lock. So breaking is itself guarded by a lock that carries the
   * dead holder's nonce in its name, and who has it looks again before it removes.
   */
  async #breakDead(path: string, depth: number): Promise<boolean> {
    const holder = await this.#holderOf(path);
    if (holder === undefined) return true; // released meanwhile
    if (!this.#isDead(holder) || depth >= maxBreakDepth) return false;
    const guard = `${path}.${holder.nonce}`;
    if (!(await this.#tryCreate(guard))) return this.#breakDead(guard, depth + 1);
    try {
      if ((await this.#holderOf(path))?.nonce === holder.nonce) await this.#fs.remove(path);
    } finally {
      await this.#fs.remove(guard);
    }
    return true;
  }

  #isDead(holder: SeenHolder): boolean {
    const { identity, liveness, now, unknownOwnerMs } = this.#options;
    const is = holder.pid === 0 ? "unknown" : liveness(holder, identity);
    return is === "dead" || (is === "unknown" && Math.abs(now() - holder.touchedAtMs) > unknownOwnerMs);
  }

  /** Who holds it; pid 0 when the content is unreadable (after a power cut); `undefined` when nobody does. */
  async #holderOf(path: string): Promise<SeenHolder | undefined> {
    const status = await this.#fs.status(path);
    if (status === undefined) return undefined;
    try {
      const holder = JSON.parse(new TextDecoder().decode(await this.#fs.readFile(path))) as Holder;
      if (Number.isSafeInteger(holder.pid) && /^[0-9a-f]{12}$/.test(holder.nonce)) {
        return { ...holder, touchedAtMs: Math.max(holder.createdAtMs, status.modifiedAtMs) };
      }
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
    }
    const nobody = { pid: 0, startTime: "", host: "", boot: "", namespace: "" };
    const { modifiedAtMs } = status;
    return { ...nobody, nonce: "unreadable", createdAtMs: modifiedAtMs, touchedAtMs: modifiedAtMs };
  }

  async #busy(path: string): Promise<StoreError> {
    const holder = await this.#holderOf(path).catch(() => undefined);
    const who = holder && holder.pid > 0 ? `process ${holder.pid} on ${holder.host}` : "an unknown process";
    return new StoreError(
      StoreErrorCode.Busy,
      `${path} has been held by ${who} for longer than ${this.#options.waitMs} ms. ` +
        "Try again; if no such process runs any more, remove that file.",
      { path },
    );
  }
}
