import { dirname, join, resolve } from "node:path";
import { nodeWatchDirectory, type WatchDirectory } from "./directory-watch.ts";
import type { DocumentShape, StateDocument } from "./document.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";
import { FileDocument, type FileDocumentContext } from "./file-document.ts";
import { FileLock, type FileLockOptions } from "./file-lock.ts";
import { type FileSystemPort, nodeFileSystem } from "./file-system.ts";
import { requireName } from "./names.ts";
import type { DocumentStore } from "./stores.ts";

export interface FileStoreOptions {
  /** The folder that everything lies in. Created with mode 0700 at the first write. */
  readonly directory: string;
  /** @default the real file system */
  readonly fileSystem?: FileSystemPort;
  /** @default fs.watch, or polling where the system has no watch left */
  readonly watchDirectory?: WatchDirectory;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** How long to wait for another process, and how to tell whether it lives. */
  readonly lock?: Omit<FileLockOptions, "fileSystem" | "now">;
}

/**
 * Documents as pretty JSON files that people can read: `devices/paired` is `<directory>/devices/paired.json`.
 * Files are 0600 and folders 0700. A write is flushed before it is acknowledged, and several processes may write.
 */
export class FileStore implements DocumentStore {
  readonly directory: string;
  readonly #context: FileDocumentContext;
  readonly #fileSystem: FileSystemPort;
  readonly #prepared = new Map<string, Promise<void>>();
  readonly #stops = new Set<() => void>();
  readonly #writing = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: FileStoreOptions) {
    const now = options.now ?? Date.now;
    this.directory = resolve(options.directory);
    this.#fileSystem = options.fileSystem ?? nodeFileSystem;
    this.#context = {
      fileSystem: this.#fileSystem,
      lock: new FileLock({ ...options.lock, fileSystem: this.#fileSystem, now }),
      watchDirectory: options.watchDirectory ?? nodeWatchDirectory,
      now,
      prepareDirectory: (directory) => this.#prepareDirectory(directory),
      requireOpen: () => this.#requireOpen(),
      finishBeforeClose: async (writing) => {
        this.#writing.add(writing);
        try {
          return await writing;
        } finally {
          this.#writing.delete(writing);
        }
      },
      onClose: (stop) => {
        this.#stops.add(stop);
        return () => {
          if (this.#stops.delete(stop)) stop();
        };
      },
    };
  }

  document<T>(name: string, shape: DocumentShape<T>): StateDocument<T> {
    this.#requireOpen();
    return new FileDocument(name, join(this.directory, `${requireName(name)}.json`), shape, this.#context);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#stops.clear();
    await Promise.allSettled(this.#writing);
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreError(StoreErrorCode.Closed, `The store in ${this.directory} is closed.`);
  }

  #prepareDirectory(directory: string): Promise<void> {
    const known = this.#prepared.get(directory);
    if (known) return known;
    const preparing = this.#prepare(directory).catch((error: unknown) => {
      this.#prepared.delete(directory);
      throw error;
    });
    this.#prepared.set(directory, preparing);
    return preparing;
  }

  /** Top down, so that a folder's name is on the disk before anything in it is acknowledged. */
  async #prepare(directory: string): Promise<void> {
    if (directory !== this.directory) await this.#prepareDirectory(dirname(directory));
    const status = await this.#fileSystem.status(directory);
    if (status === undefined) {
      await this.#fileSystem.makeDirectory(directory, 0o700);
      await this.#fileSystem.syncDirectory(dirname(directory));
    } else if ((status.mode & 0o077) !== 0) {
      // Best effort, as for files: some mounts can't hold modes.
      await this.#fileSystem.setMode(directory, 0o700).catch(() => undefined);
    }
  }
}
