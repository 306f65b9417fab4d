import { readFileSync } from "node:fs";
import { definitions, schemaDocument } from "./json-schema.ts";
import { kotlinModels } from "./kotlin.ts";
import { errorsPage, referencePage } from "./reference.ts";
import { swiftModels } from "./swift.ts";

/** One generated file. */
export interface Target {
  /** Where it lies, from the root of the repository. */
  readonly path: string;
  /** The command that makes it again. */
  readonly command: string;
  /** The word that selects it on the command line, where it can be made alone. */
  readonly only?: "swift" | "kotlin";
  /** The text that it should have. */
  make(): string;
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** Every generated file. */
export const TARGETS: readonly Target[] = [
  {
    path: "packages/protocol/generated/protocol.schema.json",
    command: "pnpm protocol:gen",
    make: () => `${JSON.stringify(schemaDocument(), null, 2)}\n`,
  },
  {
    path: "packages/protocol/generated/swift/GatewayProtocol.swift",
    command: "pnpm protocol:gen:swift",
    only: "swift",
    make: () => swiftModels(definitions()),
  },
  {
    path: "packages/protocol/generated/kotlin/GatewayProtocol.kt",
    command: "pnpm protocol:gen:kotlin",
    only: "kotlin",
    make: () => kotlinModels(definitions()),
  },
  {
    path: "docs/protocol.md",
    command: "pnpm protocol:gen",
    make: () =>
      referencePage(definitions(), read("./protocol.template.md"), read("../../../packages/protocol/src/limits.ts")),
  },
  { path: "docs/errors.md", command: "pnpm protocol:gen", make: errorsPage },
];
