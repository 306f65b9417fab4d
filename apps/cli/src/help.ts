import { type CommandSpec, GLOBAL_OPTIONS, type OptionSpec } from "./command-line.ts";

function optionLines(options: Readonly<Record<string, OptionSpec>>): string[] {
  const names = Object.entries(options).map(([name, { argument, short }]) => {
    const long = `--${name}${argument === undefined ? "" : ` ${argument}`}`;
    return short === undefined ? `    ${long}` : `-${short}, ${long}`;
  });
  const width = Math.max(...names.map((name) => name.length));
  return Object.values(options).map(({ help }, index) => `  ${(names[index] ?? "").padEnd(width)}  ${help}`);
}

function usageOf(name: string, { positionals = [] }: CommandSpec): string {
  return ["saltgate", name, ...positionals].join(" ");
}

/** The help of everything. */
export function rootHelp(commands: Readonly<Record<string, CommandSpec>>): string {
  const usages = Object.entries(commands).map(([name, spec]) => usageOf(name, spec).replace("saltgate ", ""));
  const width = Math.max(...usages.map((usage) => usage.length));
  const lines = Object.values(commands).map(
    ({ summary }, index) => `  ${(usages[index] ?? "").padEnd(width)}  ${summary}`,
  );
  return [
    "Saltgate: a gateway of your own for your chats, agents and devices.",
    "",
    "Usage: saltgate <command> [options]",
    "",
    "Commands:",
    ...lines,
    "",
    "Options of every command:",
    ...optionLines(GLOBAL_OPTIONS),
    "",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp(
  name: string,
  spec: CommandSpec,
  ownOptions: Readonly<Record<string, OptionSpec>> = spec.options ?? {},
): string {
  const own = Object.keys(ownOptions).length === 0 ? [] : ["Options:", ...optionLines(ownOptions), ""];
  const everywhere = spec.raw === true ? [] : ["Options of every command:", ...optionLines(GLOBAL_OPTIONS), ""];
  return [`${spec.summary}.`, "", `Usage: ${usageOf(name, spec)} [options]`, "", ...own, ...everywhere].join("\n");
}

/** The help of a name that has commands below it, e.g. `devices`. */
export function groupHelp(group: string, commands: Readonly<Record<string, CommandSpec>>): string {
  return rootHelp(Object.fromEntries(Object.entries(commands).filter(([name]) => name.startsWith(`${group} `))));
}
