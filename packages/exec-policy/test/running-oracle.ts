// What programs do with their arguments, said a second time and from the other side: from the options that GNU's
// programs and shells really have, not from what the package lets through.
import type { HostFiles } from "../src/index.ts";

/** A program or script that would be executed in the end, or `code`: something that nobody could name. */
export type Effect = { readonly path: string; readonly args: readonly string[]; readonly script: boolean } | "code";

const runsAnything = /^(?:xargs|sudo|doas|setsid|chroot|busybox|git|make|ssh|awk|mawk|sed)$/;

/** The short options of GNU programs, as their getopt strings have them. */
const optstrings: Readonly<Record<string, string>> = {
  nice: "+0123456789n:",
  nohup: "+",
  timeout: "+k:s:vfp",
  stdbuf: "+i:o:e:",
  time: "+af:o:pqvV",
  ionice: "+n:c:p:P:u:tVh",
  env: "+C:iS:u:v0",
  grep: "0123456789A:B:C:D:EFGHILPTUVX:abcd:e:f:hiLlm:noqRrsuvwxyZz",
  sort: "bcCdfghik:mMno:rRsS:t:T:uVy:z",
  cut: "b:c:d:f:nsz",
  head: "c:n:qvz0123456789",
  tail: "c:n:fFqs:vz0123456789",
  tr: "+AcCdst",
  uniq: "0123456789Dcdf:is:uw:z",
  wc: "clLmw",
};
/** Long options that take their value from the next argument when there is no `=`. */
const longValued =
  /^--(?:adjustment|signal|kill-after|input|output|error|after-context|before-context|context|max-count|regexp|file|key|field-separator|compress-program|files0-from|bytes|lines|fields|characters|delimiter|output-delimiter|pid|skip-fields|skip-chars|check-chars|chdir|unset|split-string|include|exclude|directories|devices|parallel|buffer-size|temporary-directory|random-source|characters|sleep-interval)$/;

interface Read {
  readonly options: readonly (readonly [name: string, value: string | undefined])[];
  readonly operands: readonly string[];
}

/** getopt_long. With `permutes`, options may follow operands (GNU); without, the first operand ends them (others). */
function getopt(optstring: string, args: readonly string[], permutes: boolean): Read | undefined {
  const options: (readonly [string, string | undefined])[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    if (argument === "--") return { options, operands: [...operands, ...args.slice(at + 1)] };
    if (argument === "-" || !argument.startsWith("-")) {
      if (!permutes || optstring.startsWith("+")) return { options, operands: [...operands, ...args.slice(at)] };
      operands.push(argument);
    } else if (argument.startsWith("--")) {
      const [name = "", ...value] = argument.split("=");
      if (value.length > 0) options.push([name, value.join("=")]);
      else if (longValued.test(name)) options.push([name, args[++at]]);
      else options.push([name, undefined]);
    } else {
      for (let letter = 1; letter < argument.length; letter++) {
        const found = optstring.indexOf(argument[letter]!);
        if (found === -1 || argument[letter] === ":" || argument[letter] === "+") return undefined;
        if (optstring[found + 1] !== ":") options.push([argument[letter]!, undefined]);
        else {
          const attached = argument.slice(letter + 1);
          options.push([argument[letter]!, attached === "" ? args[++at] : attached]);
          break;
        }
      }
    }
  }
  return { options, operands };
}

