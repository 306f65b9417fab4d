import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { packageRooms } from "../../tooling/layers/src/rooms.ts";
import { Child } from "./child.ts";

const root: string = join(import.meta.dirname, "../..");

/** The command as it is installed: built and bundled. */
export const INSTALLED: readonly string[] = [join(root, "apps/cli/bin/saltgate.mjs")];
/** The command from its sources, which needs no build. */
export const FROM_SOURCE: readonly string[] = ["--conditions=@saltgate/source", join(root, "apps/cli/src/main.ts")];

/**
 * The command as most tests run it: the bundle, which starts several times as fast, when it was made from the sources as
 * they are now; else the sources themselves.
 */
export const commandWords: readonly string[] = isBundleFresh("apps/cli", "main.js") ? INSTALLED : FROM_SOURCE;

/** Whether the bundle of an app was made from the sources as they are now. */
export function isBundleFresh(app: string, file: string): boolean {
  const bundle = join(root, app, "dist", file);
  if (!existsSync(bundle)) return false;
  const rooms = [app, ...packageRooms(root)];
  const folders = rooms.map((room) => join(root, room, "src")).filter((folder) => existsSync(folder));
  const newest = Math.max(
    ...folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => statSync(join(folder, file)).mtimeMs),
    ),
  );
  return statSync(bundle).mtimeMs > newest;
}

/** A secret whose appearance anywhere it doesn't belong is a failure. */
export const CANARY = "canary-3f9a1c-do-not-sing-Zq7Lw2";

/** How a command ended, and what it said. */
export interface Answer {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON. */
  readonly json: <T = Record<string, unknown>>() => T;
}

/** How a command is run differently from an ordinary one. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
  readonly input?: string;
  /** Whether standard input stays open. */
  readonly keepInput?: boolean;
  /** A program, with its words, that starts the command, e.g. one that bounds what it may write. */
  readonly launcher?: readonly string[];
}

/** A home of its own for commands of a test: what they write lies here, and what this machine is set up with doesn't reach them. */
export class Sandbox implements AsyncDisposable {
  readonly home: string;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string>>;

  private constructor(folder: string) {
    this.home = join(folder, "home");
    this.stateDir = join(folder, "state");
    // Nothing is inherited but what programs need to be found, so no variable of the developer decides anything.
    this.env = {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: this.home,
      TMPDIR: tmpdir(),
      LANG: "C.UTF-8",
      SALTGATE_STATE_DIR: this.stateDir,
    };
  }

  static async create(): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(join(tmpdir(), "saltgate-scenario-")));
    await mkdir(sandbox.home);
    return sandbox;
  }

  /** The environment without the variable that moves the state: everything is under the home then. */
  get homeEnv(): Record<string, string> {
    const { SALTGATE_STATE_DIR: _moved, ...env } = this.env;
    return env;
  }

  /** Starts the command and leaves it running. */
  start(words: readonly string[], options: RunOptions = {}): Child {
    const [file = process.execPath, ...all] = [
      ...(options.launcher ?? []),
      process.execPath,
      ...(options.node ?? commandWords),
      ...words,
    ];
    return new Child(file, all, {
      env: options.env ?? this.env,
      cwd: this.home,
      input: options.input,
      keepInput: options.keepInput,
    });
  }

  /** Runs the command to its end. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Answer> {
    await using child = this.start(words, options);
    const { code } = await child.ended();
    const { stdout, stderr } = child;
    return { exit: code, stdout, stderr, json: () => JSON.parse(stdout) };
  }

  path(...parts: readonly string[]): string {
    return join(this.stateDir, ...parts);
  }

  async write(path: string, text: string | Uint8Array): Promise<void> {
    const full = this.path(path);
    await mkdir(dirname(full), { recursive: true, mode: 0o700 });
    await writeFile(full, text, { mode: 0o600 });
  }

  read(path: string): Promise<string> {
    return readFile(this.path(path), "utf8");
  }

  /** Writes the configuration. */
  configure(config: unknown): Promise<void> {
    return this.write("saltgate.json", `${JSON.stringify(config, null, 2)}\n`);
  }

  /** Every file below a folder, with its mode, as `path 600`. Folders end with a slash. What goes meanwhile isn't there. */
  async list(folder: string = this.stateDir): Promise<string[]> {
    if (!existsSync(folder)) return [];
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const lines = await Promise.all(
      entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") throw error;
          return undefined;
        });
        if (found === undefined) return [];
        return [`${relative(folder, path)}${entry.isDirectory() ? "/" : ""} ${(found.mode & 0o777).toString(8)}`];
      }),
    );
    return lines.flat().sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(dirname(this.home), { recursive: true, force: true });
  }
}
