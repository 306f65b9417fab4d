import type { Invocation } from "../command-line.ts";

/** Answers: the value as JSON for programs, or its lines for people. */
export function answer(invocation: Invocation, value: unknown, lines: () => string): void {
  process.stdout.write(invocation.has("json") ? `${JSON.stringify(value, null, 2)}\n` : `${lines()}\n`);
}
