import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { DETAIL_CODES, EVENTS, METHODS } from "@saltgate/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { Language, type Node, Parser } from "web-tree-sitter";
import { type Definitions, definitions } from "../src/json-schema.ts";
import { kotlinModels, kotlinName } from "../src/kotlin.ts";
import { type Declaration, declarations } from "../src/model.ts";
import { camel, constant } from "../src/names.ts";
import { swiftModels, swiftName } from "../src/swift.ts";

const require = createRequire(import.meta.url);
const parsers = new Map<string, Parser>();

const grammars = {
  swift: require.resolve("tree-sitter-wasms/out/tree-sitter-swift.wasm"),
  kotlin: require.resolve("tree-sitter-wasms/out/tree-sitter-kotlin.wasm"),
};

beforeAll(async () => {
  await Parser.init();
  for (const [language, grammar] of Object.entries(grammars)) {
    const parser = new Parser();
    parser.setLanguage(await Language.load(readFileSync(grammar)));
    parsers.set(language, parser);
  }
});

/** What the grammar of a language can't read, as line and text. */
function faults(language: string, source: string): string[] {
  const tree = parsers.get(language)?.parse(source);
  if (!tree) throw new Error(`no parser for ${language}`);
  const found: string[] = [];
  const visit = (node: Node): void => {
    if (node.type === "ERROR" || node.isMissing) found.push(`${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`);
    else if (node.hasError) for (const child of node.children) if (child) visit(child);
  };
  visit(tree.rootNode);
  return found;
}

const models = { swift: swiftModels, kotlin: kotlinModels };

/** A schema with everything that is hard for a native language. */
const tricky: Definitions = {
  Empty: { type: "object", properties: {} },
  Thing: {
    type: "object",
    description: "A thing.",
    properties: {
      in: { type: "string", description: "A keyword in both." },
      default: { type: "integer" },
      "not-a-name": { type: "boolean" },
      type: { type: "string", enum: ["allow-once", "default", "7d"] },
      maybe: { anyOf: [{ type: "number" }, { type: "null" }] },
      Empty: {
        type: "object",
        properties: { deep: { type: "array", items: { type: "object", properties: { x: {} } } } },
      },
      either: { anyOf: [{ type: "string" }, { type: "integer" }] },
      ref: { $ref: "#/$defs/Empty" },
      counts: { type: "object", additionalProperties: { type: "integer" } },
    },
    required: ["in", "default", "maybe"],
  },
  ThingParams: {
    type: "object",
    properties: { label: { anyOf: [{ type: "string" }, { type: "null" }] } },
  },
  Things: { type: "array", items: { $ref: "#/$defs/Thing" } },
};

describe.each(["swift", "kotlin"] as const)("%s", (language) => {
  test("[protocol:native-models] models: the generated source is read by the language's grammar without a fault", () => {
    const source = models[language](definitions());
    expect(source.length).toBeGreaterThan(50_000);
    expect(faults(language, source)).toEqual([]);
  });

  test("[protocol:native-models] models: a broken source is noticed by the same check", () => {
    const source = models[language](definitions());
    expect(
      faults(language, source.replace("Codable, Hashable", "Codable,, Hashable").replace("data class", "data data (")),
    ).not.toEqual([]);
  });

  test("[protocol:native-models] models: keywords, odd keys and nested names come out readable", () => {
    expect(faults(language, models[language](tricky))).toEqual([]);
  });
});

