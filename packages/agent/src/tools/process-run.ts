import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { KeptOutput } from "./kept-output.ts";

/** What to run, and how far. */
export interface ProcessToRun {
  /** The real path of the program. It is started itself, never by a shell. */
  readonly executable: string;
  /** What the program sees as its arguments, its own name first. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Characters of each stream that are kept. */
  readonly maxOutputChars: number;
  readonly signal: AbortSignal;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  readonly after: (delayMs: number, task: () => void) => () => void;
  readonly onOutput: (text: string) => void;
}

/** How it ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** Between being asked to end and being killed, in milliseconds. */
const GRACE_MS = 2_000;
/** How long to listen on to what a program that was left behind still holds open, in milliseconds. */
const LAST_WORDS_MS = 250;

/**
 * Runs a program to its end, in a process group of its own and without input. When its time is up, or the run is
 * stopped, the whole group is ended.
 * @throws {Error} when it could not be started; nothing ran then
 */
export async function runProcess(wanted: ProcessToRun): Promise<ProcessEnd> {
  const { after, argv, cwd, env, executable, maxOutputChars, onOutput, signal, timeoutMs } = wanted;
  const child = spawn(executable, argv.slice(1), {
    argv0: argv[0] ?? executable,
    cwd,
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
    shell: false,
  });
  await once(child, "spawn");
  child.on("error", () => {}); // a signal that could not be delivered: it ended in the meantime
  const kept = { stdout: new KeptOutput(maxOutputChars), stderr: new KeptOutput(maxOutputChars) };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (bytes: Buffer) => onOutput(kept[stream].take(bytes)));
  const closed = once(child, "close");
  let timedOut = false;
  let cancelKill = (): void => {};
  const end = (): void => {
    signalGroup(child, "SIGTERM");
    cancelKill();
    cancelKill = after(GRACE_MS, () => signalGroup(child, "SIGKILL"));
  };
  const cancelTimeout = after(timeoutMs, () => {
    timedOut = true;
    end();
  });
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  cancelTimeout();
  signal.removeEventListener("abort", end);
  if (timedOut || signal.aborted) signalGroup(child, "SIGKILL");
  cancelKill();
  await heardOut(closed, after);
  child.stdout.destroy();
  child.stderr.destroy();
  const [stdout, stderr] = [kept.stdout.end(), kept.stderr.end()];
  const truncated = kept.stdout.truncated || kept.stderr.truncated;
  return { exitCode: child.exitCode, signal: child.signalCode, timedOut, stdout, stderr, truncated };
}

async function heardOut(closed: Promise<unknown>, after: ProcessToRun["after"]): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = after(LAST_WORDS_MS, resolve);
  });
  await Promise.race([closed, late]);
  cancel();
}

function signalGroup({ pid }: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  if (process.platform === "win32") {
    execFile("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true }, () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}
