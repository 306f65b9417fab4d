import { usageError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";

/**
 * The options that were given, under the names that the protocol has for them.
 * @param names the protocol's name by the option's
 */
export function givenOptions<const N extends string>(
  invocation: Invocation,
  names: Readonly<Record<string, N>>,
): { readonly [K in N]?: string } {
  const given = Object.entries(names).flatMap(([option, name]) => {
    const value = invocation.value(option);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given) as { readonly [K in N]?: string };
}

/**
 * The whole number that an option gives.
 * @throws {CommandError} when it is none from 1 to `most`
 */
export function countOf(invocation: Invocation, option: string, usual: number, most: number): number {
  const text = invocation.value(option);
  if (text === undefined) return usual;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw usageError(`--${option} is a whole number from 1 to ${most}, not "${text.slice(0, 40)}"`, invocation.command);
}
