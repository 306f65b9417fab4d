import { type Json5Node, parseTree } from "./json5-tree.ts";

/** Where the keys and list items of a JSON5 text stand. */
export interface Positions {
  /** Line, from 1, of the value at a path such as `gateway.trustedProxies[1]`; for an object member, of its key. */
  readonly lineOf: (path: string) => number | undefined;
  /** Paths that one object sets more than once, with their lines. */
  readonly repeated: readonly { readonly path: string; readonly lines: readonly number[] }[];
}

/** `parent.name`, or `name` at the top. */
export function memberPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** Finds out on which line each key of a JSON5 text stands. `text` must be valid JSON5. */
export function findPositions(text: string): Positions {
  const lines = new Map<string, number[]>();
  let countedTo = 0;
  let line = 1;
  // Places come in the order of the text, so that each line is counted once.
  const note = (path: string, at: number): void => {
    for (; countedTo < at; countedTo++) if (text[countedTo] === "\n") line += 1;
    const known = lines.get(path);
    if (known) known.push(line);
    else lines.set(path, [line]);
  };
  const walk = (node: Json5Node, path: string): void => {
    if (node.kind === "object") {
      for (const { keyStart, name, value } of node.members) {
        const member = memberPath(path, name);
        note(member, keyStart);
        walk(value, member);
      }
    } else if (node.kind === "array") {
      for (const [index, { value }] of node.items.entries()) {
        const item = `${path}[${index}]`;
        note(item, value.start);
        walk(value, item);
      }
    }
  };
  walk(parseTree(text), "");
  return {
    lineOf: (path) => lines.get(path)?.at(-1),
    repeated: [...lines].filter(([, found]) => found.length > 1).map(([path, found]) => ({ path, lines: found })),
  };
}
