import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { StoreError, StoreErrorCode, writeFileAtomically } from "@saltgate/store";

export interface MediaShelfOptions {
  /** The folder. Created, 0700, at the first use. */
  readonly directory: string;
  /** Bytes that are kept at most; the oldest files go first. @default 512 MiB */
  readonly maxBytes?: number;
  /** Files that are kept at most; the oldest go first. @default 5_000 */
  readonly maxFiles?: number;
  /** How long a file is kept, in milliseconds. @default 7 days */
  readonly maxAgeMs?: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

const defaultMaxBytes = 536_870_912;
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A file of ours, or what is left of one that was being written when the gateway ended. */
const ownPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[0-9a-f]+\.tmp)?$/;

/** Files on their way in or out, under names of ours: nothing that a person or a model chose becomes a path. */
export class MediaShelf {
  readonly #options: MediaShelfOptions;
  /** One file at a time finds its room, so that two at once don't both take the last of it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: MediaShelfOptions) {
    this.#options = options;
  }

  /**
   * Keeps a file. On the disk when it resolves.
   * @returns the name under which it is found again
   * @throws {StoreError} `too-large` when it is larger than the whole shelf may be; `io`
   */
  put(bytes: Uint8Array): Promise<string> {
    const { maxBytes = defaultMaxBytes } = this.#options;
    if (bytes.byteLength > maxBytes) {
      const message = `A file of ${bytes.byteLength} bytes is larger than all that is kept, ${maxBytes} bytes.`;
      return Promise.reject(new StoreError(StoreErrorCode.TooLarge, message));
    }
    const done = this.#turn.then(() => this.#putNow(bytes));
    this.#turn = done.catch(() => undefined); // it is the caller's, and doesn't keep the next from its turn
    return done;
  }

  async #putNow(bytes: Uint8Array): Promise<string> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await this.#makeRoom(bytes.byteLength);
    const id = randomUUID();
    await writeFileAtomically(join(directory, id), bytes);
    return id;
  }

  /** A file that was kept. @throws when it isn't there any more, or when that is no name of ours */
  async get(id: string): Promise<Uint8Array<ArrayBuffer>> {
    if (!idPattern.test(id)) throw new TypeError("That is no file of this shelf.");
    return new Uint8Array(await readFile(join(this.#options.directory, id)));
  }

  /** Lets go of a file. */
  async remove(id: string): Promise<void> {
    if (idPattern.test(id)) await rm(join(this.#options.directory, id), { force: true });
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { directory, maxBytes = defaultMaxBytes, maxFiles = 5_000, maxAgeMs = 7 * 86_400_000, now } = this.#options;
    const names = (await readdir(directory)).filter((name) => ownPattern.test(name));
    const found = await Promise.all(
      names.map(async (name) => {
        // One that was let go meanwhile takes no room.
        const status = await stat(join(directory, name)).catch(() => undefined);
        return status && { name, mtimeMs: status.mtimeMs, size: status.size };
      }),
    );
    const files = found.filter((file) => file !== undefined);
    files.sort((a, b) => a.mtimeMs - b.mtimeMs);
    let total = files.reduce((sum, { size }) => sum + size, bytes);
    let count = files.length + 1;
    for (const { name, mtimeMs, size } of files) {
      if (total <= maxBytes && count <= maxFiles && mtimeMs >= now() - maxAgeMs) return;
      await rm(join(directory, name), { force: true });
      total -= size;
      count -= 1;
    }
  }
}
