/** A value of a JSON5 text, with the place where it stands: from `start` up to `end`, in characters. */
export type Json5Node =
  | { readonly kind: "object"; readonly start: number; readonly end: number; readonly members: readonly Json5Member[] }
  | { readonly kind: "array"; readonly start: number; readonly end: number; readonly items: readonly Json5Item[] }
  | { readonly kind: "plain"; readonly start: number; readonly end: number };

/** One item of a list. */
export interface Json5Item {
  readonly value: Json5Node;
  /** Where the comma after it stands. */
  readonly comma: number | undefined;
}

/** One key of an object with its value. */
export interface Json5Member extends Json5Item {
  /** The key without its quotes and escapes. */
  readonly name: string;
  readonly keyStart: number;
  /** Whether the key is written in quotes. */
  readonly isQuoted: boolean;
}

const spaceOrComment = /(?:\s|\uFEFF|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y;
const quoted = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y;
/** An unquoted key, a number, a literal: everything up to the next thing with a meaning of its own. */
const bare = /[^\s:,[\]{}"'/]+/y;

/**
 * Finds out where everything of a JSON5 text stands, which its parser doesn't tell. `text` must be valid JSON5: the
 * scanner follows its shape and checks nothing, and stops quietly where it loses its way.
 */
export function parseTree(text: string): Json5Node {
  return new Scanner(text).value();
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Json5Node {
    this.#skip();
    const start = this.#at;
    if (this.#take("{")) {
      const members = this.#members();
      return { kind: "object", start, end: this.#at, members };
    }
    if (this.#take("[")) {
      const items = this.#items();
      return { kind: "array", start, end: this.#at, items };
    }
    if (this.#match(quoted) === undefined) this.#match(bare);
    return { kind: "plain", start, end: this.#at };
  }

  #members(): Json5Member[] {
    const members: Json5Member[] = [];
    for (this.#skip(); !this.#take("}") && this.#at < this.#text.length; this.#skip()) {
      const keyStart = this.#at;
      const inQuotes = this.#match(quoted);
      const key = inQuotes ?? this.#match(bare);
      if (key === undefined) break;
      this.#skip();
      if (!this.#take(":")) break;
      const value = this.value();
      members.push({ name: plain(key), keyStart, isQuoted: inQuotes !== undefined, value, comma: this.#comma() });
    }
    return members;
  }

  #items(): Json5Item[] {
    const items: Json5Item[] = [];
    for (this.#skip(); !this.#take("]") && this.#at < this.#text.length; this.#skip()) {
      const before = this.#at;
      const value = this.value();
      items.push({ value, comma: this.#comma() });
      if (this.#at === before) break;
    }
    return items;
  }

  #comma(): number | undefined {
    const before = this.#at;
    this.#skip();
    const at = this.#at;
    if (this.#take(",")) return at;
    this.#at = before;
    return undefined;
  }

  #skip(): void {
    this.#match(spaceOrComment);
  }

  #take(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

const signs: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "0": "\0",
};

/** A key without its quotes and escapes. */
function plain(key: string): string {
  const inner = key.startsWith('"') || key.startsWith("'") ? key.slice(1, -1) : key;
  return inner.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\n\r\u2028\u2029])|([\s\S]))/g,
    (_all, four?: string, two?: string, lineEnd?: string, one?: string) => {
      const hex = four ?? two;
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (lineEnd !== undefined || one === undefined) return "";
      return Object.hasOwn(signs, one) ? (signs[one] ?? one) : one;
    },
  );
}
