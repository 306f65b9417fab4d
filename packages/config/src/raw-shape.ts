import { isDeepStrictEqual } from "node:util";
import { memberPath } from "./json5-positions.ts";

/** Deepest nesting of a file. */
const maxDepth = 64;

// Objects with these keys have changed the behaviour of programs that merge them; no setting needs such a name.
const refusedKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** What no configuration may contain, wherever it stands and whatever it is for. */
export function findForbidden(value: unknown): readonly { readonly path: string; readonly message: string }[] {
  const found: { path: string; message: string }[] = [];
  const walk = (node: unknown, path: string, depth: number): void => {
    if (typeof node !== "object" || node === null) return;
    if (depth > maxDepth) {
      found.push({ path, message: `is nested deeper than ${maxDepth} levels` });
      return;
    }
    if (Array.isArray(node)) {
      for (const [index, item] of node.entries()) walk(item, `${path}[${index}]`, depth + 1);
      return;
    }
    for (const [key, item] of Object.entries(node)) {
      const member = memberPath(path, key);
      if (refusedKeys.has(key)) found.push({ path: member, message: "has a name that no key may have" });
      else if (key === "$include") {
        found.push({ path: member, message: "can't be used yet. Put the content of that file here instead" });
      } else walk(item, member, depth + 1);
    }
  };
  walk(value, "", 0);
  return found;
}

/** Paths of everything that was written: values, lists as a whole. */
export function leafPaths(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, item]) => leafPaths(item, memberPath(path, key)));
}

/** The value that a list of keys leads to. */
export function valueAt(root: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((node, key) => {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
    return (node as Record<PropertyKey, unknown>)[key];
  }, root);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Paths at which two values differ; lists count as a whole. */
export function differingPaths(a: unknown, b: unknown, path = ""): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  // Against nothing, an object counts as an empty one, so that its members are named and not only itself.
  const members = [a, b].every((side) => isObject(side) || side === undefined)
    ? [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])]
    : [];
  if (members.length === 0) return [path];
  return members.flatMap((key) => differingPaths(valueAt(a, [key]), valueAt(b, [key]), memberPath(path, key)));
}
