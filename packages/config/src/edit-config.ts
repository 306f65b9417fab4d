import { createHash } from "node:crypto";
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type FileSystemPort, nodeFileSystem, writeFileAtomically } from "@saltgate/store";
import { describeProblems } from "./config-file.ts";
import { decodeConfig } from "./decode-config.ts";
import { type ConfigChange, EditError, editText, literalValue } from "./edit-text.ts";
import type { Environment } from "./environment.ts";
import { ConfigError, ConfigErrorCode, type ConfigProblem } from "./errors.ts";
import { substituteVariables } from "./substitute.ts";

/** How a file is edited. */
export interface EditConfigOptions {
  /** Where `${NAME}` is looked up. A variable that isn't set here may be set for the gateway: that is no reason to refuse. */
  readonly env: Environment;
  /** The `hash` of an earlier answer: the file must still be that one. */
  readonly baseHash?: string;
  /** @default the real file system */
  readonly fileSystem?: FileSystemPort;
}

/** What became of an edit. */
export interface EditedConfig {
  /** Whether the file is another one now. */
  readonly changed: boolean;
  /** Lower-case hex SHA-256 of the file as it is now. */
  readonly hash: string;
  readonly warnings: readonly ConfigProblem[];
}

/** Changes, or what makes them from the content of the file, in which `${NAME}` stands as it is written. */
export type ConfigChanges = readonly ConfigChange[] | ((written: unknown) => readonly ConfigChange[]);

/**
 * Changes keys of a configuration file and leaves everything else in it as it is written, comments among it. The result is
 * checked as a whole before it is written: 0600, whole or not at all, durable when the promise resolves.
 * @throws {ConfigError} `missing` when there is no file; `invalid` with everything that is wrong, and nothing is written;
 * `changed` when it isn't the file of `baseHash`, or somebody else wrote it at the same moment; `io`.
 * @throws {StoreError} `io` when it can't be written.
 */
export async function editConfig(
  path: string,
  changes: ConfigChanges,
  options: EditConfigOptions,
): Promise<EditedConfig> {
  const { baseHash, env, fileSystem = nodeFileSystem } = options;
  const text = await read(path, fileSystem);
  const hash = hashOf(text);
  if (baseHash !== undefined && baseHash !== hash) throw changedMeanwhile(path);
  const before = await parsed(path, text);
  const wanted = typeof changes === "function" ? changes(before) : changes;
  const edited = edit(path, text, wanted);
  const warnings = await check(path, edited, env);
  const after = await parsed(path, edited);
  if (!isDeepStrictEqual(after, applyChanges(before, wanted)))
    throw new ConfigError(
      ConfigErrorCode.Invalid,
      `${path} is written in a way that can't be edited. Change it by hand.`,
    );
  if (edited === text) return { changed: false, hash, warnings };
  // As late as possible: whoever edits it by hand meanwhile is not written over.
  if (hashOf(await read(path, fileSystem)) !== hash) throw changedMeanwhile(path);
  await writeFileAtomically(path, edited, { fileSystem });
  return { changed: true, hash: hashOf(edited), warnings };
}

/** The same changes on the content of a file, for comparison. Never changes `value` itself. Pure. */
export function applyChanges(value: unknown, changes: readonly ConfigChange[]): unknown {
  const result = structuredClone(value ?? {}) as Record<string, unknown>;
  for (const change of changes) {
    const last = change.path.at(-1) ?? "";
    let node: Record<string, unknown> | undefined = result;
    for (const name of change.path.slice(0, -1)) {
      const inner: unknown = Object.hasOwn(node, name) ? node[name] : undefined;
      if (isObject(inner)) node = inner;
      else if ("remove" in change) {
        node = undefined;
        break;
      } else {
        const made: Record<string, unknown> = {};
        node[name] = made;
        node = made;
      }
    }
    if (node === undefined) continue;
    if ("remove" in change) delete node[last];
    else node[last] = literalValue(change.value);
  }
  return result;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function edit(path: string, text: string, changes: readonly ConfigChange[]): string {
  try {
    return editText(text, changes);
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new ConfigError(ConfigErrorCode.Invalid, `${basename(path)} can't be changed: ${error.message}.`, {
      cause: error,
    });
  }
}

/** What is wrong with the whole, but for variables that may be set elsewhere. @throws {ConfigError} */
async function check(path: string, text: string, env: Environment): Promise<readonly ConfigProblem[]> {
  const decoded = await decodeConfig(text, { fileName: path, env });
  if (decoded.ok) return decoded.warnings;
  const unset = new Set(substituteVariables(await parsed(path, text), env).missing.map((one) => one.path));
  const problems = decoded.problems.filter((problem) => !unset.has(problem.path));
  if (problems.length === 0) return decoded.warnings;
  throw new ConfigError(ConfigErrorCode.Invalid, `Nothing was written: ${describeProblems(path, problems)}`, {
    problems,
  });
}

/** The content of a text that may be no JSON5 at all. @throws {ConfigError} */
async function parsed(path: string, text: string): Promise<unknown> {
  if (text.trim() === "") return {};
  try {
    const { default: json5 } = await import("json5");
    return json5.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const { lineNumber } = error as { readonly lineNumber?: number };
    const line = lineNumber === undefined ? "" : ` (line ${lineNumber})`;
    throw new ConfigError(ConfigErrorCode.Invalid, `${path} isn't valid JSON5${line}. Nothing was changed.`);
  }
}

async function read(path: string, fileSystem: FileSystemPort): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await fileSystem.readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new ConfigError(ConfigErrorCode.Missing, `There is no configuration yet: ${path}`, { cause: error });
    const why = error instanceof TypeError ? "it isn't text in UTF-8" : (error as Error).message;
    throw new ConfigError(ConfigErrorCode.Io, `${path} can't be read: ${why}.`, { cause: error });
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function changedMeanwhile(path: string): ConfigError {
  return new ConfigError(
    ConfigErrorCode.Changed,
    `${path} was changed by somebody else meanwhile. Nothing was written; try again.`,
  );
}
