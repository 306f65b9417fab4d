import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import type { ApprovalsFile, ApprovalsSnapshot } from "@saltgate/protocol";
import { FileLock, type FileSystemPort, nodeFileSystem, writeFileAtomically } from "@saltgate/store";
import { ApprovalsContent, type Content, hashOf } from "./approvals-content.ts";
import {
  checkApprovals,
  emptyApprovals,
  maxApprovalsFileBytes,
  replacing,
  withEntry,
  withIds,
  withoutEntry,
  withoutSecrets,
} from "./approvals-document.ts";
import { ApprovalsFileError, ApprovalsFileErrorCode } from "./errors.ts";
import { denyingPolicy, type ExecPolicy, policyOf } from "./exec-policy.ts";
import { type AllowlistUse, NotedUses } from "./noted-uses.ts";
import { problemOfPattern } from "./pattern-check.ts";

/** Where the approvals file of a host lies: in its state folder, so that two profiles never share one (rule R-58). */
export function execApprovalsPath(stateDirectory: string): string {
  return join(stateDirectory, "exec-approvals.json");
}

export interface ExecApprovalsFileOptions {
  /** See {@link execApprovalsPath}. */
  readonly path: string;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** Ids of new entries. @default random UUIDs */
  readonly newId?: () => string;
  /** @default the real file system */
  readonly fileSystem?: FileSystemPort;
  /** Shortest time between two writes that only note uses, in milliseconds. @default 60_000 */
  readonly useIntervalMs?: number;
}

/** An entry of an agent's list. */
export interface AllowlistChange {
  /** An agent id, or `*` for every agent. */
  readonly agentId: string;
  readonly pattern: string;
}

/**
 * The file that says what may run on this host. Several processes may use it: every change is made under the lock of
 * the file, on what is in the file then, and is on the disk before it is answered. A file that is damaged, unreadable
 * or of another version lets nothing run, is kept, and is never overwritten (rule R-57).
 */
