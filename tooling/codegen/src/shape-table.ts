import type { Schema } from "./json-schema.ts";
import { refName, withoutNull } from "./model.ts";

/** Text for a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** The anchor of a heading, as GitHub makes it. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
}

function bounds(low: number | undefined, high: number | undefined, unit: string): string {
  if (low !== undefined && high !== undefined) return low === high ? `${low}${unit}` : `${low} to ${high}${unit}`;
  if (high !== undefined) return `at most ${high}${unit}`;
  return low === undefined ? "" : `at least ${low}${unit}`;
}

const withBounds = (word: string, limit: string): string => (limit === "" ? word : `${word} (${limit})`);

/**
 * What a value may be, in words. Objects get rows of their own below, but for those `inUnion`, where rows would not say
 * which belong together.
 */
function typeText(schema: Schema, inUnion = false): string {
  const { schema: bare, nullable } = withoutNull(schema);
  const text = bareText(bare, inUnion);
  return nullable && text !== "null" ? `${text}, or null` : text;
}

function bareText(schema: Schema, inUnion: boolean): string {
  if (schema.$ref !== undefined) return `[${refName(schema.$ref)}](#${anchor(refName(schema.$ref))})`;
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return [...new Set(options.map((option) => typeText(option, true)))].join("; or ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  switch (schema.type) {
    case "string":
      // A text without a lower bound may be empty; one of at least one character is the usual case.
      return withBounds(
        "string",
        bounds(schema.minLength === 1 ? undefined : schema.minLength, schema.maxLength, " characters"),
      );
    case "integer":
      return withBounds("integer", bounds(schema.minimum, schema.maximum, ""));
    case "number":
      return withBounds("number", bounds(schema.minimum, schema.maximum, ""));
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return listText(schema, inUnion);
    case "object":
      if (schema.properties !== undefined) return inUnion ? inline(schema) : "object";
      return typeof schema.additionalProperties === "object" && Object.keys(schema.additionalProperties).length > 0
        ? `map of ${typeText(schema.additionalProperties)}`
        : "object";
    default:
      return "anything";
  }
}

function listText(schema: Schema, inUnion: boolean): string {
  const text = `list of ${schema.items === undefined ? "anything" : typeText(schema.items, inUnion)}`;
  const limit = bounds(schema.minItems, schema.maxItems, " entries");
  return limit === "" ? text : `${text}, ${limit}`;
}

function inline(schema: Schema): string {
  const entries = Object.entries(schema.properties ?? {}).map(
    ([key, property]) =>
      `${key}${(schema.required ?? []).includes(key) ? "" : "?"}: ${typeText(property, true).replaceAll("`", "")}`,
  );
  return `\`{ ${entries.join("; ")} }\`${schema.description === undefined ? "" : ` ${schema.description}`}`;
}

type Row = [name: string, type: string, required: string, meaning: string];

function rowsOf(schema: Schema, prefix: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const { schema: bare } = withoutNull(property);
    const name = `${prefix}${key}`;
    const required = (schema.required ?? []).includes(key) ? "yes" : "";
    const row: Row = [`\`${name}\``, typeText(property), required, property.description ?? ""];
    return [row, ...innerRows(bare, name)];
  });
}

/** Rows for what is inside an object, a list or a map that has no name of its own. */
function innerRows(schema: Schema, name: string): Row[] {
  if (schema.type === "object" && schema.properties !== undefined) return rowsOf(schema, `${name}.`);
  if (schema.type === "array" && schema.items !== undefined)
    return innerRows(withoutNull(schema.items).schema, `${name}[]`);
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return innerRows(schema.additionalProperties, `${name}.*`);
  }
  return [];
}

/** What an object holds, as a table; anything else, as a line. */
export function shapeText(schema: Schema): string {
  const { schema: bare } = withoutNull(schema);
  if (bare.type === "object" && bare.properties !== undefined) {
    const rows = rowsOf(bare, "");
    return rows.length === 0 ? "" : table(["name", "type", "required", "meaning"], rows);
  }
  const options = schema.anyOf ?? schema.oneOf ?? [];
  if (options.length > 2 || options.some((option) => option.properties !== undefined)) {
    return ["One of:", "", ...options.map((option) => `- ${typeText(option, true)}`)].join("\n");
  }
  const inner = innerRows(bare, "");
  const line = `${typeText(schema)}.`;
  return inner.length === 0 ? line : `${line}\n\n${table(["name", "type", "required", "meaning"], inner)}`;
}

/** Whether an object holds nothing. */
export function isEmpty(schema: Schema): boolean {
  return (
    schema.type === "object" &&
    Object.keys(schema.properties ?? {}).length === 0 &&
    typeof schema.additionalProperties !== "object"
  );
}
