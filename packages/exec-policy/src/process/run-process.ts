import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { ProcessClock } from "./process-clock.ts";
import { ProcessGroup } from "./process-group.ts";

/** Where a piece of output came from. */
export type OutputStream = "stdout" | "stderr";

/** Keeps what a process says, or some of it. A character whose bytes come in two pieces is one character. */
export interface OutputKeeper {
  /** @returns the same piece as whole characters, however much of it is kept */
  take(stream: OutputStream, bytes: Buffer): string;
  /** @returns what remains of a character that was never finished */
  end(stream: OutputStream): string;
  /** What was kept. */
  text(stream: OutputStream): string;
  /** Whether something is missing. */
  readonly truncated: boolean;
}

/** What to run, and how far. */
export interface ProcessToRun {
  /** The real path of the program. It is started itself, never by a shell. */
  readonly executable: string;
  /** What the program sees as its arguments, its own name first. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds; `undefined` for as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** How long it gets between being asked to end and being killed, in milliseconds. */
  readonly killGraceMs: number;
  readonly output: OutputKeeper;
  readonly signal: AbortSignal;
  readonly clock: ProcessClock;
  /** Gets output as it comes; the process is held up until it resolves. */
  readonly onOutput?: ((text: string, stream: OutputStream) => Promise<void>) | undefined;
}

/** How it ended. */
export interface ProcessEnding {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** How long to listen on after the process has ended, to what a program that it left behind still holds open. */
const LAST_WORDS_MS = 250;
/** As much as pipes can still hold of its own; whoever says more is another process. */
const LAST_WORDS_CHARS = 262_144;
const LOOK_MS = 25;

/**
 * Runs a program to its end, in a process group of its own and without input. When its time is up, or whoever asked
 * gives up, the whole group is ended: what it started goes with it. What it deliberately left behind, and lets it end
 * by itself, neither holds up the answer nor is touched.
 * @throws {Error} when it could not be started; nothing ran then.
 */
export async function runProcess(wanted: ProcessToRun): Promise<ProcessEnding> {
  const { signal, clock, output, timeoutMs, killGraceMs } = wanted;
  const child = spawn(wanted.executable, wanted.argv.slice(1), {
    argv0: wanted.argv[0] ?? wanted.executable,
    cwd: wanted.cwd,
    env: { ...wanted.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
    shell: false,
  });
  await started(child);
  const group = new ProcessGroup(child, clock);
  const reading: Reading = { held: 0, lastAtMs: clock.now(), chars: 0 };
  const streams = Promise.all([
    drain(child.stdout, "stdout", reading, wanted),
    drain(child.stderr, "stderr", reading, wanted),
  ]);
  let timedOut = false;
  let ending: Promise<void> | undefined;
  const end = (): void => {
    ending ??= group.end(killGraceMs);
  };
  const stopTimer =
    timeoutMs === undefined
      ? () => {}
      : clock.after(timeoutMs, () => {
          timedOut = true;
          end();
        });
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const [exitCode, exitSignal] = await exited(child);
  stopTimer();
  await ending;
  await hearOut(streams, reading, wanted);
  signal.removeEventListener("abort", end);
  child.stdout.destroy();
  child.stderr.destroy();
  return {
    exitCode,
    signal: exitSignal,
    timedOut,
    stdout: output.text("stdout"),
    stderr: output.text("stderr"),
    truncated: output.truncated,
  };
}

async function started(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.on("error", () => {}); // a signal that could not be delivered: the group is looked after otherwise
}

async function exited(child: ChildProcess): Promise<[number | null, string | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return [child.exitCode, child.signalCode];
}

/** How far reading a process's output has come. */
interface Reading {
  /** Readers that wait for room; then silence says nothing. */
  held: number;
  lastAtMs: number;
  chars: number;
}

async function drain(
  readable: Readable,
  stream: OutputStream,
  reading: Reading,
  { clock, onOutput, output }: Pick<ProcessToRun, "clock" | "onOutput" | "output">,
): Promise<void> {
  const pass = async (text: string): Promise<void> => {
    reading.chars += text.length;
    reading.held += 1;
    await onOutput?.(text, stream);
    reading.held -= 1;
    reading.lastAtMs = clock.now();
  };
  try {
    // One piece at a time: while its reader has no room, the pipe fills and the process waits.
    for await (const bytes of readable) await pass(output.take(stream, bytes as Buffer));
  } catch {
    // The pipe was closed on this side, because what holds it open is not the process any more.
  }
  const rest = output.end(stream);
  if (rest !== "") await pass(rest);
}

/** Waits for the end of the output of a process that has ended, or until all that is left comes from somebody else. */
async function hearOut(streams: Promise<unknown>, reading: Reading, { clock, signal }: ProcessToRun): Promise<void> {
  let isOver = false;
  void streams.then(() => {
    isOver = true;
  });
  const before = reading.chars;
  reading.lastAtMs = clock.now();
  for (;;) {
    await Promise.race([streams, new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))]);
    const isQuiet = reading.held === 0 && clock.now() - reading.lastAtMs >= LAST_WORDS_MS;
    if (isOver || isQuiet || signal.aborted || reading.chars - before > LAST_WORDS_CHARS) return;
  }
}