test("[protocol:native-models] swift: a struct says what may be absent, what may be null, and what was renamed", () => {
  const source = swiftModels(tricky);
  expect(source).toContain("    public var `in`: String\n");
  expect(source).toContain("    public var `default`: Int\n");
  expect(source).toContain("    public var notAName: Bool?\n");
  expect(source).toContain('        case notAName = "not-a-name"\n');
  expect(source).toContain("    public var maybe: Double?\n");
  expect(source).toContain("    public var either: JSONValue?\n");
  expect(source).toContain("    public var counts: [String: Int]?\n");
  expect(source).toContain("    public var type: TypeValue?\n");
  expect(source).toContain("        case unrecognized(String)\n");
  expect(source).toContain('            case "7d": self = ._7d\n');
  expect(source).toContain("    public var Empty: EmptyValue?\n");
  expect(source).toContain("    public var label: String??\n");
  expect(source).toContain("public typealias Things = [Thing]\n");
});

test("[protocol:native-models] kotlin: a class says what may be absent, what may be null, and what was renamed", () => {
  const source = kotlinModels(tricky);
  expect(source).toContain("    val `in`: String,\n");
  expect(source).toContain("    val default: Long,\n");
  expect(source).toContain('    @SerialName("not-a-name") val notAName: Boolean? = null,\n');
  expect(source).toContain("    val maybe: Double?,\n");
  expect(source).toContain("    val either: JsonElement? = null,\n");
  expect(source).toContain("    val label: JsonElement? = null,\n");
  expect(source).toContain("@Serializable\ndata object Empty\n");
  expect(source).toContain('@SerialName("allow-once") ALLOW_ONCE("allow-once"),\n');
  expect(source).toContain("typealias Things = List<Thing>\n");
});

test("[protocol:native-models] models: no name is given twice, at the top or inside a type", () => {
  const check = (list: readonly Declaration[], where: string): void => {
    const names = list.map(({ name }) => name);
    expect(new Set(names).size, where).toBe(names.length);
    for (const one of list) {
      if (one.kind === "struct") {
        const keys = one.fields.map(({ key }) => camel(key));
        expect(new Set(keys).size, `${where}.${one.name}`).toBe(keys.length);
        check(one.nested, `${where}.${one.name}`);
      }
      if (one.kind === "enum") {
        for (const name of [camel, constant])
          expect(new Set(one.values.map(name)).size, one.name).toBe(one.values.length);
      }
    }
  };
  check(declarations(definitions()), "top");
});

test("[protocol:native-models] models: method and event names stay apart as cases of an enum", () => {
  for (const names of [["connect", ...Object.keys(METHODS)], Object.keys(EVENTS), Object.keys(DETAIL_CODES)]) {
    for (const name of [camel, constant]) expect(new Set(names.map(name)).size).toBe(names.length);
  }
});

test("[protocol:native-models] models: every type that is named is declared", () => {
  const declared = new Set(Object.keys(definitions()));
  const missing: string[] = [];
  const check = (declaration: Declaration, visible: ReadonlySet<string>): void => {
    if (declaration.kind !== "struct") return;
    const inside = new Set([...visible, ...declaration.nested.map(({ name }) => name)]);
    for (const { type, key } of declaration.fields) {
      let inner = type;
      while (inner.kind === "list" || inner.kind === "map") inner = inner.of;
      if (inner.kind === "named" && !inside.has(inner.name)) missing.push(`${declaration.name}.${key}: ${inner.name}`);
    }
    for (const nested of declaration.nested) check(nested, inside);
  };
  for (const declaration of declarations(definitions())) check(declaration, declared);
  expect(missing).toEqual([]);
});

test("names: keywords get backticks, and only they", () => {
  expect(swiftName("protocol")).toBe("`protocol`");
  expect(swiftName("version")).toBe("version");
  expect(kotlinName("object")).toBe("`object`");
  expect(kotlinName("protocol")).toBe("protocol");
});

test("names: a wire name becomes a name of the language", () => {
  expect(camel("node.pair.setupCode")).toBe("nodePairSetupCode");
  expect(camel("AUTH_TOKEN_MISSING")).toBe("authTokenMissing");
  expect(camel("system-presence")).toBe("systemPresence");
  expect(constant("node.pair.setupCode")).toBe("NODE_PAIR_SETUP_CODE");
});
