import { type Json5Member, type Json5Node, parseTree } from "./json5-tree.ts";

/** A value that a file of settings can hold. */
export type ConfigValue =
  | null
  | boolean
  | number
  | string
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };

/** One change: the key at a path, one name for each level, gets a value or is taken out. */
export type ConfigChange =
  | { readonly path: readonly string[]; readonly value: ConfigValue }
  | { readonly path: readonly string[]; readonly remove: true };

type ObjectNode = Extract<Json5Node, { kind: "object" }>;

/** Everything that ends a line, and a comment with it. */
const lineEnd = /[\n\r\u2028\u2029]/;

/** A key that can't be set, because what should hold it is something else. */
export class EditError extends Error {
  override readonly name = "EditError";
}

/**
 * Carries out changes on the text of a JSON5 file: what isn't changed stays as it is, comments and layout among it. Objects
 * on the way that aren't there are made. Taking out what isn't there changes nothing. A list that only grows keeps its
 * items as they are written. Texts are written so that `${NAME}` in them means itself.
 * @param text valid JSON5 that holds an object; blank text is an empty one
 * @throws {EditError} when something on the way is no object
 */
export function editText(text: string, changes: readonly ConfigChange[]): string {
  const start = text.trim() === "" ? "{}\n" : text;
  return changes.reduce((edited, change) => {
    const literal = "remove" in change ? change : { path: change.path, value: literalValue(change.value) };
    return new Edit(edited).carryOut(literal);
  }, start);
}

class Edit {
  readonly #text: string;
  readonly #root: ObjectNode;
  readonly #newLine: string;
  readonly #unit: string;
  readonly #quotes: boolean;

  constructor(text: string) {
    const root = parseTree(text);
    if (root.kind !== "object") throw new EditError("the file holds no object");
    this.#text = text;
    this.#root = root;
    this.#newLine = text.includes("\r\n") ? "\r\n" : "\n";
    const [first] = root.members;
    this.#unit = (first && this.#indentAt(first.keyStart)) || "  ";
    this.#quotes = first?.isQuoted ?? true;
  }

  carryOut(change: ConfigChange): string {
    let object = this.#root;
    for (const [depth, name] of change.path.entries()) {
      const member = object.members.findLast((one) => one.name === name);
      const isLast = depth === change.path.length - 1;
      if (member === undefined) {
        if ("remove" in change) return this.#text;
        const rest = change.path.slice(depth + 1);
        const value = rest.reduceRight<ConfigValue>((inner, key) => ({ [key]: inner }), change.value);
        return this.#insert(object, name, value);
      }
      if (isLast) return "remove" in change ? this.#remove(object, member) : this.#replace(member, change.value);
      if (member.value.kind !== "object") {
        if ("remove" in change) return this.#text;
        throw new EditError(`"${change.path.slice(0, depth + 1).join(".")}" is no object`);
      }
      object = member.value;
    }
    throw new EditError("the file as a whole can't be changed");
  }

