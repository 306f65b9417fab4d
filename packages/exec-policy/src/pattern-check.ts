import { baseName, kindOf } from "./program-kinds.ts";

/** Longest pattern of an allowlist, in characters. */
const maxPatternChars = 4_096;

/** Why a text can't match any real path, or `undefined` when it can: it would look like a permission and be none. */
export function faultOfPattern(pattern: string): string | undefined {
  if (pattern.length > maxPatternChars) return `it is longer than ${maxPatternChars} characters`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(pattern)) return "it has control or invisible characters";
  if (!/[/\\~]/.test(pattern)) {
    return "it names no path; give the whole one, e.g. /usr/bin/uptime, because a bare name may be any file of that name";
  }
  if (pattern.split(/[/\\]/).some((segment) => segment === "." || segment === "..")) {
    return 'it has "." or ".." in it, and real paths never have';
  }
  if (!/^(?:[/\\*~]|[A-Za-z]:[/\\])/.test(pattern)) return "it is relative; start it with /, ~ or **";
  return undefined;
}

/**
 * Why a text shouldn't be put on an allowlist, or `undefined` when it may. What no real path can match is refused, and so
 * is the path of a program that is never allowed by its own path (rule R-35). An interpreter may be named: a script on the
 * list then runs with it.
 */
export function problemOfPattern(pattern: string): string | undefined {
  const fault = faultOfPattern(pattern);
  if (fault !== undefined) return fault;
  const name = baseName(pattern);
  if (/[*?[\]{}]/.test(name) || ["plain", "interpreter"].includes(kindOf(name, name).kind)) return undefined;
  return `${name} can run other programs, so that its own path would allow everything; it is asked about each time`;
}

/** What somebody should know who puts this on a list, if anything. */
export function noteOnPattern(pattern: string): string | undefined {
  const name = baseName(pattern);
  if (/[*?[\]{}]/.test(name) || kindOf(name, name).kind !== "interpreter") return undefined;
  return `${name} is an interpreter: scripts that are on the list too run with it, and whatever else it is given is asked about`;
}
