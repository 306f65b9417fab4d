import { type ChildProcess, execFile } from "node:child_process";
import type { ProcessClock } from "./process-clock.ts";

/** How often to look whether a group is gone, in milliseconds. */
const LOOK_MS = 20;
/** How long a group may take to go after it was killed, in milliseconds: what is dead may still wait to be reaped. */
const GONE_MS = 2_000;

/** A process and everything that it started and that stayed in its group. */
export class ProcessGroup {
  readonly #child: ChildProcess;
  readonly #clock: ProcessClock;

  /** @param child started with `detached` where there are process groups, so that it leads one of its own. */
  constructor(child: ChildProcess, clock: ProcessClock) {
    this.#child = child;
    this.#clock = clock;
  }

  /** Whether any process of it is left. */
  get isAlive(): boolean {
    const { pid } = this.#child;
    if (pid === undefined) return false;
    if (process.platform === "win32") return this.#child.exitCode === null && this.#child.signalCode === null;
    try {
      process.kill(-pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM"; // there is one, that became somebody else's
    }
  }

  /** Asks all of it to end, kills what is left after the grace, and resolves when it is gone. */
  async end(graceMs: number): Promise<void> {
    this.#signal("SIGTERM");
    await this.#gone(graceMs);
    if (!this.isAlive) return;
    this.#signal("SIGKILL");
    await this.#gone(GONE_MS);
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    if (process.platform === "win32") {
      execFile("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true }, () => {});
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }

  async #gone(withinMs: number): Promise<void> {
    const untilMs = this.#clock.now() + withinMs;
    while (this.isAlive && this.#clock.now() < untilMs)
      await new Promise<void>((resolve) => this.#clock.after(LOOK_MS, resolve));
  }
}
