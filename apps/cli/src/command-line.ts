import type { Exit } from "./command-error.ts";
import { usageError } from "./command-error.ts";

/** An option of a command. */
export interface OptionSpec {
  readonly help: string;
  /** What stands for the value in the help; an option without it is a switch. */
  readonly argument?: string;
  readonly short?: string;
  /** The values to choose from, where there are only some. */
  readonly values?: readonly string[];
  /** May come several times. */
  readonly repeated?: boolean;
}

/** One command. What it does is loaded when it runs. */
export interface CommandSpec {
  readonly summary: string;
  /**
   * Its positional arguments, e.g. `<request>`; those in brackets may be left out. One that ends in `...` takes all
   * words from there on, options too: they are another program's.
   */
  readonly positionals?: readonly string[];
  readonly options?: Readonly<Record<string, OptionSpec>>;
  /** Hands over the words as they were typed, because the command reads them itself. */
  readonly raw?: boolean;
  readonly load: () => Promise<{ readonly run: (invocation: Invocation, commands: Commands) => Promise<Exit> }>;
}

/** Commands by their full names. */
export type Commands = Readonly<Record<string, CommandSpec>>;

/** What a command was called with. */
export interface Invocation {
  readonly command: string;
  readonly positionals: readonly string[];
  /** Every word after the command's own. */
  readonly words: readonly string[];
  /** The value of an option; the last one where it came several times. */
  value(name: string): string | undefined;
  /** All values of an option that may come several times; commas separate too. */
  list(name: string): string[];
  /** The same as they were typed, commas and all. */
  values(name: string): readonly string[];
  /** Whether a switch is on. */
  has(name: string): boolean;
}

/** Options of every command, before or after its name. */
export const GLOBAL_OPTIONS = {
  url: { argument: "<ws-url>", help: "The gateway to talk to, instead of the configured one" },
  token: { argument: "<secret>", help: "Its shared token; better in SALTGATE_GATEWAY_TOKEN" },
  password: { argument: "<secret>", help: "Its shared password; better in SALTGATE_GATEWAY_PASSWORD" },
  "tls-fingerprint": { argument: "<sha256>", help: "The only certificate to accept there" },
  profile: { argument: "<name>", help: "Use the state of this profile" },
  dev: { help: "The profile dev, on port 19001" },
  timeout: { argument: "<ms>", help: "How long to wait for the gateway (10000)" },
  json: { help: "Answer in JSON, for programs" },
  help: { help: "Say how this works", short: "h" },
  version: { help: "Say which version this is", short: "v" },
} as const satisfies Record<string, OptionSpec>;

const optionOf = (options: Readonly<Record<string, OptionSpec>>, name: string): OptionSpec | undefined =>
  Object.hasOwn(options, name) ? options[name] : undefined;

/** Splits `--name=value`; a short option becomes its long name. */
function optionName(
  word: string,
  options: Readonly<Record<string, OptionSpec>>,
): { name: string; inline: string | undefined } | undefined {
  if (word.startsWith("--") && word.length > 2) {
    const at = word.indexOf("=");
    return at === -1
      ? { name: word.slice(2), inline: undefined }
      : { name: word.slice(2, at), inline: word.slice(at + 1) };
  }
  if (!/^-[A-Za-z]$/.test(word)) return undefined;
  const found = Object.entries(options).find(([, { short }]) => short === word.slice(1));
  return { name: found?.[0] ?? word.slice(1), inline: undefined };
}

/**
 * Finds the command in the words of a command line: global options may stand before, between and after its names.
 * The longest name that fits wins, so `gateway status` is not `gateway`.
 */
export function findCommand(
  words: readonly string[],
  commands: Readonly<Record<string, CommandSpec>>,
): { readonly name: string; readonly rest: readonly string[] } {
  const before: string[] = [];
  const names: string[] = [];
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const option = optionName(word, GLOBAL_OPTIONS);
    if (option !== undefined) {
      const spec = optionOf(GLOBAL_OPTIONS, option.name);
      // An option that is not global belongs to the command whose name is complete.
      if (spec === undefined) break;
      before.push(word);
      if (spec.argument !== undefined && option.inline === undefined && index + 1 < words.length)
        before.push(words[++index] ?? "");
      continue;
    }
    const longer = [...names, word].join(" ");
    if (!Object.keys(commands).some((name) => name === longer || name.startsWith(`${longer} `))) break;
    names.push(word);
  }
  return { name: names.join(" "), rest: [...before, ...words.slice(index)] };
}

/**
 * Reads the words of a command: its own options and the global ones, strictly.
 * @throws {CommandError} for an unknown option, a missing value, or too many or too few arguments.
 */
export function parseInvocation(name: string, spec: CommandSpec, words: readonly string[]): Invocation {
  const options: Readonly<Record<string, OptionSpec>> = { ...GLOBAL_OPTIONS, ...spec.options };
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  const wanted = spec.positionals ?? [];
  const takesRest = wanted.at(-1)?.includes("...") === true;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") {
      positionals.push(...words.slice(index + 1));
      break;
    }
    const option = optionName(word, options);
    if (option === undefined) {
      positionals.push(word);
      if (takesRest && positionals.length >= wanted.length) {
        positionals.push(...words.slice(index + 1));
        break;
      }
      continue;
    }
    const known = optionOf(options, option.name);
    if (known === undefined) throw usageError(`unknown option --${option.name}`, name);
    const values = given.get(option.name) ?? [];
    if (known.argument === undefined) {
      if (option.inline !== undefined) throw usageError(`--${option.name} takes no value`, name);
      values.push("");
    } else {
      const value = option.inline ?? words[++index];
      if (value === undefined || value === "") throw usageError(`--${option.name} needs ${known.argument}`, name);
      if (known.values !== undefined && !known.values.includes(value))
        throw usageError(`--${option.name} is one of ${known.values.join(", ")}`, name);
      values.push(value);
    }
    given.set(option.name, values);
  }
  const required = wanted.filter((positional) => !positional.startsWith("["));
  const isAsking = given.has("help");
  if (!isAsking && positionals.length < required.length)
    throw usageError(`${required[positionals.length]} is missing`, name);
  if (!isAsking && !takesRest && positionals.length > wanted.length)
    throw usageError(`"${(positionals[wanted.length] ?? "").slice(0, 80)}" is one word too many`, name);
  return {
    command: name,
    positionals,
    words,
    value: (option) => given.get(option)?.at(-1),
    list: (option) =>
      (given.get(option) ?? [])
        .flatMap((value) => value.split(","))
        .map((value) => value.trim())
        .filter((value) => value !== ""),
    values: (option) => given.get(option) ?? [],
    has: (option) => given.has(option),
  };
}
