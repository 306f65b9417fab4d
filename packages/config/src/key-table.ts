import type { z } from "zod";
import { type KeyNote, keyNotes } from "./annotate.ts";
import { nearest } from "./nearest.ts";
import { configSchema } from "./schema.ts";

/** A key that holds a value, and what is known about it. */
export interface KnownKey extends KeyNote {
  /** Dotted path, e.g. `gateway.auth.token`; where people choose a name, it says {@link anyId}. */
  readonly path: string;
  /** The value it has when it is absent from the file; `undefined` when there is none. */
  readonly default: unknown;
}

/** Stands in a path for the id that people choose: `channels.telegram.accounts.<id>.botToken`. */
const anyId = "<id>";

interface KeyTable {
  readonly keys: ReadonlyMap<string, KnownKey>;
  /** Paths of the objects that hold keys, e.g. `gateway.auth`. */
  readonly sections: ReadonlySet<string>;
  /** Paths of the objects whose keys people choose, e.g. `channels.telegram.accounts`. */
  readonly maps: ReadonlySet<string>;
}

let table: KeyTable | undefined;

/** All keys by path, in the order of the schema. */
export function keyTable(): KeyTable {
  if (table) return table;
  const keys = new Map<string, KnownKey>();
  const sections = new Set<string>();
  const maps = new Set<string>();
  const walk = (shape: Record<string, z.core.$ZodType>, prefix: string): void => {
    for (const [name, schema] of Object.entries(shape)) {
      const path = `${prefix}${name}`;
      const note = keyNotes.get(schema);
      if (note) keys.set(path, { ...note, path, default: defaultOf(schema) });
      else {
        sections.add(path);
        const { shape, isMap } = shapeOf(schema, path);
        if (isMap) maps.add(path);
        walk(shape, isMap ? `${path}.${anyId}.` : `${path}.`);
      }
    }
  };
  walk(configSchema().shape, "");
  table = { keys, sections, maps };
  return table;
}

function defaultOf(schema: z.core.$ZodType): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "default" ? def.defaultValue : undefined;
}

function shapeOf(
  schema: z.core.$ZodType,
  path: string,
): { readonly shape: Record<string, z.core.$ZodType>; readonly isMap: boolean } {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "prefault") return shapeOf(def.innerType, path);
  if (def.type === "record") return { ...shapeOf(def.valueType, path), isMap: true };
  if (def.type === "object") return { shape: def.shape, isMap: false };
  throw new TypeError(`The key ${path} has no note: declare it with keyed, optionalKey or laterKey.`);
}

/**
 * The key that a path belongs to: the key itself, or the one whose value contains it (`agents` for `agents.list`,
 * `gateway.trustedProxies` for `gateway.trustedProxies[1]`). Ids that people chose stand for each other.
 */
export function keyOf(path: string): KnownKey | undefined {
  const { keys, maps } = keyTable();
  for (const map of maps) {
    if (!path.startsWith(`${map}.`) || path.startsWith(`${map}.${anyId}.`)) continue;
    // An id may contain dots itself: the shortest one after which a key follows is meant.
    for (let end = path.indexOf(".", map.length + 1); end !== -1; end = path.indexOf(".", end + 1)) {
      const key = keyOf(`${map}.${anyId}${path.slice(end)}`);
      if (key) return key;
    }
  }
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
    const key = keys.get(path.slice(0, end));
    if (key) return key;
  }
  return undefined;
}

/** Whether a path is that of the key itself, with whatever id. */
export function isPathOf(key: KnownKey, path: string): boolean {
  const pattern = key.path.split(anyId);
  const [before = "", after] = pattern;
  return after === undefined
    ? path === key.path
    : path.startsWith(before) && path.endsWith(after) && path.length > before.length + after.length;
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
