import { LIMITS, type SystemRunParams, type SystemRunPlan } from "@saltgate/protocol";
import { renderArgv, renderWord } from "./command-text.ts";
import { callerEnvironment, childEnvironment, type Environment, envDigest, envNames } from "./environment.ts";
import { findExecutable } from "./executable.ts";
import { expandHome, type Host, type HostView, hostOf } from "./host-view.ts";
import { type JudgedProgram, unwrap } from "./judged-program.ts";
import { kindOf } from "./program-kinds.ts";

/** Most bytes of a command with its raw text, folder and environment. */
export const maxCommandBytes: number = 131_072;

/** What runs when somebody with the right to say so allows exactly this command. */
export interface RunDetails {
  /** The real path of the program; null when there is none. */
  readonly executable: string | null;
  /** As asked for. `argv[0]` is the name that the program is called by; what starts is `executable`. */
  readonly argv: readonly string[];
  /** The real path of the working folder. */
  readonly cwd: string;
  /** The whole environment of the program. */
  readonly env: Environment;
  /** What the command comes down to, for an allowlist. */
  readonly program: JudgedProgram;
  /** Why the content of a script isn't part of the plan although it should be; such a command is always asked about. */
  readonly unboundScript: string | undefined;
}

export type PlanOutcome =
  | { readonly ok: true; readonly plan: SystemRunPlan; readonly run: RunDetails }
  | { readonly ok: false; readonly code: "INVALID_REQUEST"; readonly message: string };

const refused = (message: string): PlanOutcome => ({ ok: false, code: "INVALID_REQUEST", message });

/**
 * What exactly a host would run, without running it (rule R-34). The same question at the same state of the host has the
 * same plan; whoever runs an approved plan makes it again just before and compares with {@link differenceOf}.
 * Refused: a command that is empty, too long, or has characters that no program can be given; a `rawCommand` that says
 * something else; variables that a caller may not set; a working folder that isn't there.
 */
export async function planRun(params: SystemRunParams, view: HostView): Promise<PlanOutcome> {
  const { command: argv } = params;
  const problem = problemOfText(params) ?? problemOfRawCommand(argv, params.rawCommand ?? undefined);
  if (problem !== undefined) return refused(problem);
  const host = hostOf(view);
  const caller = callerEnvironment(params.env, host);
  if (!caller.ok) {
    const names = caller.refused.map((name) => renderWord(name)).join(" ");
    return refused(`these variables can't be changed for a command on this host: ${names}`);
  }
  const cwd = await realFolder(params.cwd ?? undefined, host);
  if (cwd === undefined) return refused("the working folder doesn't exist on this host, or isn't a folder");
  const env = childEnvironment(view.env, caller.env, host);
  const executable = (await findExecutable(argv[0]!, cwd, env, host))?.realPath ?? null;
  const { program, script } = await unwrap(argv, cwd, env, host);
  const sha256 = script && (await host.files.digest(script.path, host.maxScriptBytes));
  const plan: SystemRunPlan = {
    argv: [...argv],
    commandText: renderArgv(argv),
    cwd,
    executable,
    envNames: envNames(caller.env),
    envDigest: envDigest(caller.env),
    mutableFileOperand: script && sha256 ? { ...script, sha256 } : null,
    agentId: params.agentId ?? null,
    sessionKey: params.sessionKey ?? null,
  };
  const unboundScript =
    script && !sha256 ? `${script.path} can't be read, or is longer than ${host.maxScriptBytes} bytes` : undefined;
  return { ok: true, plan, run: { executable, argv: [...argv], cwd, env, program, unboundScript } };
}

function problemOfText({ command, cwd, env, rawCommand }: SystemRunParams): string | undefined {
  if (command.length === 0 || command[0] === "") return "command required";
  if (command.length > LIMITS.maxListEntries) return `the command has more than ${LIMITS.maxListEntries} words`;
  const texts = [...command, rawCommand ?? "", cwd ?? "", ...Object.entries(env ?? {}).flat()];
  // A NUL ends a text for the system; half a surrogate pair becomes another character on the way there.
  if (texts.some((text) => /[\0\p{Cs}]/u.test(text))) return "the command has characters that no program can be given";
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  return bytes > maxCommandBytes ? `the command is longer than ${maxCommandBytes} bytes` : undefined;
}

/** `rawCommand` is shown and searched by others: it says what the words say, or the text of the one shell that they name. */
function problemOfRawCommand(argv: readonly string[], rawCommand: string | undefined): string | undefined {
  if (rawCommand === undefined || rawCommand === renderArgv(argv)) return undefined;
  const [shell = "", flag, text] = argv;
  const isShellText = argv.length === 3 && (flag === "-c" || flag === "-lc") && kindOf(shell, shell).kind === "shell";
  return isShellText && text === rawCommand ? undefined : "rawCommand says something else than command; leave it out";
}

async function realFolder(cwd: string | undefined, host: Host): Promise<string | undefined> {
  const given = cwd === undefined || cwd === "" ? host.defaultCwd : expandHome(cwd, host);
  const path = host.path.isAbsolute(given) ? given : `${host.defaultCwd}${host.path.sep}${given}`;
  const realPath = await host.files.realpath(path);
  return realPath !== undefined && (await host.files.stat(realPath))?.kind === "directory" ? realPath : undefined;
}
