/** What Telegram sent isn't what it documents. */
export class Malformed extends Error {}

/** An object of the wire. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads an object. @throws {Malformed} */
export function requireFields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed(`${what} is no object`);
  return value as Fields;
}

/** An object, or undefined for whatever isn't one. */
export function fieldsIn(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Reads a whole number. @throws {Malformed} */
export function requireInteger(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value)) throw new Malformed(`${what} is no whole number`);
  return value as number;
}

export function integerIn(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

export function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A text, or undefined for an empty one and for whatever isn't one. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of a list. */
export function allFieldsIn(value: unknown): readonly Fields[] {
  return listIn(value)
    .map(fieldsIn)
    .filter((fields) => fields !== undefined);
}

/** The fields that have a value. What is absent on the wire is absent in the result, too. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
