import { LATEST_PROTOCOL_VERSION, PROTOCOL_VERSIONS } from "@saltgate/protocol";
import { eventFacts, methodFacts, WORDS } from "./catalogue.ts";
import type { Definitions } from "./json-schema.ts";
import { type Declaration, declarations, type Field, type Type } from "./model.ts";
import { camel } from "./names.ts";
import { SourceText } from "./source-text.ts";

/** Words that need backticks when they are names. Source: The Swift Programming Language, "Keywords and Punctuation". */
const KEYWORDS = new Set(
  (
    "actor any as associatedtype async await borrowing break case catch class consuming continue default defer deinit do " +
    "else enum extension fallthrough false fileprivate for func guard if import in indirect init inout internal is let nil " +
    "nonisolated open operator precedencegroup private protocol public repeat rethrows return self Self some static struct " +
    "subscript super switch throw throws true try typealias var where while"
  ).split(" "),
);

/** A name as Swift accepts it. */
export function swiftName(name: string): string {
  return KEYWORDS.has(name) ? `\`${name}\`` : name;
}

const isIdentifier = (key: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);
const text = (value: string): string => JSON.stringify(value);

function typeName(type: Type): string {
  switch (type.kind) {
    case "string":
      return "String";
    case "integer":
      return "Int";
    case "number":
      return "Double";
    case "boolean":
      return "Bool";
    case "any":
      return "JSONValue";
    case "list":
      return `[${typeName(type.of)}]`;
    case "map":
      return `[String: ${typeName(type.of)}]`;
    case "named":
      return type.name;
  }
}

interface Property {
  readonly field: Field;
  readonly name: string;
  readonly type: string;
}

function properties(fields: readonly Field[], isParams: boolean): Property[] {
  return fields.map((field) => {
    // In params, absent means "leave it" and null means "clear it": the second optional keeps them apart.
    const marks = field.optional && field.nullable && isParams ? "??" : field.optional || field.nullable ? "?" : "";
    return {
      field,
      name: isIdentifier(field.key) ? field.key : camel(field.key),
      type: `${typeName(field.type)}${marks}`,
    };
  });
}

function emit(out: SourceText, declaration: Declaration, isParams: boolean): void {
  out.slashes(declaration.doc);
  const { name } = declaration;
  if (declaration.kind === "alias") {
    out.line(`public typealias ${name} = ${typeName(declaration.type)}`);
    return;
  }
  if (declaration.kind === "enum") return emitOpenEnum(out, name, declaration.values);
  const fields = properties(declaration.fields, isParams);
  out.block(`public struct ${name}: Codable, Hashable, Sendable {`, () => {
    for (const { field, name: property, type } of fields) {
      out.slashes(field.doc);
      out.line(`public var ${swiftName(property)}: ${type}`);
    }
    if (fields.length > 0) out.line();
    const parameters = fields.map(
      (field) => `${swiftName(field.name)}: ${field.type}${field.type.endsWith("?") ? " = nil" : ""}`,
    );
    if (parameters.length === 0) out.line("public init() {}");
    else {
      out.line("public init(");
      for (const [index, parameter] of parameters.entries()) {
        out.line(`    ${parameter}${index < parameters.length - 1 ? "," : ""}`);
      }
      out.block(") {", () => {
        for (const field of fields) out.line(`self.${swiftName(field.name)} = ${swiftName(field.name)}`);
      });
    }
    if (fields.some(({ field, name: property }) => field.key !== property)) {
      out.line();
      out.block("private enum CodingKeys: String, CodingKey {", () => {
        for (const { field, name: property } of fields) out.line(`case ${swiftName(property)} = ${text(field.key)}`);
      });
    }
    for (const nested of declaration.nested) {
      out.line();
      emit(out, nested, isParams);
    }
  });
}

/** An enum that takes a value which it doesn't know yet, so that a newer gateway breaks no older client. */
function emitOpenEnum(out: SourceText, name: string, values: readonly string[]): void {
  out.block(`public enum ${name}: RawRepresentable, Codable, Hashable, Sendable {`, () => {
    for (const value of values) out.line(`case ${swiftName(camel(value))}`);
    out.line("case unrecognized(String)");
    out.line();
    out.block("public init(rawValue: String) {", () => {
      out.line("switch rawValue {");
      for (const value of values) out.line(`case ${text(value)}: self = .${swiftName(camel(value))}`);
      out.line("default: self = .unrecognized(rawValue)");
      out.line("}");
    });
    out.line();
    out.block("public var rawValue: String {", () => {
      out.line("switch self {");
      for (const value of values) out.line(`case .${swiftName(camel(value))}: return ${text(value)}`);
      out.line("case .unrecognized(let value): return value");
      out.line("}");
    });
  });
}

