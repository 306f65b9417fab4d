import type { Environment } from "./environment.ts";
import { type Executable, findExecutable, isSystemProgram } from "./executable.ts";
import { expandHome, type Host } from "./host-view.ts";
import { baseName, kindOf, runningArgumentOf } from "./program-kinds.ts";
import { scriptIndexOf } from "./script-operand.ts";
import { hasCmdMeaning, readCmdText, readShellText } from "./shell-text.ts";
import { innerIndexOf } from "./wrapper-arguments.ts";

/** How many wrappers and shells around a program are looked through; more are asked about (rule R-35). */
export const maxUnwrapDepth: number = 4;

/**
 * What a command comes down to, for an allowlist: one program with literal arguments, or something that no list can
 * speak for.
 */
export type JudgedProgram =
  | {
      readonly isOne: true;
      /** What runs if the list allows it: never a shell's text. Programs inside of wrappers are named by real path. */
      readonly argv: readonly string[];
      /** The real path of the program that starts: the wrapper's, where there is one. */
      readonly executable: string;
      /** The real path that an entry must match: the inner program's, or the script's. */
      readonly subject: string;
      /** The name that the program was called by. */
      readonly name: string;
      /** The program's arguments, without those of wrappers. */
      readonly args: readonly string[];
      /** Whether `subject` is a program of the system that nobody but root may change. */
      readonly isSystem: boolean;
      /** The real path of an interpreter that an entry must match as well, because it isn't the system's. */
      readonly interpreter: string | undefined;
    }
  | {
      readonly isOne: false;
      /** Why, for a person. */
      readonly reason: string;
    };

/** A file whose content decides what the command does. */
export interface Script {
  /** Where it stands in the command that was asked for. */
  readonly argvIndex: number;
  /** Its real path. */
  readonly path: string;
}

export interface Unwrapped {
  readonly program: JudgedProgram;
  readonly script: Script | undefined;
}

/** What stays the same on the way inwards. */
interface Place {
  readonly host: Host;
  readonly cwd: string;
  readonly env: Environment;
  readonly depth: number;
  /** Where `argv[at]` stands in the command that was asked for. */
  readonly indexOf: (at: number) => number;
}

/** Looks through wrappers and literal shell texts for the one program that a command runs. Only looks; runs nothing. */
export async function unwrap(argv: readonly string[], cwd: string, env: Environment, host: Host): Promise<Unwrapped> {
  return await unwrapAt(argv, { host, cwd, env, depth: 0, indexOf: (at) => at });
}

const unclear = (reason: string, script?: Script): Unwrapped => ({ program: { isOne: false, reason }, script });

async function unwrapAt(argv: readonly string[], place: Place): Promise<Unwrapped> {
  const [calledAs = ""] = argv;
  const found = await findExecutable(calledAs, place.cwd, place.env, place.host);
  if (found === undefined) return unclear("there is no such program here");
  if (place.depth > maxUnwrapDepth) return unclear("there are too many programs around the one that would run");
  const { kind, name } = kindOf(calledAs, found.realPath);
  switch (kind) {
    case "plain":
      return await plainProgram(argv, found, place);
    case "shell":
      return await fromShell(argv, name, found, place);
    case "wrapper":
      return await fromWrapper(argv, name, found, place);
    case "interpreter":
      return await fromInterpreter(argv, name, found, place);
    case "code":
      return unclear(`${name} runs whatever it is given`, await firstFile(argv, place));
    case "runner":
      return unclear(`${name} can run other programs by its arguments or its settings`);
    default:
      return kind satisfies never;
  }
}

async function plainProgram(argv: readonly string[], found: Executable, place: Place): Promise<Unwrapped> {
  const { host } = place;
  const { realPath } = found;
  const [calledAs = "", ...args] = argv;
  const isScript = (await host.files.isScript(realPath)) === true;
  const script = isScript ? { argvIndex: place.indexOf(0), path: realPath } : undefined;
  const running = runningArgumentOf(calledAs, realPath, args);
  if (running !== undefined)
    return unclear(`${baseName(calledAs)} runs or changes other things with ${running}`, script);
  if (host.platform === "win32" && /\.(?:bat|cmd)$/i.test(realPath)) {
    const odd = args.some(hasCmdMeaning) ? " and one of its arguments has a meaning to it" : "";
    return unclear(`cmd.exe runs it${odd}`, script ?? { argvIndex: place.indexOf(0), path: realPath });
  }
  const isSystem = await isSystemProgram(realPath, host);
  return {
    program: {
      isOne: true,
      argv,
      executable: realPath,
      subject: realPath,
      name: calledAs,
      args,
      isSystem,
      interpreter: undefined,
    },
    script,
  };
}

