import { Exit, usageError } from "../command-error.ts";
import { type Commands, GLOBAL_OPTIONS, type Invocation } from "../command-line.ts";

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
    next.set(name, set);
  }
  return new Map([...next].map(([before, words]) => [before, [...words, ...options]]));
}

type Candidates = ReadonlyMap<string, readonly string[]>;

const SHELLS: Readonly<Record<string, (candidates: Candidates) => string>> = {
  bash: (candidates) => `_saltgate() {
  local words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do case "$word" in -*) ;; *) words="\${words:+$words }$word" ;; esac; done
  local next=""
  case "$words" in
${[...candidates].map(([before, words]) => `    "${before}") next="${words.join(" ")}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _saltgate saltgate
`,
  zsh: (candidates) => `#compdef saltgate
_saltgate() {
  local before="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do [[ $word == -* ]] || before="\${before:+$before }$word"; done
  case "$before" in
${[...candidates].map(([before, words]) => `    "${before}") compadd -- ${words.join(" ")} ;;`).join("\n")}
  esac
}
compdef _saltgate saltgate
`,
  fish: (candidates) =>
    `complete -c saltgate -f
function __saltgate_before
  string join " " (string match -v -- "-*" (commandline -opc)[2..-1])
end
${[...candidates].map(([before, words]) => `complete -c saltgate -n 'test (__saltgate_before) = "${before}"' -a '${words.join(" ")}'`).join("\n")}
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
  process.stdout.write(script(candidatesOf(commands)));
  return Exit.Ok;
}
