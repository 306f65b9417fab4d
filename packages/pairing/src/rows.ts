/** Rows by their key. */
export type Rows<T> = Readonly<Record<string, T>>;

/** The value of an own key. Ids come from strangers: `__proto__` and `constructor` name nothing. */
export function own<T>(rows: Rows<T>, key: string): T | undefined {
  return Object.hasOwn(rows, key) ? rows[key] : undefined;
}

/** A copy without some keys; the same object when none of them is there. */
export function without<T>(rows: Rows<T>, keys: readonly string[]): Rows<T> {
  if (!keys.some((key) => Object.hasOwn(rows, key))) return rows;
  return Object.fromEntries(Object.entries(rows).filter(([key]) => !keys.includes(key)));
}

/** Optional fields that are left out instead of being `undefined`. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that have a value. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
