/** What a program may be given so that it only works on its input and reads no file (rule R-36). */
interface SafeBinShape {
  /** Short options without a value; they may be joined. */
  readonly flags: string;
  /** Short options with a value, in the same argument or the next one. */
  readonly valued: string;
  /** Long options, spelled in full; true for those that need a value after `=`. */
  readonly long: Readonly<Record<string, boolean>>;
  /** Options that take this many arguments of their own, spelled in full. */
  readonly separate?: Readonly<Record<string, number>>;
  /** Fewest and most operands; none of them is ever a file. */
  readonly operands: readonly [number, number];
  /** Operands that may stand instead of any option, such as `-5`. */
  readonly number?: boolean;
  /** Operands in which one of these is found aren't harmless. */
  readonly refusedOperand?: RegExp;
}

const none = (...names: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(names.map((name) => [name, false]));
const withValue = (...names: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(names.map((name) => [name, true]));

/**
 * Programs that run without an entry when the host's rules say `allowlist`, each with all that it may be given. What
 * isn't here is a miss: options that read or write files, run programs or follow a file, and every abbreviation.
 */
const safeBinShapes: Readonly<Record<string, SafeBinShape>> = {
  cut: {
    flags: "ns",
    valued: "bcdf",
    long: {
      ...none("complement", "only-delimited"),
      ...withValue("bytes", "characters", "delimiter", "fields", "output-delimiter"),
    },
    operands: [0, 0],
  },
  grep: {
    flags: "EFGPHLbchilnoqsvwx",
    valued: "ABCem",
    long: {
      ...none(
        "count",
        "extended-regexp",
        "fixed-strings",
        "basic-regexp",
        "perl-regexp",
        "ignore-case",
        "invert-match",
      ),
      ...none("line-number", "line-regexp", "no-messages", "only-matching", "quiet", "word-regexp", "byte-offset"),
      ...withValue("after-context", "before-context", "context", "max-count", "regexp"),
    },
    operands: [0, 1],
  },
  head: {
    flags: "qv",
    valued: "cn",
    long: { ...none("quiet", "verbose"), ...withValue("bytes", "lines") },
    operands: [0, 0],
    number: true,
  },
  jq: {
    flags: "CMSacejnrs",
    valued: "",
    long: none(
      "ascii-output",
      "color-output",
      "compact-output",
      "exit-status",
      "join-output",
      "monochrome-output",
      "null-input",
      "raw-input",
      "raw-output",
      "slurp",
      "sort-keys",
      "stream",
      "tab",
    ),
    separate: { "--arg": 2, "--argjson": 2, "--indent": 1 },
    operands: [1, 1],
    // They read modules and variables from outside of the input.
    refusedOperand: /\b(?:import|include|env|ENV|modulemeta|get_search_list|input_filename)\b/,
  },
  sort: {
    flags: "MRVbcdfghinrsuC",
    valued: "kt",
    long: {
      ...none("dictionary-order", "general-numeric-sort", "human-numeric-sort", "ignore-case", "ignore-leading-blanks"),
      ...none("ignore-nonprinting", "month-sort", "numeric-sort", "reverse", "stable", "unique", "version-sort"),
      ...withValue("field-separator", "key"),
    },
    operands: [0, 0],
  },
  tail: {
    flags: "qv",
    valued: "cn",
    long: { ...none("quiet", "verbose"), ...withValue("bytes", "lines") },
    operands: [0, 0],
    number: true,
  },
  tr: {
    flags: "Ccdst",
    valued: "",
    long: none("complement", "delete", "squeeze-repeats", "truncate-set1"),
    operands: [1, 2],
  },
  uniq: {
    flags: "cdiu",
    valued: "fsw",
    long: {
      ...none("count", "ignore-case", "repeated", "unique"),
      ...withValue("check-chars", "skip-chars", "skip-fields"),
    },
    operands: [0, 0],
  },
  wc: {
    flags: "Lclmw",
    valued: "",
    long: none("bytes", "chars", "lines", "max-line-length", "words"),
    operands: [0, 0],
  },
};

/** The programs that run without an entry where a host doesn't choose fewer. */
export const DEFAULT_SAFE_BINS: readonly string[] = ["jq", "grep", "cut", "sort", "uniq", "head", "tail", "tr", "wc"];

/**
 * Whether the arguments of a safe program are harmless. Options after the first operand are refused: systems differ in
 * whether they are options or files.
 */
export function isHarmlessUse(name: string, args: readonly string[]): boolean {
  const shape = Object.hasOwn(safeBinShapes, name) ? safeBinShapes[name] : undefined;
  if (shape === undefined) return false;
  let at = 0;
  let hasPattern = false;
  for (; at < args.length; at++) {
    const argument = args[at]!;
    if (!argument.startsWith("-") || argument === "-") break;
    if (argument === "--") {
      if (shape.separate !== undefined) return false; // jq has read it in several ways
      at += 1;
      break;
    }
    const taken = argumentsTaken(shape, argument, args.length - at - 1);
    if (taken === undefined) return false;
    hasPattern ||= name === "grep" && (/^-[^-]*e/.test(argument) || argument.startsWith("--regexp="));
    at += taken;
  }
  const operands = args.slice(at);
  // After -e even the first operand of grep is a file; without it, exactly one is the pattern.
  const [fewest, most] = name === "grep" ? (hasPattern ? [0, 0] : [1, 1]) : shape.operands;
  if (operands.length < fewest || operands.length > most) return false;
  const isAfterDashes = args[at - 1] === "--";
  return operands.every(
    (operand) => (isAfterDashes || !operand.startsWith("-")) && shape.refusedOperand?.test(operand) !== true,
  );
}

/** How many more arguments an option takes; `undefined` when it isn't a known one. */
function argumentsTaken(shape: SafeBinShape, argument: string, left: number): number | undefined {
  const separate = shape.separate?.[argument];
  if (separate !== undefined) return separate <= left ? separate : undefined;
  if (argument.startsWith("--")) {
    const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    const needsValue = Object.hasOwn(shape.long, name) ? shape.long[name] : undefined;
    return needsValue === undefined || needsValue !== (value !== undefined) ? undefined : 0;
  }
  if (shape.number === true && /^-\d{1,9}$/.test(argument)) return 0;
  for (let at = 1; at < argument.length; at++) {
    const letter = argument[at]!;
    if (shape.valued.includes(letter)) {
      if (at + 1 < argument.length) return 0;
      return left > 0 ? 1 : undefined;
    }
    if (!shape.flags.includes(letter)) return undefined;
  }
  return 0;
}
