import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { createDurably, putInPlace } from "./atomic-file.ts";
import type { WatchDirectory } from "./directory-watch.ts";
import type { DocumentShape, StateDocument } from "./document.ts";
import { decodeDocument, emptyValue, encodeDocument } from "./document-codec.ts";
import { asStoreError, StoreError, StoreErrorCode, systemCode } from "./errors.ts";
import type { FileLock } from "./file-lock.ts";
import type { FileSystemPort } from "./file-system.ts";

/** What the documents of one file store share. */
export interface FileDocumentContext {
  readonly fileSystem: FileSystemPort;
  readonly lock: FileLock;
  readonly watchDirectory: WatchDirectory;
  readonly now: () => number;
  /** Creates the document's directory, once, with the right mode. */
  readonly prepareDirectory: (directory: string) => Promise<void>;
  /** Throws when the store was closed. */
  readonly requireOpen: () => void;
  /** Makes close() wait for this write. */
  readonly finishBeforeClose: <R>(writing: Promise<R>) => Promise<R>;
  /** Remembers what close() has to stop; returns a stop that forgets it again. */
  readonly onClose: (stop: () => void) => () => void;
}

/** The revision of a file that isn't there. */
const absent = "absent";

// A file may change twice within one tick of the file system's clock. A value is only kept when its file is older than
// any such tick, so that an equal stamp later really means an equal file.
const settledMs = 2_000;

/** Changes within this time are reported once. */
const changeDebounceMs = 40;

// The stamp belongs to it: a file that went through other states and came back to the same bytes is another one, and
// whoever decided on the first must decide again.
const revisionOf = (stamp: string, bytes: Uint8Array): string =>
  `${stamp} ${createHash("sha256").update(bytes).digest("hex")}`;

/** A document in a file of its own. Reads take no lock: a rename shows the old content or the new one. */
export class FileDocument<T> implements StateDocument<T> {
  readonly #name: string;
  readonly #path: string;
  readonly #shape: DocumentShape<T>;
  readonly #context: FileDocumentContext;
  #known: { readonly stamp: string; readonly value: T; readonly revision: string } | undefined;
  #opening: Promise<void> | undefined;
  #preserving: { readonly revision: string; readonly copy: Promise<string> } | undefined;

  constructor(name: string, path: string, shape: DocumentShape<T>, context: FileDocumentContext) {
    this.#name = name;
    this.#path = path;
    this.#shape = shape;
    this.#context = context;
  }

