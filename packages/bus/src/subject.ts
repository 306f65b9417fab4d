import { BusError, BusErrorCode } from "./errors.ts";

/** Longest subject or pattern, in characters. */
export const maxSubjectLength: number = 256;

const words = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Ends a pattern: one or more further words. */
const rest = ".>";

/** @throws {BusError} `invalid-subject` unless it is words of letters, digits, `_` and `-`, joined by dots. */
export function requireSubject(subject: string): string {
  if (subject.length <= maxSubjectLength && words.test(subject)) return subject;
  throw new BusError(
    BusErrorCode.InvalidSubject,
    `"${subject.slice(0, 80)}" is no subject: use words of letters, digits, "_" and "-", joined by dots.`,
  );
}

/** A pattern, taken apart. `subject` is what comes before the `.>`, if it has one. */
export interface Pattern {
  readonly subject: string;
  readonly matchesBelow: boolean;
}

/** @throws {BusError} `invalid-subject`. */
export function parsePattern(pattern: string): Pattern {
  if (!pattern.endsWith(rest)) return { subject: requireSubject(pattern), matchesBelow: false };
  return { subject: requireSubject(pattern.slice(0, -rest.length)), matchesBelow: true };
}

/** What a subject lies below, nearest first: `a.b.c` lies below `a.b` and `a`. */
export function* parentsOf(subject: string): Generator<string> {
  for (let end = subject.lastIndexOf("."); end > 0; end = subject.lastIndexOf(".", end - 1))
    yield subject.slice(0, end);
}
