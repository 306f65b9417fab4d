/** Where the keys and list items of a JSON5 text stand. */
export interface Positions {
  /** Line, from 1, of the value at a path such as `gateway.trustedProxies[1]`; for an object member, of its key. */
  readonly lineOf: (path: string) => number | undefined;
  /** Paths that one object sets more than once, with their lines. */
  readonly repeated: readonly { readonly path: string; readonly lines: readonly number[] }[];
}

/** `parent.name`, or `name` at the top. */
export function memberPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

const spaceOrComment = /(?:\s|\uFEFF|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y;
const quoted = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y;
/** An unquoted key, a number, a literal: everything up to the next thing with a meaning of its own. */
const bare = /[^\s:,[\]{}"'/]+/y;

/**
 * Finds out where each key of a JSON5 text stands, which its parser doesn't tell. `text` must be valid JSON5: the
 * scanner follows its shape and checks nothing, and stops quietly where it loses its way.
 */
export function findPositions(text: string): Positions {
  const scanner = new Scanner(text);
  scanner.value("");
  return {
    lineOf: (path) => scanner.lines.get(path)?.at(-1),
    repeated: [...scanner.lines].filter(([, lines]) => lines.length > 1).map(([path, lines]) => ({ path, lines })),
  };
}

class Scanner {
  readonly lines = new Map<string, number[]>();
  readonly #text: string;
  #at = 0;
  #countedTo = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  value(path: string): void {
    this.#skip();
    if (this.#take("{")) this.#object(path);
    else if (this.#take("[")) this.#array(path);
    else if (this.#match(quoted) === undefined) this.#match(bare);
  }

  #object(path: string): void {
    for (this.#skip(); !this.#take("}") && this.#at < this.#text.length; this.#skip()) {
      const line = this.#lineHere();
      const key = this.#match(quoted) ?? this.#match(bare);
      if (key === undefined) return;
      const member = memberPath(path, plain(key));
      this.#note(member, line);
      this.#skip();
      if (!this.#take(":")) return;
      this.value(member);
      this.#skip();
      this.#take(",");
    }
  }

  #array(path: string): void {
    let index = 0;
    for (this.#skip(); !this.#take("]") && this.#at < this.#text.length; this.#skip()) {
      const before = this.#at;
      const item = `${path}[${index++}]`;
      this.#note(item, this.#lineHere());
      this.value(item);
      this.#skip();
      this.#take(",");
      if (this.#at === before) return;
    }
  }

  #note(path: string, line: number): void {
    const known = this.lines.get(path);
    if (known) known.push(line);
    else this.lines.set(path, [line]);
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

  #lineHere(): number {
    for (; this.#countedTo < this.#at; this.#countedTo++) if (this.#text[this.#countedTo] === "\n") this.#line += 1;
    return this.#line;
  }
}

/** A key without its quotes and escapes. */
function plain(key: string): string {
  const inner = key.startsWith('"') || key.startsWith("'") ? key.slice(1, -1) : key;
  return inner.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))/g,
    (_all, four?: string, two?: string, one?: string) => {
      const hex = four ?? two;
      return hex === undefined ? (one ?? "") : String.fromCharCode(Number.parseInt(hex, 16));
    },
  );
}
