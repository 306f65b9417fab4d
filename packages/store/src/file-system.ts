import * as fs from "node:fs/promises";
import { systemCode } from "./errors.ts";

/** A file being written. */
export interface WritableFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when content and metadata are on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What {@link FileSystemPort.status} tells. Two equal `stamp`s mean the same content, but for writes within one clock tick. */
export interface FileStatus {
  readonly stamp: string;
  /** Which file it is, whatever is in it: another one of the same name has another. */
  readonly identity: string;
  readonly modifiedAtMs: number;
  readonly size: number;
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
}

/**
 * The handful of file-system calls that a file store makes, as a parameter: tests stop the world after any of them.
 * Failures are Node's own errors, with `code`.
 */
export interface FileSystemPort {
  readFile(path: string): Promise<Uint8Array>;
  /** `undefined` when there is no such file. */
  status(path: string): Promise<FileStatus | undefined>;
  /** Creates a file that must not exist yet. */
  create(path: string, mode: number): Promise<WritableFile>;
  /** Gives a file a second name, which must not exist yet: one step, so the name never shows half a content. */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. One that is gone already is fine. */
  remove(path: string): Promise<void>;
  /** Names in a directory; none when it doesn't exist. */
  list(directory: string): Promise<readonly string[]>;
  /** Creates a directory and its parents. One that exists already is fine. */
  makeDirectory(path: string, mode: number): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** Returns when the names in a directory are on the disk. */
  syncDirectory(path: string): Promise<void>;
}

const gone = (error: unknown): boolean => systemCode(error) === "ENOENT";

/** The real file system. */
export const nodeFileSystem: FileSystemPort = {
  readFile: (path) => fs.readFile(path),
  async status(path) {
    try {
      const stat = await fs.stat(path, { bigint: true });
      return {
        stamp: `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`,
        identity: `${stat.dev}:${stat.ino}`,
        modifiedAtMs: Number(stat.mtimeMs),
        size: Number(stat.size),
        mode: Number(stat.mode & 0o777n),
      };
    } catch (error) {
      if (gone(error)) return undefined;
      throw error;
    }
  },
  async create(path, mode) {
    const file = await fs.open(path, "wx", mode);
    return {
      // writeFile on a handle goes on after a short write; write() alone would not.
      write: (bytes) => file.writeFile(bytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  link: (from, to) => fs.link(from, to),
  rename: (from, to) => fs.rename(from, to),
  async remove(path) {
    try {
      await fs.unlink(path);
    } catch (error) {
      if (!gone(error)) throw error;
    }
  },
  async list(directory) {
    try {
      return await fs.readdir(directory);
    } catch (error) {
      if (gone(error)) return [];
      throw error;
    }
  },
  async makeDirectory(path, mode) {
    await fs.mkdir(path, { recursive: true, mode });
  },
  setMode: (path, mode) => fs.chmod(path, mode),
  async syncDirectory(path) {
    if (process.platform === "win32") return; // Windows can't open a directory; NTFS journals names itself
    const directory = await fs.open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};
