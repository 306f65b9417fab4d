import { usageError } from "./command-error.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time such as `90s`, `30m`, `24h` or `7d`. @throws {CommandError} for anything else */
export function durationMs(text: string, option: string, command: string): number {
  const [, number, unit] = /^(\d{1,6})(s|m|h|d)$/.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined)
    throw usageError(`--${option} is a time such as 90s, 30m, 24h or 7d, not "${text.slice(0, 40)}"`, command);
  return Number(number) * (UNITS[unit] ?? 0);
}

/** Milliseconds of a plain number. @throws {CommandError} for anything else */
export function millisecondsOf(text: string | undefined, option: string, command: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw usageError(`--${option} is a number of milliseconds`, command);
  return Number(text);
}
