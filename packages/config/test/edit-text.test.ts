import fc from "fast-check";
import JSON5 from "json5";
import { describe, expect, test } from "vitest";
import { applyChanges } from "../src/edit-config.ts";
import { type ConfigChange, type ConfigValue, EditError, editText } from "../src/edit-text.ts";

const FILE = `// top
{
  // about the gateway
  gateway: {
    port: 1, // the port
    auth: { mode: "token", token: 'x' }, /* inline */
  },
  commands: { ownerAllowFrom: ['telegram:1'] }, // who
  list: [
    "a", // first
    "b" // second
  ]
  // end
}
`;

describe("edit text", () => {
  test.each<[string, ConfigChange, string, string]>([
    [
      "a value is replaced where it stands",
      { path: ["gateway", "auth", "token"], value: "new" },
      "token: 'x'",
      'token: "new"',
    ],
    ["a key joins a line", { path: ["gateway", "auth", "n"], value: { a: 1 } }, "'x' }", "'x', n: { a: 1 } }"],
    [
      "a key gets a line of its own, and the comma that the others have",
      { path: ["gateway", "bind"], value: "lan" },
      "/* inline */\n",
      '/* inline */\n    bind: "lan",\n',
    ],
    [
      "a key leaves with its line",
      { path: ["list"], remove: true },
      FILE.slice(FILE.indexOf(", // who"), FILE.indexOf("  // end")),
      " // who\n",
    ],
    [
      "a comment outlives its key",
      { path: ["gateway", "port"], remove: true },
      "    port: 1, // the port",
      "    // the port",
    ],
    [
      "a list grows, and its items stay as they are",
      { path: ["list"], value: ["a", "b", "c"] },
      '"b" // second',
      '"b", // second\n    "c"',
    ],
    [
      "a list of one line grows on it",
      { path: ["commands", "ownerAllowFrom"], value: ["telegram:1", "telegram:2"] },
      "['telegram:1']",
      "['telegram:1', \"telegram:2\"]",
    ],
    [
      "objects on the way are made",
      { path: ["channels", "telegram", "botToken"], value: "1:a" },
      '"b" // second\n  ]\n  // end\n',
      '"b" // second\n  ],\n  // end\n  channels: {\n    telegram: {\n      botToken: "1:a"\n    }\n  }\n',
    ],
  ])("[terminal:edit-config] edit text: %s", (_what, change, from, to) => {
    expect(FILE).toContain(from);
    expect(editText(FILE, [change])).toBe(FILE.replace(from, () => to));
  });

  test("[terminal:edit-config] edit text: blank text becomes an object, Windows ends of lines stay, a text in braces means itself", () => {
    expect(editText("", [{ path: ["a", "b"], value: 1 }])).toBe('{\n  "a": {\n    "b": 1\n  }\n}\n');
    expect(editText("{\r\n\ta: 1\r\n}", [{ path: ["b"], value: 2 }])).toBe("{\r\n\ta: 1,\r\n\tb: 2\r\n}");
    expect(editText("{}", [{ path: ["a"], value: `\${HOME}\u2028` }])).toBe('{\n  "a": "$${HOME}\\u2028"\n}');
    expect(editText("{a: 1, // x\u2028}", [{ path: ["b"], value: 2 }])).toContain("// x\n");
  });

  test("[terminal:edit-config] edit text: what isn't there can't be taken out, and what is no object holds nothing", () => {
    expect(editText(FILE, [{ path: ["gateway", "nothing", "here"], remove: true }])).toBe(FILE);
    expect(editText(FILE, [{ path: ["gateway", "port", "x"], remove: true }])).toBe(FILE);
    expect(() => editText(FILE, [{ path: ["gateway", "port", "x"], value: 1 }])).toThrow(EditError);
    expect(() => editText(FILE, [{ path: ["list", "0"], value: 1 }])).toThrow('"list" is no object');
    expect(() => editText("[]", [{ path: ["a"], value: 1 }])).toThrow(EditError);
    expect(() => editText("{}", [{ path: [], value: 1 }])).toThrow(EditError);
  });
});

