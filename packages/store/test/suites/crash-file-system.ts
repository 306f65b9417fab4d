import { dirname } from "node:path";
import type { FileSystemPort } from "../../src/index.ts";

interface Inode {
  content: Uint8Array;
  /** What `sync` has put on the disk. */
  onDisk: Uint8Array;
  mode: number;
  modifiedAtMs: number;
  readonly id: number;
  readonly isDirectory: boolean;
}

/** What survives: everything (the process was killed), only what was flushed, or all names but only flushed content. */
export type Loss = "killed" | "power-cut" | "power-cut-names-kept";

/** Where the world ends: before the operation of this number, or after so many bytes of it if it is a write. */
export interface CrashPoint {
  readonly operation: number;
  readonly bytes: number;
}

export interface ChangingOperation {
  readonly kind: string;
  readonly bytes: number;
}

class Crash extends Error {
  override readonly name = "Crash";
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/**
 * A disk in memory that knows what would survive a power cut: content since the last `sync` and names since the last
 * `syncDirectory` would not. It stops the world at a given operation; afterwards nothing works any more.
 */
export class CrashFileSystem implements FileSystemPort {
  readonly operations: ChangingOperation[] = [];
  #names = new Map<string, Inode>();
  #namesOnDisk = new Map<string, Inode>();
  #crashAt: CrashPoint | undefined;
  #crashed = false;
  #nextId = 1;
  readonly #now: () => number;

  constructor(now: () => number, crashAt?: CrashPoint) {
    this.#now = now;
    this.#crashAt = crashAt;
    const root = this.#newInode(0o700, true);
    this.#names.set("/", root);
    this.#namesOnDisk.set("/", root);
  }

  /** The same disk in a new world that ends at `crashAt`. */
  fork(crashAt?: CrashPoint): CrashFileSystem {
    return this.#copy(this.#names, this.#namesOnDisk, (inode) => ({ ...inode }), crashAt);
  }

  /** The disk as the next process finds it. */
  afterCrash(loss: Loss): CrashFileSystem {
    if (loss === "killed") return this.fork();
    const names = loss === "power-cut" ? this.#namesOnDisk : this.#names;
    const reachable = new Map([...names].filter(([path]) => this.#hasParents(path, names)));
    return this.#copy(reachable, reachable, (inode) => ({ ...inode, content: inode.onDisk }));
  }

  paths(): readonly string[] {
    return [...this.#names.keys()].toSorted();
  }

  modeOf(path: string): number | undefined {
    return this.#names.get(path)?.mode;
  }

  async readFile(path: string): Promise<Uint8Array> {
    this.#requireAlive();
    return this.#get(path).content;
  }

  async status(path: string) {
    this.#requireAlive();
    const inode = this.#names.get(path);
    if (!inode) return undefined;
    const { content, id, mode, modifiedAtMs } = inode;
    const stamp = `${id}:${modifiedAtMs}:${content.byteLength}`;
    return { stamp, identity: String(id), modifiedAtMs, size: content.byteLength, mode };
  }

  async create(path: string, mode: number) {
    this.#step("create");
    if (this.#names.has(path)) throw failure("EEXIST", path);
    this.#get(dirname(path));
    const inode = this.#newInode(mode, false);
    this.#names.set(path, inode);
    return {
      write: async (bytes: Uint8Array) => {
        const written = this.#step("write", bytes.byteLength);
        inode.content = Buffer.concat([inode.content, bytes.subarray(0, written)]);
        inode.modifiedAtMs = this.#now();
        if (written < bytes.byteLength) throw new Crash();
      },
      sync: async () => {
        this.#step("sync");
        inode.onDisk = inode.content;
      },
      close: async () => this.#requireAlive(),
    };
  }

  async link(from: string, to: string): Promise<void> {
    this.#step("link");
    if (this.#names.has(to)) throw failure("EEXIST", to);
    this.#names.set(to, this.#get(from));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step("rename");
    this.#names.set(to, this.#get(from));
    this.#names.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.#step("remove");
    this.#names.delete(path);
  }

  async list(directory: string): Promise<readonly string[]> {
    this.#requireAlive();
    return [...this.#names.keys()].filter((path) => path !== "/" && dirname(path) === directory).map(nameOf);
  }

  async makeDirectory(path: string, mode: number): Promise<void> {
    this.#step("makeDirectory");
    if (!this.#names.has(path)) this.#names.set(path, this.#newInode(mode, true));
  }

  async setMode(path: string, mode: number): Promise<void> {
    this.#step("setMode");
    this.#get(path).mode = mode;
  }

  async syncDirectory(path: string): Promise<void> {
    this.#step("syncDirectory");
    const isInside = (name: string): boolean => name !== "/" && dirname(name) === path;
    for (const name of this.#namesOnDisk.keys()) if (isInside(name)) this.#namesOnDisk.delete(name);
    for (const [name, inode] of this.#names) if (isInside(name)) this.#namesOnDisk.set(name, inode);
  }

  /** Counts a changing operation, or ends the world. Answers how many bytes of a write still get through. */
  #step(kind: string, bytes = 0): number {
    this.#requireAlive();
    const number = this.operations.push({ kind, bytes }) - 1;
    if (number !== this.#crashAt?.operation) return bytes;
    this.#crashed = true;
    if (kind !== "write") throw new Crash();
    return Math.min(this.#crashAt.bytes, bytes - 1);
  }

  #requireAlive(): void {
    if (this.#crashed) throw new Crash();
  }

  #get(path: string): Inode {
    const inode = this.#names.get(path);
    if (!inode) throw failure("ENOENT", path);
    return inode;
  }

  #newInode(mode: number, isDirectory: boolean): Inode {
    const nothing = new Uint8Array();
    return { content: nothing, onDisk: nothing, mode, modifiedAtMs: this.#now(), id: this.#nextId++, isDirectory };
  }

  #hasParents(path: string, names: ReadonlyMap<string, Inode>): boolean {
    return path === "/" || (names.has(dirname(path)) && this.#hasParents(dirname(path), names));
  }

  #copy(
    names: ReadonlyMap<string, Inode>,
    onDisk: ReadonlyMap<string, Inode>,
    survive: (inode: Inode) => Inode,
    crashAt?: CrashPoint,
  ): CrashFileSystem {
    const copy = new CrashFileSystem(this.#now, crashAt);
    const copies = new Map<Inode, Inode>();
    const copied = (inode: Inode): Inode => {
      const known = copies.get(inode) ?? survive(inode);
      copies.set(inode, known);
      return known;
    };
    copy.#names = new Map([...names].map(([path, inode]) => [path, copied(inode)]));
    copy.#namesOnDisk = new Map([...onDisk].map(([path, inode]) => [path, copied(inode)]));
    copy.#nextId = this.#nextId;
    return copy;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
