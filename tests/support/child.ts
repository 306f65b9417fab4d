import { type ChildProcess, spawn } from "node:child_process";

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a process is started with. The environment is the whole one: nothing is inherited. */
export interface ChildOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** What it reads from standard input, which ends after it. */
  readonly input?: string | undefined;
  /** Whether standard input stays open after that, for {@link Child.write}. */
  readonly keepInput?: boolean | undefined;
}

/** A process that a test started, with what it said so far. It is ended with the test, also when the test fails. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  stdout = "";
  stderr = "";
  ending: Ending | undefined;
  readonly #process: ChildProcess;
  #wake: (() => void)[] = [];

  constructor(file: string, args: readonly string[], options: ChildOptions) {
    const child = spawn(file, args, { env: { ...options.env }, cwd: options.cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.#process = child;
    this.pid = child.pid ?? 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#changed();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#changed();
    });
    // After the pipes have ended too, so that nothing it said is missed.
    child.on("close", (code, signal) => {
      this.ending = { code, signal };
      this.#changed();
    });
    child.on("error", (error) => {
      this.stderr += `${error.message}\n`;
      this.ending ??= { code: null, signal: null };
      this.#changed();
    });
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.write(options.input ?? "");
    if (options.keepInput !== true) child.stdin.end();
  }

  /** Types something, where its input was kept open. */
  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Waits until `look` finds something in what the process says. Rejects when it ends without. */
  async until<T>(what: string, look: (child: this) => T | undefined): Promise<T> {
    for (;;) {
      const found = look(this);
      if (found !== undefined) return found;
      if (this.ending !== undefined) {
        const { code, signal } = this.ending;
        throw new Error(
          `the process ended (${signal ?? code}) before ${what}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`,
        );
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Waits for its end. */
  async ended(): Promise<Ending> {
    while (this.ending === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.ending;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ending === undefined) this.#process.kill("SIGKILL");
    await this.ended();
  }
}