export class ExecApprovalsFile {
  readonly path: string;
  readonly #fs: FileSystemPort;
  readonly #content: ApprovalsContent;
  readonly #lock: FileLock;
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #useIntervalMs: number;
  readonly #uses = new NotedUses();
  #usesWrittenAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ExecApprovalsFileOptions) {
    this.path = options.path;
    this.#fs = options.fileSystem ?? nodeFileSystem;
    this.#now = options.now ?? Date.now;
    this.#content = new ApprovalsContent(this.path, this.#fs, this.#now);
    this.#newId = options.newId ?? randomUUID;
    this.#useIntervalMs = options.useIntervalMs ?? 60_000;
    this.#lock = new FileLock({ fileSystem: this.#fs });
  }

  /** What the file says, and what follows where no agent is named. Never throws: what can't be read denies. */
  async read(): Promise<ApprovalsSnapshot> {
    return this.#snapshot(await this.#content.look());
  }

  /** The rules for an agent. Never throws: what can't be read denies, and says so in `view.problem`. */
  async policyFor(agentId: string | null): Promise<ExecPolicy> {
    return policyFrom(await this.#content.look(), agentId);
  }

  /**
   * Replaces the content. The hash that the new one was made from is required where a file exists.
   * @throws {ApprovalsFileError} `base-hash-required`, `changed`, `damaged`, `invalid`. Nothing was written then.
   */
  async set(change: {
    readonly file: ApprovalsFile;
    readonly baseHash?: string | undefined;
  }): Promise<ApprovalsSnapshot> {
    const next = checkApprovals(change.file);
    if (!next.ok) throw invalid(`This isn't an approvals file: ${next.reason}. Nothing was changed.`);
    const { snapshot } = await this.#change((old, hash) => {
      if (change.baseHash === undefined && hash !== undefined) {
        throw new ApprovalsFileError(
          ApprovalsFileErrorCode.BaseHashRequired,
          "exec approvals base hash required; re-run exec.approvals.get and retry",
        );
      }
      if (change.baseHash !== undefined && change.baseHash !== (hash ?? hashOf(""))) {
        throw new ApprovalsFileError(
          ApprovalsFileErrorCode.Changed,
          "exec approvals changed since last load; re-run exec.approvals.get and retry",
        );
      }
      return replacing(old, next.file);
    });
    return snapshot;
  }

  /**
   * Adds an entry. `added` is false when the agent's list has that pattern already.
   * @throws {ApprovalsFileError} `invalid` when the pattern could never match or the agent has no name; `damaged`.
   */
  async allow(entry: AllowlistChange): Promise<{ readonly added: boolean; readonly snapshot: ApprovalsSnapshot }> {
    const problem = problemOfPattern(entry.pattern);
    if (problem !== undefined) throw invalid(`This pattern can't be allowed: ${problem}.`);
    if (entry.agentId === "") throw invalid('Name the agent, or "*" for every agent.');
    const { written, snapshot } = await this.#change((old) =>
      withEntry(old, entry.agentId, { id: this.#newId(), pattern: entry.pattern }),
    );
    return { added: written, snapshot };
  }

  /** Removes an entry. `removed` is false when the agent's list doesn't have that pattern. @throws {ApprovalsFileError} `damaged`. */
  async disallow(entry: AllowlistChange): Promise<{ readonly removed: boolean; readonly snapshot: ApprovalsSnapshot }> {
    const { written, snapshot } = await this.#change((old) => withoutEntry(old, entry.agentId, entry.pattern));
    return { removed: written, snapshot };
  }

  /**
   * Notes that an entry let something run. The first use is written at once, and then at most one write per interval;
   * what waits is written with the next change, the next use after the interval, or {@link flush}. A crash loses the
   * times since the last write, nothing else.
   */
  async noteUse(use: AllowlistUse): Promise<void> {
    this.#uses.add(use, this.#now());
    if (this.#now() - this.#usesWrittenAtMs >= this.#useIntervalMs) await this.flush();
  }

  /** Writes the uses that wait. @throws {ApprovalsFileError} `damaged`. */
  async flush(): Promise<void> {
    if (this.#uses.isEmpty) return;
    this.#usesWrittenAtMs = this.#now();
    await this.#change((old) => (this.#uses.concern(old) ? old : undefined));
  }

  /** Decides on what is in the file under its lock, and writes what was decided. `undefined` writes nothing. */
  async #change(
    decide: (file: ApprovalsFile, hash: string | undefined) => ApprovalsFile | undefined,
  ): Promise<{ readonly written: boolean; readonly snapshot: ApprovalsSnapshot }> {
    await this.#fs.makeDirectory(dirname(this.path), 0o700);
    return await this.#lock.hold(`${this.path}.lock`, async () => {
      const content = await this.#content.look();
      if (content.state === "damaged") {
        throw new ApprovalsFileError(ApprovalsFileErrorCode.Damaged, `${content.problem} Nothing was changed.`);
      }
      const { file: old, hash } = content.state === "valid" ? content : { file: emptyApprovals, hash: undefined };
      const decided = decide(old, hash);
      if (decided === undefined) return { written: false, snapshot: this.#snapshot(content) };
      const noted = this.#uses.writtenInto(decided);
      const file = withIds(noted.file, this.#newId);
      const text = `${JSON.stringify(file, undefined, 2)}\n`;
      if (Buffer.byteLength(text) > maxApprovalsFileBytes) {
        throw invalid(`The approvals file would become longer than ${maxApprovalsFileBytes} bytes.`);
      }
      await writeFileAtomically(this.path, text, { fileSystem: this.#fs });
      noted.done();
      return { written: true, snapshot: this.#snapshot({ state: "valid", hash: hashOf(text), file }) };
    });
  }

  #snapshot(content: Content): ApprovalsSnapshot {
    const { path } = this;
    const policy = policyFrom(content, null).view;
    if (content.state === "valid") {
      return { path, exists: true, hash: content.hash, file: withoutSecrets(content.file), policy };
    }
    const hash = content.state === "missing" ? hashOf("") : content.hash;
    return { path, exists: content.state !== "missing", hash, file: emptyApprovals, policy };
  }
}

function policyFrom(content: Content, agentId: string | null): ExecPolicy {
  if (content.state === "damaged") return denyingPolicy(content.problem);
  return policyOf(content.state === "valid" ? content.file : emptyApprovals, agentId);
}

const invalid = (message: string): ApprovalsFileError =>
  new ApprovalsFileError(ApprovalsFileErrorCode.Invalid, message);
