import { callerEnvironment } from "./environment.ts";

/** A wrapper's own options; the program that it runs follows them. */
interface WrapperShape {
  /** Options that stand alone. */
  readonly flags: RegExp;
  /** Options whose value is the next argument, and what that may be. */
  readonly valued?: Readonly<Record<string, RegExp>>;
  /** What must stand between the options and the program. */
  readonly operand?: RegExp;
}

const number = /^-?\d{1,3}$/;
const duration = /^\d{1,9}(?:\.\d{1,9})?[smhd]?$/;
const signal = /^[A-Za-z0-9+]{1,16}$/;
const buffering = /^(?:L|0|\d{1,6}[KM]?)$/;

// Known options in full, and no others: one that isn't here may take the next argument as its value, and then what we
// take for the program is none. Nothing here writes a file or changes whose rights the program has.
const shapes: Readonly<Record<string, WrapperShape>> = {
  nice: { flags: /^(?:-\d{1,3}|-n-?\d{1,3}|--adjustment=-?\d{1,3})$/, valued: { "-n": number } },
  nohup: { flags: /^$/ },
  timeout: {
    flags: /^(?:--foreground|--preserve-status|--signal=[A-Za-z0-9+]{1,16}|--kill-after=\d{1,9}[smhd]?)$/,
    valued: { "-s": signal, "-k": duration },
    operand: duration,
  },
  stdbuf: {
    flags: /^(?:-[ioe](?:L|0|\d{1,6}[KM]?)|--(?:input|output|error)=(?:L|0|\d{1,6}[KM]?))$/,
    valued: { "-i": buffering, "-o": buffering, "-e": buffering },
  },
  time: { flags: /^-p$/ },
  ionice: { flags: /^(?:-c[0-3]|-n[0-7]|-t)$/, valued: { "-c": /^[0-3]$/, "-n": /^[0-7]$/ } },
};

/**
 * Where the program begins that a wrapper runs, as an index into its whole command; or why that can't be told. `env`
 * may set what any caller may set, and takes no options here: `-S` splits text, `-C` and `-P` change where it looks.
 */
export function innerIndexOf(
  name: string,
  argv: readonly string[],
  platform: NodeJS.Platform,
): { readonly index: number } | { readonly reason: string } {
  if (name === "env") return innerOfEnv(argv, platform);
  const shape = shapes[name];
  if (shape === undefined) return { reason: `${name} runs other programs` };
  let index = 1;
  for (; argv[index]?.startsWith("-"); index++) {
    const option = argv[index]!;
    if (option === "--") {
      index += 1;
      break;
    }
    const value = shape.valued?.[option];
    if (value?.test(argv[index + 1] ?? "")) index += 1;
    else if (!shape.flags.test(option)) return { reason: `${name} with an option that isn't known to be harmless` };
  }
  if (shape.operand !== undefined) {
    if (!shape.operand.test(argv[index] ?? "")) return { reason: `${name} without its first operand` };
    index += 1;
  }
  return beginsProgram(argv[index]) ? { index } : { reason: `${name} without a program` };
}

function innerOfEnv(
  argv: readonly string[],
  platform: NodeJS.Platform,
): { readonly index: number } | { readonly reason: string } {
  let index = 1;
  for (; argv[index]?.includes("="); index++) {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(argv[index]!) ?? [];
    // An own property, whatever the name is.
    if (!callerEnvironment(Object.fromEntries([[name, value]]), { platform }).ok) {
      return { reason: "env sets a variable that callers may not set" };
    }
  }
  if (argv[index]?.startsWith("-")) return { reason: "env with an option" };
  return beginsProgram(argv[index]) ? { index } : { reason: "env without a program" };
}

const beginsProgram = (argument: string | undefined): boolean =>
  argument !== undefined && argument !== "" && !argument.startsWith("-");