function emitClosedEnum(
  out: SourceText,
  name: string,
  doc: string,
  cases: readonly { value: string; doc?: string }[],
  inside?: () => void,
): void {
  out.slashes(doc);
  out.block(`public enum ${name}: String, Codable, CaseIterable, Hashable, Sendable {`, () => {
    for (const { value, doc: caseDoc } of cases) {
      out.slashes(caseDoc);
      out.line(`case ${swiftName(camel(value))} = ${text(value)}`);
    }
    inside?.();
  });
  out.line();
}

const JSON_VALUE = `/// Any JSON value: what the protocol leaves open, and unions.
public enum JSONValue: Codable, Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}`;

/** The file `GatewayProtocol.swift`. */
export function swiftModels(definitions: Definitions): string {
  const out = new SourceText();
  out.line("// Models of the Saltgate gateway protocol, revisions 3 and 4.");
  out.line("// Generated by `pnpm protocol:gen:swift` from the descriptions in packages/protocol. Do not edit.");
  out.line();
  out.line("import Foundation");
  out.line();
  out.line("/// The revisions that these models describe.");
  out.block("public enum GatewayProtocol {", () => {
    out.line(`public static let versions: [Int] = [${PROTOCOL_VERSIONS.join(", ")}]`);
    out.line(`public static let latestVersion: Int = ${LATEST_PROTOCOL_VERSION}`);
  });
  out.line();
  for (const line of JSON_VALUE.split("\n")) out.line(line);
  out.line();
  emitClosedEnum(
    out,
    "GatewayRole",
    "What a connection is for.",
    WORDS.roles.map((value) => ({ value })),
  );
  emitClosedEnum(
    out,
    "GatewayScope",
    "What an operator may do.",
    WORDS.scopes.map((value) => ({ value })),
  );
  emitClosedEnum(
    out,
    "GatewayErrorDetail",
    "What `error.details.code` says.",
    WORDS.detailCodes.map((value) => ({ value })),
  );
  const methods = methodFacts();
  emitClosedEnum(
    out,
    "GatewayMethod",
    "Every method of the protocol.",
    methods.map(({ name, summary }) => ({ value: name, doc: summary })),
    () => {
      const scopeCases = (version: 3 | 4): void => {
        out.line("switch self {");
        for (const method of methods) {
          const scope = version === 3 ? method.scope3 : method.scope4;
          if (scope !== undefined)
            out.line(`case .${swiftName(camel(method.name))}: return .${swiftName(camel(scope))}`);
        }
        out.line("default: return nil");
        out.line("}");
      };
      out.line();
      out.line("/// The role that may call it.");
      out.block("public var role: GatewayRole {", () => {
        out.line("switch self {");
        const ofNodes = methods.filter(({ role }) => role === "node").map(({ name }) => `.${swiftName(camel(name))}`);
        out.line(`case ${ofNodes.join(", ")}: return .node`);
        out.line("default: return .`operator`");
        out.line("}");
      });
      out.line();
      out.line("/// The scope that a caller needs in a revision of the protocol; nil where it needs none.");
      out.block("public func scope(version: Int) -> GatewayScope? {", () => {
        out.line("version <= 3 ? scopeInRevision3 : scopeInRevision4");
      });
      out.line();
      out.block("private var scopeInRevision3: GatewayScope? {", () => scopeCases(3));
      out.line();
      out.block("private var scopeInRevision4: GatewayScope? {", () => scopeCases(4));
      out.line();
      out.line("/// Whether a repeat with the same idempotency key gets the first answer again.");
      out.block("public var isIdempotent: Bool {", () => {
        out.line("switch self {");
        const repeatable = methods
          .filter(({ idempotent }) => idempotent)
          .map(({ name }) => `.${swiftName(camel(name))}`);
        out.line(`case ${repeatable.join(", ")}: return true`);
        out.line("default: return false");
        out.line("}");
      });
    },
  );
  const events = eventFacts();
  emitClosedEnum(
    out,
    "GatewayEvent",
    "Every event of the protocol.",
    events.map(({ name, summary }) => ({ value: name, doc: summary })),
    () => {
      out.line();
      out.line("/// The scope that an operator needs to get it; nil where it needs none.");
      out.block("public var scope: GatewayScope? {", () => {
        out.line("switch self {");
        for (const { name, scope } of events) {
          if (scope !== undefined) out.line(`case .${swiftName(camel(name))}: return .${swiftName(camel(scope))}`);
        }
        out.line("default: return nil");
        out.line("}");
      });
    },
  );
  const all = declarations(definitions);
  all.forEach((declaration, index) => {
    emit(out, declaration, declaration.name.endsWith("Params"));
    if (index < all.length - 1) out.line();
  });
  return out.toString();
}