/** Everything that would be executed besides wrappers, if `executable` started with `argv`. */
export async function effectsOf(
  executable: string,
  argv: readonly string[],
  cwd: string,
  files: HostFiles,
): Promise<readonly Effect[]> {
  const name = executable.slice(executable.lastIndexOf("/") + 1);
  const args = argv.slice(1);
  const inside = async (rest: readonly string[]): Promise<readonly Effect[]> => {
    // Whatever isn't named by its whole path is looked up by somebody else, some other time.
    if (!rest[0]?.startsWith("/")) return ["code"];
    const real = await files.realpath(rest[0]);
    return real === undefined ? [] : await effectsOf(real, rest, cwd, files);
  };
  const script = async (operand: string | undefined, rest: readonly string[]): Promise<readonly Effect[]> => {
    const path = operand && (await files.realpath(operand.startsWith("/") ? operand : `${cwd}/${operand}`));
    return path ? [{ path, args: rest, script: true }] : ["code"];
  };
  if (runsAnything.test(name)) return ["code"];
  if (/^(?:dash|bash|zsh|fish|sh|ash)$/.test(name)) {
    return args[0] === undefined || /^[-+]/.test(args[0]) ? ["code"] : await script(args[0], args.slice(1));
  }
  if (/^(?:python3\.11|node|perl|ruby)$/.test(name)) {
    const flags = name === "python3.11" ? /^-[uBEsSIOq]+$/ : /^--no-warnings$/;
    const at = args.findIndex((argument) => !flags.test(argument));
    return at === -1 || args[at]!.startsWith("-") ? ["code"] : await script(args[at], args.slice(at + 1));
  }
  if (name === "find")
    return args.some((argument) => /^-(?:exec|ok|delete|fprint|fls)/.test(argument))
      ? ["code"]
      : [{ path: executable, args, script: false }];
  if (/^(?:env|nice|nohup|timeout|stdbuf|time|ionice)$/.test(name)) {
    // `nice -5`: GNU rewrites it before getopt sees it.
    const read = getopt(optstrings[name]!, args, true);
    if (read === undefined) return [];
    if (
      read.options.some(
        ([option]) =>
          /^(?:S|--split-string|C|--chdir|p|P|u|o|f|--output|--unset)$/.test(option) &&
          !(name === "stdbuf" || (name === "time" && option === "p") || (name === "timeout" && /^[fp]$/.test(option))),
      )
    )
      return ["code"];
    let operands = read.operands;
    if (name === "timeout") operands = operands.slice(1);
    if (name === "env") {
      const first = operands.findIndex((operand) => !operand.includes("="));
      const assigned = first === -1 ? operands : operands.slice(0, first);
      if (
        assigned.some((assignment) => !/^(?:LANG|LC_[A-Z]+|TERM|TZ|COLORTERM|NO_COLOR|FORCE_COLOR)=/.test(assignment))
      )
        return ["code"];
      operands = first === -1 ? [] : operands.slice(first);
    }
    return operands.length === 0 ? [] : await inside(operands);
  }
  return [{ path: executable, args, script: false }];
}

/** Options that read or write files, follow them, run programs, or use up the machine: short ones, and long ones by full name. */
const harmful: Readonly<Record<string, readonly [short: string, long: string]>> = {
  grep: [
    "rRfdDXUZz",
    "recursive dereference-recursive file directories devices include exclude exclude-from exclude-dir null-data",
  ],
  sort: [
    "oTSymz",
    "output compress-program files0-from random-source temporary-directory parallel batch-size buffer-size merge",
  ],
  cut: ["z", "zero-terminated"],
  head: ["z", "zero-terminated"],
  tail: ["fFsz", "follow retry pid sleep-interval max-unchanged-stats zero-terminated"],
  tr: ["A", ""],
  uniq: ["Dz", "all-repeated group zero-terminated"],
  wc: ["", "files0-from total debug"],
};

/** Whether an option is a harmful one, or an abbreviation that could be. */
function isHarmfulOption(name: string, option: string): boolean {
  const [short, long] = harmful[name]!;
  if (!option.startsWith("--")) return short.includes(option) || (name === "uniq" && /\d/.test(option));
  return long !== "" && long.split(" ").some((full) => `--${full}`.startsWith(option));
}

/** Whether a program would read, write or run anything but its input, on GNU systems or on others. */
export function isHarmful(name: string, args: readonly string[]): boolean {
  if (name === "jq") {
    let filters = 0;
    for (let at = 0; at < args.length; at++) {
      const argument = args[at]!;
      if (argument === "--arg" || argument === "--argjson") at += 2;
      else if (argument === "--indent") at += 1;
      else if (
        /^-[CMSacejnrs]+$/.test(argument) ||
        /^--(?:tab|slurp|compact-output|raw-output|sort-keys|null-input)$/.test(argument)
      )
        continue;
      else if (argument.startsWith("-")) return true;
      else if (++filters > 1 || /import|include|env|ENV|input_filename/.test(argument)) return true;
    }
    return filters !== 1;
  }
  return [true, false].some((permutes) => {
    const read = getopt(optstrings[name]!, args, permutes);
    if (read === undefined) return true;
    const { operands, options } = read;
    if (options.some(([option]) => isHarmfulOption(name, option))) return true;
    const isPatternGiven = options.some(([option]) => option === "e" || option === "--regexp");
    const words = name === "grep" ? (isPatternGiven ? 0 : 1) : name === "tr" ? 2 : 0;
    return operands.length > words; // the rest would be files
  });
}
