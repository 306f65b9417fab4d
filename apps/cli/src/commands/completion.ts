import { Exit, usageError } from "../command-error.ts";
import { type Commands, GLOBAL_OPTIONS, type Invocation, type OptionSpec } from "../command-line.ts";

const GATEWAY_WORDS = [
  "--port",
  "--bind",
  "--auth",
  "--token",
  "--password",
  "--tls",
  "--verbose",
  "--json",
  "--force",
  "--allow-unconfigured",
];

/** Options whose value is a word of its own, which is no command. */
function optionsWithValue(commands: Commands): string[] {
  const specs = [GLOBAL_OPTIONS, ...Object.values(commands).map(({ options }) => options ?? {})];
  const names = specs.flatMap((options) =>
    Object.entries<OptionSpec>(options).flatMap(([name, { argument }]) =>
      argument === undefined ? [] : [`--${name}`],
    ),
  );
  return [...new Set([...names, "--port", "--bind", "--auth"])];
}

/** What may follow each beginning of a command line. */
function candidatesOf(commands: Commands): Map<string, string[]> {
  const options = Object.keys(GLOBAL_OPTIONS).map((name) => `--${name}`);
  const next = new Map<string, Set<string>>();
  for (const [name, spec] of Object.entries(commands)) {
    const words = name.split(" ");
    for (let depth = 0; depth < words.length; depth += 1) {
      const before = words.slice(0, depth).join(" ");
      const set = next.get(before) ?? new Set<string>();
      set.add(words[depth] ?? "");
      next.set(before, set);
    }
    const set = next.get(name) ?? new Set<string>();
    for (const option of spec.raw === true
      ? GATEWAY_WORDS
      : Object.keys(spec.options ?? {}).map((option) => `--${option}`))
      set.add(option);
    // Positionals that name their choices, e.g. <bash|zsh|fish>.
    for (const positional of spec.positionals ?? [])
      if (positional.includes("|")) for (const choice of positional.slice(1, -1).split("|")) set.add(choice);
    next.set(name, set);
  }
  return new Map([...next].map(([before, words]) => [before, [...words, ...options]]));
}

/** What a completion script is made of. */
interface Offer {
  readonly candidates: ReadonlyMap<string, readonly string[]>;
  /** Options whose value is a word of its own. */
  readonly withValue: readonly string[];
}

const SHELLS: Readonly<Record<string, (offer: Offer) => string>> = {
  bash: ({ candidates, withValue }) => `_saltgate() {
  local words="" word skip=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in
      ${withValue.join("|")}) skip=1 ;;
      -*) ;;
      *) words="\${words:+$words }$word" ;;
    esac
  done
  [[ -n $skip ]] && return
  local next=""
  case "$words" in
${[...candidates].map(([before, words]) => `    "${before}") next="${words.join(" ")}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _saltgate saltgate
`,
  zsh: ({ candidates, withValue }) => `#compdef saltgate
_saltgate() {
  local before="" word skip=""
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in
      ${withValue.join("|")}) skip=1 ;;
      -*) ;;
      *) before="\${before:+$before }$word" ;;
    esac
  done
  [[ -n $skip ]] && return
  case "$before" in
${[...candidates].map(([before, words]) => `    "${before}") compadd -- ${words.join(" ")} ;;`).join("\n")}
  esac
}
compdef _saltgate saltgate
`,
  fish: ({ candidates, withValue }) =>
    `complete -c saltgate -f
function __saltgate_after
  set -l before
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
    else if contains -- $word ${withValue.join(" ")}
      set skip 1
    else if not string match -q -- "-*" $word
      set -a before $word
    end
  end
  test $skip = 0; and test "$before" = "$argv[1]"
end
${[...candidates].map(([before, words]) => `complete -c saltgate -n '__saltgate_after "${before}"' -a '${words.join(" ")}'`).join("\n")}
`,
};

/** Prints what makes a shell complete these commands. */
export async function run(invocation: Invocation, commands: Commands): Promise<Exit> {
  const [shell = ""] = invocation.positionals;
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (script === undefined)
    throw usageError(
      `no completion for "${shell.slice(0, 40)}"; there is one for ${Object.keys(SHELLS).join(", ")}`,
      "completion",
    );
  process.stdout.write(script({ candidates: candidatesOf(commands), withValue: optionsWithValue(commands) }));
  return Exit.Ok;
}
