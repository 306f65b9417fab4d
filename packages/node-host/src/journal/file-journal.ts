import { constants } from "node:fs";
import { chmod, copyFile, type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomically } from "@saltgate/store";
import { type NodeLog, silentLog } from "../log.ts";
import type { Outcome } from "../outcome.ts";
import { type InvocationJournal, JOURNAL_LIMITS, type JournalLimits, type Remembered } from "./invocation-journal.ts";
import { decodeLine, encodeLine, linesOf } from "./journal-lines.ts";
import { JournalMemory } from "./journal-memory.ts";

/** Options of {@link openFileJournal}. */
export interface FileJournalOptions extends Partial<JournalLimits> {
  /** The file is written anew, without what is over, when it is longer than this. @default 8_388_608 */
  readonly maxFileBytes?: number;
  /** @default Date.now */
  readonly now?: () => number;
  readonly log?: NodeLog;
}

interface Writing {
  readonly text: string;
  readonly durably: boolean;
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A journal in a file: one line when an invocation begins, flushed to the disk before it does, and one with what came
 * of it. Mode 0600, append-only, written anew when it grows. A last line that a power cut tore is no line.
 */
export async function openFileJournal(file: string, options: FileJournalOptions = {}): Promise<InvocationJournal> {
  const { now = Date.now, log = silentLog, maxFileBytes = 8_388_608, ...limits } = options;
  const memory = new JournalMemory({ ...JOURNAL_LIMITS, ...limits });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const text = await readIfThere(file);
  const unreadable = text === undefined ? 0 : replay(text, memory);
  if (unreadable > 0) {
    const copy = `${file}.corrupt-${now()}`;
    await copyFile(file, copy, constants.COPYFILE_EXCL);
    log("error", "lines of the invocation journal can't be read; repeats of what they held may run again", {
      unreadable,
      copy,
    });
  }
  const journal = new FileJournal(file, memory, now, maxFileBytes);
  await journal.rewrite();
  return journal;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @returns how many lines could not be read, but for a torn last one. */
function replay(text: string, memory: JournalMemory): number {
  const lines = text.split("\n");
  lines.pop(); // empty when the last line is whole, else a torn one
  let unreadable = 0;
  for (const line of lines.filter((each) => each !== "")) {
    const decoded = decodeLine(line);
    if (decoded === undefined) unreadable += 1;
    else if (decoded.is === "ended") memory.end(decoded.key, decoded.outcome);
    else
      memory.begin({
        key: decoded.key,
        digest: decoded.digest,
        command: decoded.command,
        beganAtMs: decoded.atMs,
      });
  }
  return unreadable;
}

class FileJournal implements InvocationJournal {
  readonly #file: string;
  readonly #memory: JournalMemory;
  readonly #now: () => number;
  readonly #maxFileBytes: number;
  #handle: FileHandle | undefined;
  #bytes = 0;
  #queue: Writing[] = [];
  #writer: Promise<void> | undefined;
  #isTorn = false;
  #isClosed = false;

  constructor(file: string, memory: JournalMemory, now: () => number, maxFileBytes: number) {
    this.#file = file;
    this.#memory = memory;
    this.#now = now;
    this.#maxFileBytes = maxFileBytes;
  }

  find(key: string): Remembered | undefined {
    return this.#memory.find(key, this.#now());
  }

  begin(invocation: { readonly key: string; readonly digest: string; readonly command: string }): Promise<void> {
    const atMs = this.#now();
    const text = encodeLine({ is: "begun", ...invocation, atMs });
    return this.#write(text, true, () => this.#memory.begin({ ...invocation, beganAtMs: atMs }));
  }

  end(key: string, outcome: Outcome): Promise<void> {
    // In memory at once and first: there it is cut to what may be kept.
    this.#memory.end(key, outcome);
    const kept = this.#memory.find(key, this.#now())?.outcome ?? "not-kept";
    const text = encodeLine({ is: "ended", key, outcome: kept === "unknown" ? "not-kept" : kept });
    return this.#write(text, false, () => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writer;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Writes the file anew from what is remembered, whole or not at all. */
  async rewrite(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    let text = "";
    for (const entry of this.#memory.all()) text += linesOf(entry);
    await writeFileAtomically(this.#file, text);
    this.#handle = await open(this.#file, "a", 0o600);
    await chmod(this.#file, 0o600);
    this.#bytes = Buffer.byteLength(text);
    this.#isTorn = false;
  }

  #write(text: string, durably: boolean, apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ text, durably, apply, resolve, reject });
      this.#writer ??= this.#drain();
    });
  }

  /** Writes what waits in one go, so that many beginnings share one flush. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#append(batch);
        for (const { apply, resolve } of batch) {
          apply();
          resolve();
        }
      } catch (error) {
        this.#isTorn = true;
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same turn as the last look at the queue: what comes later starts a writer of its own.
    this.#writer = undefined;
  }

  async #append(batch: readonly Writing[]): Promise<void> {
    if (this.#isClosed && this.#handle === undefined) throw new Error("the journal is closed");
    // What a failed write left behind must not swallow the next line; a file that is gone or full is tried anew.
    if (this.#handle === undefined || this.#isTorn || this.#bytes > this.#maxFileBytes) await this.rewrite();
    const handle = this.#handle as FileHandle; // rewriting has opened one
    const text = batch.map((writing) => writing.text).join("");
    await handle.appendFile(text);
    if (batch.some(({ durably }) => durably)) await handle.datasync();
    this.#bytes += Buffer.byteLength(text);
  }
}
