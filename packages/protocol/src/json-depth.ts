import { LIMITS } from "./limits.ts";

/**
 * Whether arrays and objects of a JSON value are nested deeper than that, {@link LIMITS.maxJsonDepth} unless said. Reading JSON takes any depth,
 * writing it again doesn't: a few kilobytes of brackets would end the process of whoever passes them on. Pure; no recursion.
 */
export function isTooDeep(value: unknown, maxDepth: number = LIMITS.maxJsonDepth): boolean {
  let level = [value].filter(isNested);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((one) => (Array.isArray(one) ? one : Object.values(one)).filter(isNested));
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
