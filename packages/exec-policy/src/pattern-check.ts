import { baseName, kindOf } from "./program-kinds.ts";

/** Longest pattern of an allowlist, in characters. */
const maxPatternChars = 4_096;

/**
 * Why a text can't be a pattern of an allowlist, or `undefined` when it can. A pattern that no real path can match is
 * refused too, and so is the path of a program that is never allowed by its own path (rule R-35): it would look like a
 * permission and be none.
 */
export function problemOfPattern(pattern: string): string | undefined {
  if (pattern.length > maxPatternChars) return `it is longer than ${maxPatternChars} characters`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(pattern)) return "it has control or invisible characters";
  if (!/[/\\~]/.test(pattern)) {
    return "it names no path; give the whole one, e.g. /usr/bin/uptime, because a bare name may be any file of that name";
  }
  if (pattern.split(/[/\\]/).some((segment) => segment === "." || segment === "..")) {
    return 'it has "." or ".." in it, and real paths never have';
  }
  if (!/^(?:[/\\*~]|[A-Za-z]:[/\\])/.test(pattern)) return "it is relative; start it with /, ~ or **";
  const name = baseName(pattern);
  if (/[*?[\]{}]/.test(name) || kindOf(name, name).kind === "plain") return undefined;
  return `${name} can run other programs, so that its own path would allow everything; it is asked about each time`;
}
