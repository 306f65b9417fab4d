/** Options of interpreters that neither take a value nor run anything. */
const harmlessFlags: Readonly<Record<string, RegExp>> = {
  python: /^-[uBEsSIOq]+$/,
  pypy: /^-[uBEsSOq]+$/,
  node: /^--no-(?:warnings|deprecation)$/,
  nodejs: /^--no-(?:warnings|deprecation)$/,
};

/** Words that interpreters take as a command although a file might have that name. */
const commands: Readonly<Record<string, readonly string[]>> = {
  node: ["inspect", "debug", "-"],
  nodejs: ["inspect", "debug", "-"],
};

/**
 * Where an interpreter's script stands in its command, if only harmless flags stand before it; `undefined` when there
 * is none, or something else that may be code.
 */
export function scriptIndexOf(name: string, argv: readonly string[]): number | undefined {
  let index = 1;
  while (Object.hasOwn(harmlessFlags, name) && harmlessFlags[name]!.test(argv[index] ?? "")) index += 1;
  const operand = argv[index];
  if (operand === undefined || operand === "" || operand.startsWith("-") || operand.startsWith("+")) return undefined;
  return Object.hasOwn(commands, name) && commands[name]!.includes(operand) ? undefined : index;
}
