import type { z } from "zod";
import { type KeyNote, keyNotes } from "./annotate.ts";
import { nearest } from "./nearest.ts";
import { configSchema } from "./schema.ts";

/** A key that holds a value, and what is known about it. */
export interface KnownKey extends KeyNote {
  /** Dotted path, e.g. `gateway.auth.token`. Where entries have names or places of their own: `<id>`, `[]`. */
  readonly path: string;
  /** The value it has when it is absent from the file; `undefined` when there is none. */
  readonly default: unknown;
}

interface KeyTable {
  readonly keys: ReadonlyMap<string, KnownKey>;
  /** Paths of the objects that hold keys, e.g. `gateway.auth`. */
  readonly sections: ReadonlySet<string>;
  /** Beginnings of paths that a name (`models.providers.`) or a place (`agents.list[`) follows; outer ones first. */
  readonly open: readonly string[];
}

let table: KeyTable | undefined;

/** All keys by path, in the order of the schema. */
export function keyTable(): KeyTable {
  if (table) return table;
  const keys = new Map<string, KnownKey>();
  const sections = new Set<string>();
  const open: string[] = [];
  const walk = (schema: z.core.$ZodType, path: string): void => {
    const note = keyNotes.get(schema);
    if (note) {
      keys.set(path, { ...note, path, default: defaultOf(schema) });
      return;
    }
    if (path !== "") sections.add(path);
    const { def } = (schema as z.core.$ZodTypes)._zod;
    switch (def.type) {
      case "prefault":
        return walk(def.innerType, path);
      case "object":
        for (const [name, member] of Object.entries(def.shape)) walk(member, path === "" ? name : `${path}.${name}`);
        return;
      case "record":
        open.push(`${path}.`);
        return walk(def.valueType, `${path}.<id>`);
      case "array":
        open.push(`${path}[`);
        return walk(def.element, `${path}[]`);
      default:
        throw new TypeError(`The key ${path} has no note: declare it with keyed, optionalKey or laterKey.`);
    }
  };
  walk(configSchema(), "");
  table = { keys, sections, open };
  return table;
}

/**
 * A path as the table has it: names and places of entries replaced. A name may have dots itself, so it ends where
 * something known follows.
 */
export function generalPath(path: string): string {
  const { keys, sections, open } = keyTable();
  return open.reduce((general, start) => {
    if (!general.startsWith(start) || general.length === start.length) return general;
    const rest = general.slice(start.length);
    if (start.endsWith("[")) return `${start}${rest.slice(rest.indexOf("]"))}`;
    const known = (end: number): boolean => {
      const next = `${start}<id>${/^\.[^.[]+/.exec(rest.slice(end))?.[0] ?? ""}`;
      return keys.has(next) || sections.has(next);
    };
    const ends = [...rest.matchAll(/\./g)].map(({ index }) => index);
    const end = ends.find(known) ?? ends[0] ?? rest.length;
    return `${start}<id>${rest.slice(end)}`;
  }, path);
}

function defaultOf(schema: z.core.$ZodType): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "default" ? def.defaultValue : undefined;
}

/**
 * The key that a path belongs to: the key itself, or the one whose value contains it (`channels` for
 * `channels.telegram.botToken`, `gateway.trustedProxies` for `gateway.trustedProxies[1]`).
 */
export function keyOf(exact: string): KnownKey | undefined {
  const { keys } = keyTable();
  const path = generalPath(exact);
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
    const key = keys.get(path.slice(0, end));
    if (key) return key;
  }
  return undefined;
}

/** The known path that somebody most likely meant by one that isn't known. */
export function likelyPath(exact: string): string | undefined {
  const { keys, sections } = keyTable();
  const path = generalPath(exact);
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
