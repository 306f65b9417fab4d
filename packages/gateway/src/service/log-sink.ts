import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { styleText } from "node:util";
import { type Level, multistream, type Logger as PinoLogger, pino } from "pino";
import { LineBatch } from "./line-batch.ts";
import type { LogRedactor } from "./log-redactor.ts";

/** Where log lines go, and which. */
export interface LogSinkOptions {
  readonly redactor: LogRedactor;
  /** Level of the console; `silent` for none. */
  readonly consoleLevel: Level | "silent";
  /** Writes to the console. */
  readonly console: (text: string) => void;
  /** Whether people read the console: lines instead of JSON. */
  readonly readable: boolean;
  /** Level of the file; `silent` for none. */
  readonly fileLevel: Level | "silent";
  /** The log file, made 0600 in a folder 0700; `undefined` for none. */
  readonly file: string | undefined;
}

/** How often the console hears of what is going on, at most. The file is the record, and is written in every turn. */
const CONSOLE_PAUSE_MS = 50;

/** Asks pino to say the level of each line before it writes it. */
const WITH_LEVEL = { [Symbol.for("pino.metadata")]: true, lastLevel: 0 };

/**
 * A pino logger whose every line passes the redactor before it is written anywhere. Lines of one turn of the event
 * loop are written together; a warning or worse is written at once, with what came before it, and so is all of it when
 * the process ends.
 */
export function createLogSink(options: LogSinkOptions): { readonly logger: PinoLogger; close(): void } {
  const streams: { level: Level; stream: { write(line: string): void } }[] = [];
  const batches: LineBatch[] = [];
  const { redactor, console, readable, consoleLevel, fileLevel, file } = options;
  const clean = onceForEach((line: string) => redactor.clean(line));
  const addStream = (level: Level, batch: LineBatch, format = (line: string): string => line): void => {
    batches.push(batch);
    const stream = {
      ...WITH_LEVEL,
      write(line: string): void {
        batch.add(format(clean(line)), this.lastLevel >= pino.levels.values["warn"]!);
      },
    };
    streams.push({ level, stream });
  };
  const flush = (): void => {
    for (const batch of batches) batch.flush();
  };
  const forConsole = readable ? readableLine : (line: string): string => line;
  const onConsole = new LineBatch(console, CONSOLE_PAUSE_MS);
  if (consoleLevel !== "silent") addStream(consoleLevel, onConsole, forConsole);
  let descriptor: number | undefined;
  if (file !== undefined && fileLevel !== "silent") {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    descriptor = openSync(file, "a", 0o600);
    let isFailing = false;
    const write = (text: string): void => {
      // A line that comes after the end has nowhere to go, and is no reason to fail.
      if (descriptor === undefined) return;
      try {
        writeSync(descriptor, text);
        isFailing = false;
      } catch (error) {
        // Nor is a disk that is full: whoever logs is often telling of just that. The console hears of it once.
        if (isFailing || consoleLevel === "silent") return;
        isFailing = true;
        const msg = `the log file can't be written, and misses what comes now: ${error instanceof Error ? error.message : String(error)}`;
        onConsole.add(forConsole(`${JSON.stringify({ level: "error", time: new Date().toISOString(), msg })}\n`), true);
      }
    };
    addStream(fileLevel, new LineBatch(write));
  }
  // Who dies of an error in the middle of a turn still says what led to it.
  process.on("exit", flush);
  const lowest = streams.reduce<Level | "silent">(
    (low, { level }) => (low === "silent" || pino.levels.values[level]! < pino.levels.values[low]! ? level : low),
    "silent",
  );
  const logger = pino(
    {
      level: lowest,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
    },
    multistream(streams),
  );
  return {
    logger,
    close() {
      process.off("exit", flush);
      flush();
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Remembers the last answer: console and file ask for the same line one after the other. */
function onceForEach(answer: (line: string) => string): (line: string) => string {
  let last: { readonly line: string; readonly answer: string } | undefined;
  return (line) => {
    if (last?.line !== line) last = { line, answer: answer(line) };
    return last.answer;
  };
}

/** What a log says of an error: its kind, code, message, and where it happened. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === "string" && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: errorFields(error.cause) }),
  };
}

const COLOURS = { fatal: "red", error: "red", warn: "yellow", info: "green", debug: "gray", trace: "gray" } as const;

/** A JSON log line as people read it: time, level, message, and the fields behind it. */
function readableLine(json: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const name = String(level) as keyof typeof COLOURS;
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  const trouble = typeof err === "object" && err !== null && "message" in err ? ` (${String(err.message)})` : "";
  const label = styleText(COLOURS[name] ?? "white", name.padEnd(5), { validateStream: false });
  return `${styleText("gray", clock, { validateStream: false })} ${label} ${String(msg)}${trouble}${rest === "" ? "" : styleText("gray", `  ${rest}`, { validateStream: false })}\n`;
}
