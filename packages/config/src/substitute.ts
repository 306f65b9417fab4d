import type { Environment } from "./environment.ts";
import { memberPath } from "./json5-positions.ts";

/** A reference to a variable that isn't set. */
export interface MissingVariable {
  readonly path: string;
  readonly variable: string;
}

const reference = /\$(\$?)\{([A-Z_][A-Z0-9_]*)\}/g;

/**
 * Replaces `${NAME}` in every text by the variable of that name; `$${NAME}` becomes the literal `${NAME}`. What comes out
 * of a variable is not looked at again. A blank variable counts as missing.
 */
export function substituteVariables(
  value: unknown,
  env: Environment,
): { readonly value: unknown; readonly missing: readonly MissingVariable[] } {
  const missing: MissingVariable[] = [];
  const inText = (text: string, path: string): string =>
    text.replace(reference, (whole, escaped: string, variable: string) => {
      if (escaped !== "") return whole.slice(1);
      const found = env[variable]?.trim();
      if (!found) missing.push({ path, variable });
      return found ?? "";
    });
  const walk = (node: unknown, path: string): unknown => {
    if (typeof node === "string") return inText(node, path);
    if (Array.isArray(node)) return node.map((item, index) => walk(item, `${path}[${index}]`));
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, memberPath(path, key))]));
  };
  return { value: walk(value, ""), missing };
}
