/** An object of a file, as it is written: nothing of it was checked. */
export type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a place of a file; an empty one where there is none. Pure. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Fields {
  return path.reduce<Fields>(
    (node, name) => {
      const inner = Object.hasOwn(node, name) ? node[name] : undefined;
      return isFields(inner) ? inner : {};
    },
    isFields(value) ? value : {},
  );
}
