import { CommandError, Exit } from "./command-error.ts";
import { type CommandSpec, findCommand, parseInvocation } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { VERSION } from "./version.ts";

/** Whether errors are told in JSON. */
let answersInJson = process.argv.includes("--json");

/** Whether what was started runs on without anybody who reads what it says: a gateway, a node. */
let isService = false;

/** The reader may have had enough, as `head` does: that is how a pipe ends, and no failure of ours. */
function outputLost(error: NodeJS.ErrnoException): void {
  if (isService) return;
  if (error.code === "EPIPE") process.exit(process.exitCode ?? Exit.Ok);
  process.exitCode = Exit.Failed;
  // Standard error is written straight: it may be what can't be written, and then there is nobody to tell.
  if (!process.stderr.errored)
    process.stderr.write(`What was to be said can't be written (${error.code ?? "unknown"}).\n`);
}
process.stdout.on("error", outputLost);
process.stderr.on("error", outputLost);

/** Runs a command line and gives the exit code. What a command needs is loaded when it runs. */
async function main(words: readonly string[]): Promise<Exit> {
  const { name, rest } = findCommand(words, COMMANDS);
  const spec = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (spec === undefined) return withoutCommand(name, rest);
  isService = spec.raw === true || name.startsWith("node ");
  if (isAskingForHelp(spec, rest)) return tellHelp(name, spec);
  const invocation = spec.raw === true ? rawInvocation(name, rest) : parseInvocation(name, spec, rest);
  if (spec.raw !== true) {
    answersInJson = invocation.has("json"); // a word of another program's is none of ours
    if (invocation.has("help")) return tellHelp(name, spec);
  }
  const { run } = await spec.load();
  return run(invocation, COMMANDS);
}

async function tellHelp(name: string, spec: CommandSpec): Promise<Exit> {
  const { commandHelp } = await import("./help.ts");
  const own = spec.raw === true ? (await import("./commands/gateway-flags.ts")).GATEWAY_FLAGS : spec.options;
  process.stdout.write(commandHelp(name, spec, own));
  return Exit.Ok;
}

/** Whether help is wanted of this command, and not of the one that it passes on. */
function isAskingForHelp(spec: CommandSpec, rest: readonly string[]): boolean {
  const takesRest = spec.positionals?.at(-1)?.includes("...") === true;
  const at = takesRest ? rest.findIndex((word) => word === "--" || !word.startsWith("-")) : -1;
  const own = at === -1 ? rest : rest.slice(0, at);
  return own.includes("--help") || own.includes("-h");
}

/** For a command that reads its words itself. */
function rawInvocation(command: string, words: readonly string[]): ReturnType<typeof parseInvocation> {
  return {
    command,
    words,
    positionals: [],
    value: () => undefined,
    list: () => [],
    values: () => [],
    has: (name) => words.includes(`--${name}`),
  };
}

async function withoutCommand(name: string, rest: readonly string[]): Promise<Exit> {
  if (rest.includes("--version") || rest.includes("-v")) {
    process.stdout.write(`${VERSION}\n`);
    return Exit.Ok;
  }
  const { groupHelp, rootHelp } = await import("./help.ts");
  const help = name === "" ? rootHelp(COMMANDS) : groupHelp(name, COMMANDS);
  const isAsking = rest.includes("--help") || rest.includes("-h") || (name === "" && rest.length === 0);
  if (isAsking) {
    process.stdout.write(help);
    return Exit.Ok;
  }
  const words = [name, ...rest.filter((word) => !word.startsWith("-"))].filter((word) => word !== "");
  if (words.join(" ") !== name) {
    const { nearest } = await import("./nearest.ts");
    const groups = Object.keys(COMMANDS).flatMap((command) => [command, command.split(" ")[0] ?? command]);
    const known = nearest(words.slice(0, 2).join(" "), groups) ?? nearest(words[0] ?? "", groups);
    throw new CommandError("USAGE", `there is no command "${words.join(" ").slice(0, 80)}"`, {
      mend: known === undefined ? "See: saltgate --help" : `Did you mean: saltgate ${known}`,
      exit: Exit.Usage,
    });
  }
  process.stderr.write(help);
  return Exit.Usage;
}

try {
  const exit = await main(process.argv.slice(2));
  process.exitCode ??= exit;
} catch (error) {
  const { reportError } = await import("./output/report-error.ts");
  process.exitCode = reportError(error, answersInJson);
}
