import { faultOfPattern } from "./pattern-check.ts";

export interface PatternRules {
  readonly homedir: string;
  readonly platform: NodeJS.Platform;
}

/** One step of a pattern: a character, or any one, any few, or any at all. */
type Step = { readonly is: string } | "one" | "segment" | "any";

/**
 * Turns an allowlist pattern into a question about real paths, or `undefined` when it can match none: a bare name, a
 * relative path, one with `.` or `..` in it. `~` at its start is the home folder. `*` and `?` stay within one segment, `**` goes
 * across them; every other character stands for itself. Case counts but on Windows, where `\` and `/` are the same
 * (rules ). A path that isn't absolute and straight is never matched.
 */
export function compilePattern(pattern: string, rules: PatternRules): ((realPath: string) => boolean) | undefined {
  if (faultOfPattern(pattern) !== undefined) return undefined;
  const isWindows = rules.platform === "win32";
  const fold = (text: string): string => (isWindows ? text.replaceAll("\\", "/").toLowerCase() : text);
  const folded = fold(pattern);
  const isHome = folded === "~" || folded.startsWith("~/");
  // The home folder is a name and no pattern: what is special in it stands for itself.
  const home = isHome ? Array.from(fold(rules.homedir).replace(/\/+$/, ""), (is): Step => ({ is })) : [];
  const steps = [...home, ...stepsOf(isHome ? folded.slice(1) : folded)];
  return (realPath) => {
    const path = fold(realPath);
    const isStraight = (isWindows ? /^(?:[a-z]:\/|\/\/)/ : /^\//).test(path) && !/(?:^|\/)\.\.?(?:\/|$)/.test(path);
    return isStraight && matches(steps, Array.from(path));
  };
}

function stepsOf(pattern: string): readonly Step[] {
  return [...pattern.matchAll(/\*\*|[\s\S]/gu)].map(([token]): Step => {
    if (token === "**") return "any";
    if (token === "*") return "segment";
    return token === "?" ? "one" : { is: token };
  });
}

/** One pass over the path with all places of the pattern that it may stand at: no pattern makes it slow. */
function matches(steps: readonly Step[], path: readonly string[]): boolean {
  let places = new Set<number>();
  const enter = (into: Set<number>, place: number): void => {
    for (let at = place; !into.has(at); at++) {
      into.add(at);
      if (steps[at] !== "segment" && steps[at] !== "any") return; // those may also stand for nothing
    }
  };
  enter(places, 0);
  for (const character of path) {
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === "any" || (step === "segment" && character !== "/")) enter(next, place);
      else if (step === "one" ? character !== "/" : typeof step === "object" && step.is === character) {
        enter(next, place + 1);
      }
    }
    places = next;
  }
  return places.has(steps.length);
}
