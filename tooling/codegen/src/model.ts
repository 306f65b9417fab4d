import type { Definitions, Schema } from "./json-schema.ts";
import { pascal } from "./names.ts";

/** A type as the native models see it. Unions and open values are `any`: a JSON value. */
export type Type =
  | { readonly kind: "string" | "integer" | "number" | "boolean" | "any" }
  | { readonly kind: "list"; readonly of: Type }
  | { readonly kind: "map"; readonly of: Type }
  | { readonly kind: "named"; readonly name: string };

/** One property of a struct. */
export interface Field {
  readonly key: string;
  readonly type: Type;
  /** Whether the key may be absent. */
  readonly optional: boolean;
  /** Whether the value may be null. */
  readonly nullable: boolean;
  readonly doc: string | undefined;
}

/** A type with a name, at the top or inside another. */
export type Declaration =
  | {
      readonly kind: "struct";
      readonly name: string;
      readonly doc: string | undefined;
      readonly fields: readonly Field[];
      readonly nested: readonly Declaration[];
    }
  | {
      readonly kind: "enum";
      readonly name: string;
      readonly doc: string | undefined;
      readonly values: readonly string[];
    }
  | { readonly kind: "alias"; readonly name: string; readonly doc: string | undefined; readonly type: Type };

/** Names that a nested type can't have in Swift or Kotlin, because they mean something there already. */
const TAKEN = new Set([
  "Type",
  "Protocol",
  "Self",
  "Any",
  "Error",
  "Result",
  "List",
  "Map",
  "Set",
  "String",
  "Int",
  "Long",
  "Double",
  "Boolean",
  "Bool",
  "Array",
  "Unit",
  "Nothing",
  "Companion",
  "CodingKeys",
  "Data",
]);

const any: Type = { kind: "any" };

/** `#/$defs/CronJob` as `CronJob`. */
export function refName(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

/** A schema without the `null` that it may allow. */
export function withoutNull(schema: Schema): { readonly schema: Schema; readonly nullable: boolean } {
  const options = schema.anyOf ?? schema.oneOf;
  if (options === undefined) return { schema, nullable: schema.type === "null" };
  const rest = options.filter((option) => option.type !== "null");
  if (rest.length === options.length) return { schema, nullable: false };
  const [only] = rest;
  return { schema: rest.length === 1 && only !== undefined ? only : { anyOf: rest }, nullable: true };
}

const isText = (value: unknown): value is string => typeof value === "string";

/** Turns the definitions of the document into declarations, in the same order. */
export function declarations(definitions: Definitions): Declaration[] {
  const top = new Set(Object.keys(definitions));

  function typeOf(schema: Schema, suggested: string, nested: Declaration[]): Type {
    if (schema.$ref !== undefined) return { kind: "named", name: refName(schema.$ref) };
    if (schema.anyOf !== undefined || schema.oneOf !== undefined) return any;
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) {
      if (!schema.enum.every(isText)) return any;
      return nest({ kind: "enum", name: suggested, doc: undefined, values: schema.enum }, nested);
    }
    switch (schema.type) {
      case "string":
      case "integer":
      case "number":
      case "boolean":
        return { kind: schema.type };
      case "array":
        return { kind: "list", of: elementOf(schema.items, suggested, nested) };
      case "object":
        if (schema.properties !== undefined && Object.keys(schema.properties).length > 0) {
          const struct = structOf(suggested, schema);
          return nest(struct, nested);
        }
        return typeof schema.additionalProperties === "object"
          ? { kind: "map", of: elementOf(schema.additionalProperties, suggested, nested) }
          : { kind: "map", of: any };
      default:
        return any;
    }
  }

  function elementOf(schema: Schema | undefined, suggested: string, nested: Declaration[]): Type {
    if (schema === undefined) return any;
    const { schema: bare, nullable } = withoutNull(schema);
    // An element that may be null is rare enough to be an open value.
    return nullable ? any : typeOf(bare, suggested, nested);
  }

  function literal(value: unknown): Type {
    if (isText(value)) return { kind: "string" };
    if (typeof value === "boolean") return { kind: "boolean" };
    return Number.isInteger(value) ? { kind: "integer" } : any;
  }

  function nest(declaration: Declaration, nested: Declaration[]): Type {
    let { name } = declaration;
    while (top.has(name) || TAKEN.has(name) || nested.some((other) => other.name === name)) name = `${name}Value`;
    nested.push({ ...declaration, name });
    return { kind: "named", name };
  }

  function structOf(name: string, schema: Schema): Declaration {
    const nested: Declaration[] = [];
    const fields = Object.entries(schema.properties ?? {}).map(([key, property]): Field => {
      const { schema: bare, nullable } = withoutNull(property);
      return {
        key,
        type: typeOf(bare, pascal(key), nested),
        optional: !(schema.required ?? []).includes(key),
        nullable,
        doc: property.description ?? bare.description,
      };
    });
    return { kind: "struct", name, doc: schema.description, fields, nested };
  }

  return Object.entries(definitions).map(([name, schema]): Declaration => {
    const isStruct =
      schema.type === "object" && !(schema.properties === undefined && typeof schema.additionalProperties === "object");
    if (isStruct) return structOf(name, schema);
    const nested: Declaration[] = [];
    const { schema: bare } = withoutNull(schema);
    const type = typeOf(bare, `${name}Item`, nested);
    // A list whose element has no name of its own would need one at the top; none exists, and one more is caught here.
    if (nested.length > 0) throw new Error(`${name}: give the shape inside it a name`);
    return { kind: "alias", name, doc: schema.description, type };
  });
}