const name = fc.constantFrom("a", "b", "c", "d-e", "f g", 'q"', "ünï", "line\nend", "it's");
const plain = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string(), fc.constant(`\${HOME} "x"`));
const { tree } = fc.letrec<{ tree: ConfigValue; object: ConfigValue }>((tie) => ({
  tree: fc.oneof({ depthSize: "small" }, plain, fc.array(plain, { maxLength: 3 }), tie("object")),
  object: fc.dictionary(name, tie("tree"), { maxKeys: 4 }),
}));
const object = fc.dictionary(name, tree, { maxKeys: 4 });

/** Space, line ends and comments, each with a number of its own. */
class Ink {
  readonly #next: () => number;
  #count = 0;
  /** The number of every comment, with the path of what it stands in. */
  readonly comments = new Map<number, readonly string[]>();

  constructor(next: () => number) {
    this.#next = next;
  }

  pick<T>(...from: readonly T[]): T {
    return from[this.#next() % from.length] as T;
  }

  gap(path: readonly string[]): string {
    const kind = this.pick("", " ", "\n  ", "line", "block", "\r\n\t");
    if (kind !== "line" && kind !== "block") return kind;
    const id = this.#count++;
    this.comments.set(id, path);
    return kind === "line" ? ` //#${id}# { " \n` : `/*#${id}# ] ' \n */`;
  }
}

/** Writes a value as JSON5, in some of the many ways in which people write it. */
function written(value: ConfigValue, ink: Ink, path: readonly string[]): string {
  const gap = (): string => ink.gap(path);
  if (Array.isArray(value)) {
    const items = value.map((item: ConfigValue) => `${gap()}${written(item, ink, path)}${gap()}`);
    return `[${items.join(",")}${items.length > 0 ? ink.pick("", ",") : gap()}]`;
  }
  if (typeof value === "string") return ink.pick(JSON.stringify(value), JSON5.stringify(value));
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => {
    const isBare = /^[a-z]$/.test(key);
    const spelled = isBare ? ink.pick(key, `"${key}"`, `\\u00${key.charCodeAt(0).toString(16)}`) : JSON.stringify(key);
    const inside = [...path, key];
    return `${gap()}${spelled}${ink.gap(inside)}:${ink.gap(inside)}${written(item, ink, inside)}${gap()}`;
  });
  return `{${members.join(",")}${members.length > 0 ? `${ink.pick("", ",")}` : ""}${gap()}}`;
}

const change: fc.Arbitrary<ConfigChange> = fc
  .record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), value: fc.option(tree, { nil: undefined }) })
  .map(({ path, value }) => (value === undefined ? { path, remove: true as const } : { path, value }));

test("[terminal:edit-config] edit text: reading the edited text gives the edited content, and comments elsewhere survive", () => {
  let edits = 0;
  fc.assert(
    fc.property(
      object,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.nat(60)),
      (value, changes, stream) => {
        const ink = new Ink(() => stream.next().value as number);
        const text = `${ink.gap([])}${written(value, ink, [])}${ink.gap([])}`;
        const before: unknown = JSON5.parse(text);
        expect(before).toEqual(value);
        let edited: string;
        try {
          edited = editText(text, changes);
        } catch (error) {
          expect(error).toBeInstanceOf(EditError);
          return;
        }
        if (edited !== text) edits += 1;
        expect(JSON5.parse(edited)).toEqual(applyChanges(before, changes));
        for (const [id, path] of ink.comments) {
          const isTouched = changes.some((one) => one.path.every((key, depth) => key === path[depth]));
          if (!isTouched) expect(edited).toContain(`#${id}#`);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(edits).toBeGreaterThan(1_000);
});