  #replace({ keyStart, value: node }: Json5Member, value: ConfigValue): string {
    if (node.kind === "array" && Array.isArray(value)) {
      const grown = this.#grow(node, value);
      if (grown !== undefined) return grown;
    }
    return this.#spliced(node.start, node.end, this.#written(value, this.#lineIndent(keyStart)));
  }

  /** A list of which only items at the end are new. */
  #grow(node: Extract<Json5Node, { kind: "array" }>, values: readonly ConfigValue[]): string | undefined {
    const last = node.items.at(-1);
    const isGrown = node.items.every(({ value }, index) => this.#says(value, values[index]));
    if (last === undefined || !isGrown || values.length < node.items.length) return undefined;
    const added = values.slice(node.items.length);
    if (added.length === 0) return this.#text;
    const isSpread = lineEnd.test(this.#text.slice(node.start, node.end));
    const indent = this.#indentAt(last.value.start) ?? this.#lineIndent(node.start);
    const pieces = added.map((value) =>
      isSpread ? `${this.#newLine}${indent}${this.#written(value, indent)}` : ` ${this.#written(value, indent)}`,
    );
    return this.#appended(node.end, last, pieces.join(","));
  }

  /** Whether what stands in the text is this value. Only texts and numbers are compared: they are what lists are of. */
  #says(node: Json5Node, value: ConfigValue | undefined): boolean {
    if (node.kind !== "plain" || (typeof value !== "string" && typeof value !== "number")) return false;
    const written = this.#text.slice(node.start, node.end);
    const asDouble = written.startsWith("'") && !/["\\]/.test(written) ? `"${written.slice(1, -1)}"` : written;
    return asDouble === this.#written(value, "");
  }

  #insert(object: ObjectNode, name: string, value: ConfigValue): string {
    const last = object.members.at(-1);
    const key = this.#key(name, object.members[0]?.isQuoted ?? this.#quotes);
    const isSpread = lineEnd.test(this.#text.slice(object.start, object.end));
    if (last !== undefined && !isSpread) return this.#appended(object.end, last, ` ${key}: ${inline(value, this)}`);
    const outer = this.#lineIndent(object.start);
    const indent = (last && this.#indentAt(last.keyStart)) ?? `${outer}${this.#unit}`;
    const written = `${this.#newLine}${indent}${key}: ${this.#written(value, indent)}`;
    if (last !== undefined) return this.#appended(object.end, last, written);
    // Nothing but comments, perhaps: they stay before it.
    const inside = this.#text.slice(object.start + 1, object.end - 1).trimEnd();
    return this.#spliced(object.start + 1 + inside.length, object.end - 1, `${written}${this.#newLine}${outer}`);
  }

  /** Puts something after the last item, and after the comments that follow it. */
  #appended(end: number, { comma, value }: { value: Json5Node; comma: number | undefined }, written: string): string {
    const from = comma === undefined ? value.end : comma + 1;
    const between = this.#text.slice(from, end - 1);
    const after = between.trimEnd();
    const isSpread = written.startsWith(this.#newLine);
    // In a text of one line there may be a comment of that line only.
    const closing = isSpread && !between.slice(after.length).includes("\n") ? this.#newLine : "";
    const withComma = comma === undefined ? `,${after}${written}` : `${after}${written},`;
    return `${this.#text.slice(0, from)}${withComma}${closing}${between.slice(after.length)}${this.#text.slice(end - 1)}`;
  }

  #remove(object: ObjectNode, member: Json5Member): string {
    const index = object.members.indexOf(member);
    const before = object.members[index - 1];
    const isLast = index === object.members.length - 1;
    const cuts: (readonly [number, number])[] = [];
    // Without a comma after it, the one before it has lost its reason.
    if (isLast && member.comma === undefined && before?.comma !== undefined)
      cuts.push([before.comma, before.comma + 1]);
    cuts.push([member.keyStart, member.value.end]);
    if (member.comma !== undefined) cuts.push([member.comma, member.comma + 1]);
    const text = cuts.reduceRight((rest, [from, to]) => `${rest.slice(0, from)}${rest.slice(to)}`, this.#text);
    const shift = cuts.filter(([from]) => from < member.keyStart).length;
    return tidied(text, member.keyStart - shift);
  }

  #spliced(from: number, to: number, written: string): string {
    return `${this.#text.slice(0, from)}${written}${this.#text.slice(to)}`;
  }

  /** The space before something that is the first of its line; undefined when it isn't. */
  #indentAt(at: number): string | undefined {
    const line = this.#text.slice(this.#text.lastIndexOf("\n", at - 1) + 1, at);
    return /^[ \t]*$/.test(line) && this.#text.lastIndexOf("\n", at - 1) !== -1 ? line : undefined;
  }

  /** The space at the beginning of the line on which something stands. */
  #lineIndent(at: number): string {
    return /^[ \t]*/.exec(this.#text.slice(this.#text.lastIndexOf("\n", at - 1) + 1, at))?.[0] ?? "";
  }

  #key(name: string, isQuoted: boolean): string {
    return !isQuoted && /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  }

  /** A value as it is written at an indentation. */
  #written(value: ConfigValue, indent: string): string {
    if (typeof value !== "object" || value === null) return scalar(value);
    const inner = `${indent}${this.#unit}`;
    if (Array.isArray(value)) {
      const items: readonly ConfigValue[] = value;
      if (items.every((item) => typeof item !== "object" || item === null))
        return `[${items.map(scalarOf).join(", ")}]`;
      const lines = items.map((item) => `${inner}${this.#written(item, inner)}`);
      return `[${this.#newLine}${lines.join(`,${this.#newLine}`)}${this.#newLine}${indent}]`;
    }
    const lines = Object.entries(value).map(
      ([name, item]) => `${inner}${this.#key(name, this.#quotes)}: ${this.#written(item, inner)}`,
    );
    return lines.length === 0 ? "{}" : `{${this.#newLine}${lines.join(`,${this.#newLine}`)}${this.#newLine}${indent}}`;
  }

  /** A value as it is written where everything stands on one line. */
  inline(value: ConfigValue): string {
    if (typeof value !== "object" || value === null) return scalar(value);
    if (Array.isArray(value)) return `[${value.map((item: ConfigValue) => this.inline(item)).join(", ")}]`;
    const members = Object.entries(value).map(
      ([name, item]) => `${this.#key(name, this.#quotes)}: ${this.inline(item)}`,
    );
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
}

/** A value as a file has to have it, so that `${NAME}` in its texts means itself and no variable. */
export function literalValue(value: ConfigValue): ConfigValue {
  if (typeof value === "string") return value.replace(/\$\{(?=[A-Z_][A-Z0-9_]*\})/g, "$$$${");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: ConfigValue) => literalValue(item));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, literalValue(item)]));
}

const inline = (value: ConfigValue, edit: Edit): string => edit.inline(value);
const scalarOf = (value: ConfigValue): string => scalar(value as string);

function scalar(value: null | boolean | number | string): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (sign) => (sign === "\u2028" ? "\\u2028" : "\\u2029"));
}

/** Takes away the space that a cut at this place left: the whole line when nothing else stands on it. */
function tidied(text: string, at: number): string {
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const nextLine = text.indexOf("\n", at);
  const lineEnd = nextLine === -1 ? text.length : nextLine + 1;
  const isBlank = text.slice(lineStart, lineEnd).trim() === "";
  if (isBlank && lineStart > 0) return `${text.slice(0, lineStart)}${text.slice(lineEnd)}`;
  const spaces = /^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0;
  return `${text.slice(0, at)}${text.slice(at + spaces)}`;
}
