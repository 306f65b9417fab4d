import { createHash } from "node:crypto";
import { constants } from "node:fs";
import * as fs from "node:fs/promises";

/** What a path leads to, behind all symbolic links. */
export interface HostFile {
  readonly kind: "file" | "directory" | "other";
  /** Permission bits, e.g. 0o755. */
  readonly mode: number;
  /** The owner's user id; 0 is root. On Windows always 0, and meaningless. */
  readonly uid: number;
}

/** The looks that a plan takes at the host's files, as a parameter. None of them changes anything. */
export interface HostFiles {
  /** The real path, without symbolic links; `undefined` when there is nothing, or nothing that we may reach. */
  realpath(path: string): Promise<string | undefined>;
  stat(path: string): Promise<HostFile | undefined>;
  /** Whether this process may execute the file. */
  isExecutable(path: string): Promise<boolean>;
  /** Whether the file begins with `#!`; `undefined` when it can't be read. */
  isScript(path: string): Promise<boolean | undefined>;
  /** `undefined` when it isn't a regular file, can't be read, or is longer than `maxBytes`. */
  digest(path: string, maxBytes: number): Promise<string | undefined>;
}

/** Nothing there, no right to look, a circle of links, a name that no file can have: all of them are "no such file". */
async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

/** Opens a regular file; never waits at a pipe, never opens a terminal for itself. */
async function withRegularFile<T>(path: string, work: (file: fs.FileHandle) => Promise<T>): Promise<T | undefined> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
  return await orUndefined(async () => {
    const file = await fs.open(path, flags);
    try {
      return (await file.stat()).isFile() ? await work(file) : undefined;
    } finally {
      await file.close();
    }
  });
}

/** The real files of this host. */
export const nodeHostFiles: HostFiles = {
  realpath: (path) => orUndefined(() => fs.realpath(path)),
  stat: (path) =>
    orUndefined(async () => {
      const found = await fs.stat(path);
      const kind = found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
      return { kind, mode: found.mode & 0o7777, uid: found.uid };
    }),
  isExecutable: async (path) =>
    (await orUndefined(async () => {
      await fs.access(path, constants.X_OK);
      return true;
    })) === true,
  isScript: (path) =>
    withRegularFile(path, async (file) => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer.toString("latin1") === "#!";
    }),
  digest: (path, maxBytes) =>
    withRegularFile(path, async (file) => {
      const hash = createHash("sha256");
      const chunk = Buffer.alloc(65_536);
      let total = 0;
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, total);
        if (bytesRead === 0) return hash.digest("hex");
        total += bytesRead;
        if (total > maxBytes) return undefined;
        hash.update(chunk.subarray(0, bytesRead));
      }
    }),
};
