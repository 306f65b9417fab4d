import type { z } from "zod";
import { type KeyNote, keyNotes } from "./annotate.ts";
import { nearest } from "./nearest.ts";
import { configSchema } from "./schema.ts";

/** A key that holds a value, and what is known about it. */
export interface KnownKey extends KeyNote {
  /** Dotted path, e.g. `gateway.auth.token`. */
  readonly path: string;
  /** The value it has when it is absent from the file; `undefined` when there is none. */
  readonly default: unknown;
}

interface KeyTable {
  readonly keys: ReadonlyMap<string, KnownKey>;
  /** Paths of the objects that hold keys, e.g. `gateway.auth`. */
  readonly sections: ReadonlySet<string>;
}

let table: KeyTable | undefined;

/** All keys by path, in the order of the schema. */
export function keyTable(): KeyTable {
  if (table) return table;
  const keys = new Map<string, KnownKey>();
  const sections = new Set<string>();
  const walk = (shape: Record<string, z.core.$ZodType>, prefix: string): void => {
    for (const [name, schema] of Object.entries(shape)) {
      const path = `${prefix}${name}`;
      const note = keyNotes.get(schema);
      if (note) keys.set(path, { ...note, path, default: defaultOf(schema) });
      else {
        sections.add(path);
        walk(shapeOf(schema, path), `${path}.`);
      }
    }
  };
  walk(configSchema().shape, "");
  table = { keys, sections };
  return table;
}

function defaultOf(schema: z.core.$ZodType): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "default" ? def.defaultValue : undefined;
}

function shapeOf(schema: z.core.$ZodType, path: string): Record<string, z.core.$ZodType> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "prefault") return shapeOf(def.innerType, path);
  if (def.type === "object") return def.shape;
  throw new TypeError(`The key ${path} has no note: declare it with keyed, optionalKey or laterKey.`);
}

/**
 * The key that a path belongs to: the key itself, or the one whose value contains it (`channels` for
 * `channels.telegram.botToken`, `gateway.trustedProxies` for `gateway.trustedProxies[1]`).
 */
export function keyOf(path: string): KnownKey | undefined {
  const { keys } = keyTable();
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
    const key = keys.get(path.slice(0, end));
    if (key) return key;
  }
  return undefined;
}

/** The known path that somebody most likely meant by one that isn't known. */
export function likelyPath(path: string): string | undefined {
  const { keys, sections } = keyTable();
  const known = [...keys.keys(), ...sections];
  const parent = path.slice(0, path.lastIndexOf(".") + 1);
  const siblings = known.filter((one) => one.startsWith(parent) && !one.slice(parent.length).includes("."));
  const sibling = nearest(
    path.slice(parent.length),
    siblings.map((one) => one.slice(parent.length)),
  );
  if (sibling !== undefined) return `${parent}${sibling}`;
  // Right name, wrong place: `gateway.token` for `gateway.auth.token`.
  const name = path.slice(parent.length);
  return (
    known.find((one) => one.endsWith(`.${name}`) && one.startsWith(path.split(".")[0] ?? "")) ?? nearest(path, known)
  );
}