async function fromShell(argv: readonly string[], name: string, found: Executable, place: Place): Promise<Unwrapped> {
  const [, flag = "", text] = argv;
  // A port of the one shell on the other's system reads paths and arguments in its own way.
  if ((name === "cmd") !== (place.host.platform === "win32")) return unclear(`${name} is a shell of another system`);
  const isText = name === "cmd" ? /^\/[cC]$/.test(flag) : /^-l?c$/.test(flag);
  if (!isText || text === undefined || argv.length !== 3) {
    if (name !== "cmd" && !flag.startsWith("-")) return await fromInterpreter(argv, name, found, place);
    return unclear(`${name} is a shell, and what it would run can't be read`, await firstFile(argv, place));
  }
  const read = name === "cmd" ? readCmdText(text) : readShellText(text, name === "fish" ? "fish" : "posix");
  if (!read.ok) return unclear(`${name} would read its text, which isn't literal: ${read.reason}`);
  // The words have no place of their own in the command: a script among them stands where the text does.
  return await unwrapAt(read.argv, { ...place, depth: place.depth + 1, indexOf: () => place.indexOf(2) });
}

async function fromWrapper(argv: readonly string[], name: string, found: Executable, place: Place): Promise<Unwrapped> {
  const inside = innerIndexOf(name, argv, place.host.platform);
  if ("reason" in inside) return unclear(inside.reason, await firstFile(argv, place));
  const { index } = inside;
  const { program, script } = await unwrapAt(argv.slice(index), {
    ...place,
    depth: place.depth + 1,
    indexOf: (at) => place.indexOf(at + index),
  });
  if (!program.isOne) return { program, script };
  if (!(await isSystemProgram(found.realPath, place.host))) return unclear(`this ${name} isn't the system's`, script);
  // The wrapper would look for its program by itself, maybe elsewhere: it is told exactly. Then the program is called by
  // its real name, so one that behaves by the name it is called by isn't passed on.
  const [called = "", ...rest] = program.argv;
  if (baseName(called) !== baseName(program.executable))
    return unclear(`${called} has another name behind ${name}`, script);
  if (name === "env" && program.executable.includes("="))
    return unclear("env would take the program for a variable", script);
  const command = [...argv.slice(0, index), program.executable, ...rest];
  return { program: { ...program, argv: command, executable: found.realPath }, script };
}

async function fromInterpreter(
  argv: readonly string[],
  name: string,
  found: Executable,
  place: Place,
): Promise<Unwrapped> {
  const { host } = place;
  const index = scriptIndexOf(name, argv);
  if (index === undefined)
    return unclear(`${name} runs code from its arguments or its input`, await firstFile(argv, place));
  const path = await regularFile(argv[index]!, place);
  if (path === undefined) return unclear(`${name} has no script that is a file`, await firstFile(argv, place));
  const isSystem = await isSystemProgram(found.realPath, host);
  return {
    program: {
      isOne: true,
      argv: [...argv.slice(0, index), path, ...argv.slice(index + 1)],
      executable: found.realPath,
      subject: path,
      name: argv[0]!,
      args: argv.slice(1),
      isSystem: false,
      interpreter: isSystem ? undefined : found.realPath,
    },
    script: { argvIndex: place.indexOf(index), path },
  };
}

/** The real path of a regular file that an argument names. */
async function regularFile(argument: string, { cwd, host }: Place): Promise<string | undefined> {
  const path =
    host.platform === "win32"
      ? host.path.resolve(cwd, argument)
      : argument.startsWith("/")
        ? argument
        : `${cwd}/${argument}`;
  const realPath = await host.files.realpath(path);
  return realPath !== undefined && (await host.files.stat(realPath))?.kind === "file" ? realPath : undefined;
}

/**
 * The first argument that names a file: most likely what the program is to run. An approval of it is bound to its content,
 * even though no list can speak for it.
 */
async function firstFile(argv: readonly string[], place: Place): Promise<Script | undefined> {
  for (const [at, argument] of argv.entries()) {
    if (at === 0 || argument === "" || argument.startsWith("-")) continue;
    const path = await regularFile(expandHome(argument, place.host), place);
    if (path !== undefined) return { argvIndex: place.indexOf(at), path };
  }
  return undefined;
}
