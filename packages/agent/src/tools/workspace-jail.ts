import { randomBytes } from "node:crypto";
import {
  type FileHandle,
  constants as flags,
  lstat,
  mkdir,
  open,
  opendir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { ToolFailure } from "./tool-failure.ts";

/** How many symbolic links one path may go through. */
const MAX_LINKS = 8;
/** Longest path, in characters. */
const MAX_PATH = 4_096;

// Folders are entered one by one over their handles, so that nobody can exchange one between looking and opening. Where
// handles have no paths (all but Linux) the real path is compared again after opening.
const HANDLES_HAVE_PATHS = process.platform === "linux";
const NO_FOLLOW = flags.O_NOFOLLOW ?? 0;
const FOLDER = flags.O_RDONLY | (flags.O_DIRECTORY ?? 0) | NO_FOLLOW;
// Without waiting: a pipe would hold the run until somebody writes into it.
const TO_READ = flags.O_RDONLY | NO_FOLLOW | (flags.O_NONBLOCK ?? 0);

/** A file that was opened, and how much of it there was. */
export interface JailedFile {
  /** From the workspace, with slashes. */
  readonly path: string;
  readonly bytes: Buffer<ArrayBuffer>;
  /** Its permissions. */
  readonly mode: number;
}

/**
 * The one folder that a tool may touch. Paths are understood as they stand, nothing is decoded; neither `..`, nor an
 * absolute path, nor a symbolic or hard link, nor a device leads out of it (rule R-59).
 */
export class WorkspaceJail {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** @param workspace absolute; may itself be reached over links */
  static async open(workspace: string): Promise<WorkspaceJail> {
    try {
      return new WorkspaceJail(await realpath(workspace));
    } catch {
      throw new ToolFailure("The workspace folder isn't there.");
    }
  }

  /**
   * Reads a file as a whole.
   * @throws {ToolFailure} when it is outside, isn't there, isn't a plain file, or is larger than `maxBytes`
   */
  async read(path: string, maxBytes: number): Promise<JailedFile> {
    return await this.#within(path, false, async (folder, name, shown) => {
      const file = await openFile(folder.at(name), TO_READ, shown);
      try {
        await this.#requireInside(file, join(folder.path, name), shown);
        const { mode, nlink, size, ...kind } = await statOf(file);
        if (kind.isDirectory) throw new ToolFailure(`${shown} is a folder.`);
        if (!kind.isFile) throw new ToolFailure(`${shown} isn't a plain file.`);
        if (nlink > 1) throw new ToolFailure(`${shown} has more than one name; it could be a file from elsewhere.`);
        if (size > maxBytes) throw new ToolFailure(`${shown} has ${size} bytes, more than ${maxBytes}.`);
        return { path: shown, bytes: await readUpTo(file, maxBytes, shown), mode: mode & 0o777 };
      } finally {
        await file.close();
      }
    });
  }

  /** Names in a folder, folders with a slash at the end, sorted. @throws {ToolFailure} as {@link WorkspaceJail.read} */
  async list(path: string, maxNames: number): Promise<readonly string[]> {
    return await this.#within(path, false, async (folder, name, shown) => {
      const inner = await folder.enter(name, false, shown);
      if (inner === "link") throw new ToolFailure(`${shown} is a link that was put there just now.`);
      try {
        await this.#requireInside(inner.handle, inner.path, shown);
        const names: string[] = [];
        for await (const entry of await opendir(inner.at("."))) {
          names.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
          if (names.length >= maxNames) break;
        }
        return names.sort();
      } finally {
        await inner.close();
      }
    });
  }

  /**
   * Writes a file as a whole: it has the old content or the new one, whatever happens. Folders on the way are made.
   * @returns the path from the workspace
   * @throws {ToolFailure} when it is outside, or something else than a plain file is there
   */
  async write(path: string, content: Uint8Array, mode = 0o644): Promise<string> {
    return await this.#within(path, true, async (folder, name, shown) => {
      await requireReplaceable(folder.at(name), shown);
      const temporary = `.${name.slice(0, 100)}.${randomBytes(8).toString("hex")}.tmp`;
      const file = await openFile(
        folder.at(temporary),
        flags.O_WRONLY | flags.O_CREAT | flags.O_EXCL | NO_FOLLOW,
        shown,
        mode,
      );
      try {
        await this.#requireInside(file, join(folder.path, temporary), shown);
        await file.writeFile(content);
        await file.sync();
        await rename(folder.at(temporary), folder.at(name));
      } catch (error) {
        await rm(folder.at(temporary), { force: true });
        throw asFailure(error, shown);
      } finally {
        await file.close();
      }
      return shown;
    });
  }

  /** Walks to the folder of a path and does something there. Links on the way are followed as long as they stay inside. */
  async #within<T>(
    path: string,
    isToMake: boolean,
    act: (folder: Folder, name: string, shown: string) => Promise<T>,
    links = MAX_LINKS,
  ): Promise<T> {
    const inside = this.#inside(path);
    const names = inside === "" ? [] : inside.split(sep);
    const last = names.pop() ?? ".";
    const shown = inside === "" ? "." : names.concat(last).join("/");
    let folder = await Folder.open(this.#root, this.#root, shown);
    try {
      for (const [index, name] of names.entries()) {
        const next = await folder.enter(name, isToMake, shown);
        if (next === "link") {
          const target = await this.#targetOf(join(folder.path, name), shown, links);
          return await this.#within(join(target, ...names.slice(index + 1), last), isToMake, act, links - 1);
        }
        await folder.close();
        folder = next;
        await this.#requireInside(folder.handle, folder.path, shown);
      }
      if (last !== "." && (await isLink(folder.at(last)))) {
        const target = await this.#targetOf(join(folder.path, last), shown, links);
        return await this.#within(target, isToMake, act, links - 1);
      }
      return await act(folder, last, shown);
    } finally {
      await folder.close();
    }
  }

  /** A path from the workspace; empty for the workspace itself. */
  #inside(path: string): string {
    if (path === "" || path.length > MAX_PATH) throw new ToolFailure("The path is empty or too long.");
    if (path.includes("\0")) throw new ToolFailure("The path has a character that no path can have.");
    const inside = relative(this.#root, resolve(this.#root, path));
    if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      throw new ToolFailure("The path is outside the workspace. Use paths inside it.");
    return inside;
  }

  async #targetOf(link: string, shown: string, links: number): Promise<string> {
    if (links <= 0) throw new ToolFailure(`${shown} goes through too many links.`);
    let target: string;
    try {
      target = await realpath(link);
    } catch {
      throw new ToolFailure(`${shown} is a link to something that isn't there.`);
    }
    if (!isWithin(this.#root, target)) throw new ToolFailure(`${shown} is a link that leads out of the workspace.`);
    return target;
  }

  /** Looks where an open file really is: it may have been reached over something that was exchanged meanwhile. */
  async #requireInside(handle: FileHandle, path: string, shown: string): Promise<void> {
    const real = HANDLES_HAVE_PATHS ? await readlink(`/proc/self/fd/${handle.fd}`) : await samePath(handle, path);
    if (real === undefined || !isWithin(this.#root, real))
      throw new ToolFailure(`${shown} leads out of the workspace.`);
  }
}

/** A folder that is open. */
class Folder {
  readonly handle: FileHandle;
  /** Its real path, as it was when it was entered. For words and comparisons. */
  readonly path: string;

  private constructor(handle: FileHandle, path: string) {
    this.handle = handle;
    this.path = path;
  }

  static async open(at: string, path: string, shown: string): Promise<Folder> {
    return new Folder(await openFile(at, FOLDER, shown), path);
  }

  /** How the system reaches a name in it. Never made shorter: without its last part it would be a link to the folder. */
  at(name: string): string {
    return `${HANDLES_HAVE_PATHS ? `/proc/self/fd/${this.handle.fd}` : this.path}${sep}${name}`;
  }

  async enter(name: string, isToMake: boolean, shown: string): Promise<Folder | "link"> {
    const at = this.at(name);
    if (await isLink(at)) return "link";
    if (isToMake) await mkdir(at).catch(ignoreExisting);
    return await Folder.open(at, join(this.path, name), shown);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

async function isLink(path: string): Promise<boolean> {
  try {
    await readlink(path);
    return true;
  } catch {
    return false;
  }
}

async function samePath(handle: FileHandle, path: string): Promise<string | undefined> {
  const real = await realpath(path);
  const [mine, there] = await Promise.all([handle.stat({ bigint: true }), stat(real, { bigint: true })]);
  return mine.dev === there.dev && mine.ino === there.ino ? real : undefined;
}

async function requireReplaceable(path: string, shown: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile())
    throw new ToolFailure(`${shown} is ${there.isDirectory() ? "a folder" : "no plain file"}; it can't be written.`);
}

async function statOf(file: FileHandle) {
  const found = await file.stat();
  const { mode, nlink, size } = found;
  return { mode, nlink, size, isFile: found.isFile(), isDirectory: found.isDirectory() };
}

async function readUpTo(file: FileHandle, maxBytes: number, shown: string): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(65_536) });
    if (bytesRead === 0) return Buffer.concat(pieces);
    length += bytesRead;
    // It may grow while it is read.
    if (length > maxBytes) throw new ToolFailure(`${shown} has more than ${maxBytes} bytes.`);
    pieces.push(buffer.subarray(0, bytesRead));
  }
}

async function openFile(path: string, how: number, shown: string, mode?: number): Promise<FileHandle> {
  try {
    return await open(path, how, mode);
  } catch (error) {
    throw asFailure(error, shown);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "isn't there",
  ENOTDIR: "isn't there: something on the way is no folder",
  EISDIR: "is a folder",
  EACCES: "may not be touched by the gateway's user",
  EPERM: "may not be touched by the gateway's user",
  ELOOP: "is a link that was put there just now",
  ENXIO: "isn't a plain file",
  ENAMETOOLONG: "has a name that is too long",
  ENOSPC: "can't be written: the disk is full",
  EROFS: "can't be written: the disk is read-only",
};

function asFailure(error: unknown, shown: string): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
  return reason === undefined ? error : new ToolFailure(`${shown} ${reason}.`);
}

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
}