  async read(): Promise<{ readonly value: T; readonly revision: string }> {
    await this.#open();
    const status = await this.#try("Reading", () => this.#context.fileSystem.status(this.#path));
    if (status === undefined) return { value: emptyValue(this.#shape), revision: absent };
    if (this.#known?.stamp === status.stamp) return this.#known;
    const bytes = await this.#readBytes();
    if (bytes === undefined) return { value: emptyValue(this.#shape), revision: absent };
    const decoded = decodeDocument(bytes, this.#shape);
    if (!decoded.ok) throw await this.#corrupt(bytes, decoded.why);
    const known = { stamp: status.stamp, value: decoded.value, revision: revisionOf(status.stamp, bytes) };
    this.#known = this.#context.now() - status.modifiedAtMs > settledMs ? known : undefined;
    return known;
  }

  replace(value: T, revision: string): Promise<boolean> {
    return this.#context.finishBeforeClose(this.#replace(value, revision));
  }

  async #replace(value: T, revision: string): Promise<boolean> {
    await this.#open();
    const bytes = encodeDocument(value, this.#shape, this.#name);
    await this.#try("Preparing the folder of", () => this.#context.prepareDirectory(dirname(this.#path)));
    return await this.#context.lock.hold(`${this.#path}.lock`, async () => {
      const status = await this.#try("Reading", () => this.#context.fileSystem.status(this.#path));
      const current = status === undefined ? undefined : await this.#readBytes();
      if ((status === undefined || current === undefined ? absent : revisionOf(status.stamp, current)) !== revision) {
        this.#known = undefined;
        return false;
      }
      await this.#try("Writing", () => putInPlace(this.#context.fileSystem, this.#path, bytes));
      return true;
    });
  }

  changed(listener: () => void): () => void {
    this.#context.requireOpen();
    const name = basename(this.#path);
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    let stopWatching: (() => void) | undefined;
    const onName = (changed: string | undefined): void => {
      if (stopped || timer !== undefined || (changed !== undefined && changed !== name)) return;
      timer = setTimeout(() => {
        timer = undefined;
        listener();
      }, changeDebounceMs).unref();
    };
    this.#context.prepareDirectory(dirname(this.#path)).then(
      () => {
        if (stopped) return;
        stopWatching = this.#context.watchDirectory(dirname(this.#path), onName);
        onName(undefined); // what happened before the watch stood
      },
      () => onName(undefined), // the next read or write says what is wrong with the folder
    );
    return this.#context.onClose(() => {
      stopped = true;
      clearTimeout(timer);
      stopWatching?.();
    });
  }

  /** Before the first use: clear away what a crash left, and close what stands open to other users. */
  #open(): Promise<void> {
    this.#context.requireOpen();
    this.#opening ??= this.#try("Opening", () => this.#tidy()).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #tidy(): Promise<void> {
    const { fileSystem, lock } = this.#context;
    const status = await fileSystem.status(this.#path);
    // Best effort: on some mounts modes can't be changed, and refusing to start there would help nobody.
    if (status && (status.mode & 0o077) !== 0) await fileSystem.setMode(this.#path, 0o600).catch(() => undefined);
    const prefix = `${basename(this.#path)}.`;
    const isLeftover = (name: string): boolean =>
      name.startsWith(prefix) && (name.endsWith(".tmp") || name.startsWith(`${prefix}lock.`));
    if (!(await fileSystem.list(dirname(this.#path))).some(isLeftover)) return;
    await lock.hold(`${this.#path}.lock`, async () => {
      // Temporary content is only written under this lock, so whatever is there now belongs to nobody.
      const leftovers = (await fileSystem.list(dirname(this.#path))).filter(isLeftover);
      for (const name of leftovers) await fileSystem.remove(`${dirname(this.#path)}/${name}`);
    });
  }

  /** `undefined` when there is no file. What the system won't let us read counts as corrupt: reading it as empty would open doors. */
  async #readBytes(): Promise<Uint8Array | undefined> {
    try {
      return await this.#context.fileSystem.readFile(this.#path);
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT") return undefined;
      if (code !== "EACCES" && code !== "EPERM" && code !== "EISDIR" && code !== "ELOOP") {
        throw asStoreError(error, `Reading ${this.#path}`, this.#path);
      }
      throw new StoreError(
        StoreErrorCode.Corrupt,
        `${this.#path} can't be read (${code}), so nothing that depends on it is allowed. ` +
          "Make it a file that the user of this program can read and write, then try again.",
        { path: this.#path, cause: error },
      );
    }
  }

  async #corrupt(bytes: Uint8Array, why: { readonly reason: string; readonly cause?: unknown }): Promise<StoreError> {
    // By content alone: readers at the same time share one copy.
    const revision = revisionOf("", bytes);
    if (this.#preserving?.revision !== revision) this.#preserving = { revision, copy: this.#preserve(bytes) };
    const kept = await this.#preserving.copy.catch(() => undefined);
    if (kept === undefined) this.#preserving = undefined;
    return new StoreError(
      StoreErrorCode.Corrupt,
      `${this.#path} is damaged: ${why.reason}. It was left as it is${kept ? ` (copy: ${kept})` : ""}, and nothing that ` +
        "depends on it is allowed. Mend the file or restore a backup; moving it away starts afresh without what it held.",
      { path: this.#path, cause: why.cause },
    );
  }

  /** Keeps a copy, once per damaged content, so that a start that repeats itself doesn't fill the disk. */
  async #preserve(bytes: Uint8Array): Promise<string> {
    const { fileSystem, now } = this.#context;
    const directory = dirname(this.#path);
    const prefix = `${basename(this.#path)}.corrupt-`;
    for (const name of (await fileSystem.list(directory)).filter((entry) => entry.startsWith(prefix))) {
      const copy = await fileSystem.readFile(`${directory}/${name}`);
      if (Buffer.from(copy).equals(bytes)) return `${directory}/${name}`;
    }
    const copy = `${this.#path}.corrupt-${now()}`;
    await createDurably(fileSystem, copy, bytes);
    await fileSystem.syncDirectory(directory);
    return copy;
  }

  async #try<R>(what: string, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw asStoreError(error, `${what} ${this.#path}`, this.#path);
    }
  }
}
