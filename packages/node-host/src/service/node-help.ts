import { NODE_FLAGS } from "./node-flags.ts";

/** The help of a node's commands. */
export function nodeHelp(command: string): string {
  const names = Object.entries(NODE_FLAGS).map(([name, flag]) =>
    "argument" in flag ? `--${name} ${flag.argument}` : `--${name}`,
  );
  const width = Math.max(...names.map((name) => name.length));
  const flags = Object.values(NODE_FLAGS).map(({ help }, index) => `  ${(names[index] ?? "").padEnd(width)}  ${help}`);
  return [
    "A headless node: this machine, for a gateway that may ask it to do what its owner allows.",
    "",
    `Usage: ${command} <command> [options]`,
    "",
    "Commands:",
    "  run                Connect, and stay connected until it is stopped",
    "  join <invitation>  Join the gateway that printed this line (saltgate nodes invite); - reads it from standard input",
    "  status             Whether a node runs here, how it stands with its gateway, and what it would run",
    "",
    "Options:",
    ...flags,
    "",
  ].join("\n");
}
