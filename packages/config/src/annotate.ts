import { z } from "zod";

/** What a change of a key does while the gateway runs. */
export type ReloadEffect =
  /** Takes effect at once. */
  | "live"
  /** Restarts the channel it belongs to. */
  | "channel"
  /** Restarts the gateway. */
  | "gateway";

/** What is known about a key. Docs, forms, redaction, explanations and the reload plan all come from here. */
export interface KeyNote {
  /** One or two sentences for people. */
  readonly description: string;
  /** What a value must be, in words that complete "must be ...". */
  readonly expects: string;
  /** Shown as the default where the schema itself has none, e.g. because it depends on something. */
  readonly defaultText?: string;
  /** A secret: never shown, logged, or repeated in an error. */
  readonly sensitive?: boolean;
  readonly reload: ReloadEffect;
  /** Documented, accepted, and without effect so far. */
  readonly later?: boolean;
  /** Accepted without a word even though nothing uses it: notes that tools leave in the file. */
  readonly silent?: boolean;
}

/** Where the notes live: beside the schema and not in it, so that they can't change what is accepted. */
export const keyNotes = z.registry<KeyNote>();

/** A key with a default. */
export function keyed<S extends z.ZodType>(
  schema: S,
  fallback: z.output<S> & z.util.NoUndefined<z.output<S>>,
  note: KeyNote,
) {
  const key = schema.default(fallback);
  keyNotes.add(key, note);
  return key;
}

/** A key that may be absent. */
export function optionalKey<S extends z.ZodType>(schema: S, note: KeyNote) {
  const key = schema.optional();
  keyNotes.add(key, note);
  return key;
}

/** A key that must be there. Only within lists and named entries: an empty file is a configuration. */
export function requiredKey<S extends z.ZodType>(schema: S, note: KeyNote) {
  // A schema of its own, so that one that is used twice can have two notes.
  const key = schema.meta({}) as S;
  keyNotes.add(key, note);
  return key;
}

/** A documented key that nothing uses yet: any value passes, with a warning. */
export function laterKey(description: string, reload: ReloadEffect = "gateway") {
  return z
    .unknown()
    .optional()
    .register(keyNotes, { description, expects: "what its documentation says", reload, later: true });
}

/** An object with exactly these keys. Absent, it is its defaults. */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape).prefault({} as never);
}

/** Objects with exactly these keys, by an id that people choose. Absent, there are none. */
export function sectionMap<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.record(z.string().trim().min(1).max(128), z.strictObject(shape)).prefault({} as never);
}
