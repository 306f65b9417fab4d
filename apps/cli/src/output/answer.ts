import type { Invocation } from "../command-line.ts";
import { printableJson, printableLines } from "./printable.ts";

/** Answers: the value as JSON for programs, or its lines for people. */
export function answer(invocation: Invocation, value: unknown, lines: () => string): void {
  process.stdout.write(invocation.has("json") ? `${printableJson(value, 2)}\n` : `${printableLines(lines())}\n`);
}
