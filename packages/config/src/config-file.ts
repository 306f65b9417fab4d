import { basename } from "node:path";
import { type FileSystemPort, nodeFileSystem, writeFileAtomically } from "@saltgate/store";
import { type DecodedConfig, decodeConfig, type RefusedConfig } from "./decode-config.ts";
import type { Environment } from "./environment.ts";
import { ConfigError, ConfigErrorCode, type ConfigProblem } from "./errors.ts";
import { type Config, type ConfigInput, configSchema, defaultConfig } from "./schema.ts";

export interface ConfigFileOptions {
  readonly path: string;
  /** Where `${NAME}` is looked up. */
  readonly env: Environment;
  /** @default the real file system */
  readonly fileSystem?: FileSystemPort;
}

/** A configuration that can be used, and what is to be said about it. */
export interface LoadedConfig {
  readonly config: Config;
  /** Where it comes from. `defaults` without problems: there is no file. */
  readonly source: "file" | "last-good" | "defaults";
  /** Paths that the file sets; everything else in `config` is a default. */
  readonly written: ReadonlySet<string>;
  /** Why the file itself isn't used. */
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

type FileReading = { readonly text: string | undefined; readonly warnings: readonly ConfigProblem[] } | RefusedConfig;

/**
 * Reads a configuration strictly. A file that isn't there is an empty one.
 * @throws {ConfigError} `invalid`, with everything that is wrong with it; `io` when it can't be read.
 */
export async function loadConfig(options: ConfigFileOptions): Promise<LoadedConfig> {
  const { decoded } = await readAndDecode(options);
  if (decoded === undefined) return noFile();
  if (decoded.ok) return { ...decoded, source: "file", problems: [] };
  throw new ConfigError(ConfigErrorCode.Invalid, describeProblems(options.path, decoded.problems), {
    problems: decoded.problems,
  });
}

/**
 * Reads a configuration for a gateway that has to come up whatever the file says: a file that can't be used is reported, and
 * the last one that could be is used instead, or else the defaults, which are never laxer than a file. A good file is
 * remembered beside itself as `<name>.last-good`.
 */
export async function loadWithLastGood(options: ConfigFileOptions): Promise<LoadedConfig> {
  const { fileSystem = nodeFileSystem, path } = options;
  const lastGoodPath = `${path}.last-good`;
  const { decoded, text } = await readAndDecode(options);
  if (decoded === undefined) return noFile();
  if (decoded.ok) {
    const note = await remember(lastGoodPath, text ?? "", fileSystem);
    return {
      ...decoded,
      source: "file",
      problems: [],
      warnings: note ? [...decoded.warnings, note] : decoded.warnings,
    };
  }
  const { problems } = decoded;
  const lastGood = await readAndDecode({ ...options, path: lastGoodPath });
  if (lastGood.decoded?.ok) return { ...lastGood.decoded, source: "last-good", problems };
  return { ...noFile(), problems, warnings: decoded.warnings };
}

/** All problems as one text for people. */
export function describeProblems(path: string, problems: readonly ConfigProblem[]): string {
  const list = problems.map(({ message }) => `  ${message}`).join("\n");
  return `${path} can't be used:\n${list}`;
}

export interface WriteConfigOptions {
  /** Lines of comment at the top of the file. */
  readonly header?: readonly string[];
  /** Replace a file that is there. @default false */
  readonly overwrite?: boolean;
  /** @default the real file system */
  readonly fileSystem?: FileSystemPort;
}

/**
 * Writes a configuration, for a first start: 0600, whole or not at all, durable when it returns.
 * @returns false when there was a file already, which stays as it is unless `overwrite` is set.
 * @throws {ConfigError} `invalid` when the configuration isn't one. @throws {StoreError} `io`.
 */
export async function writeConfig(
  path: string,
  config: ConfigInput,
  options: WriteConfigOptions = {},
): Promise<boolean> {
  const checked = configSchema().safeParse(config);
  if (!checked.success) {
    const paths = checked.error.issues.map((issue) => issue.path.map(String).join("."));
    throw new ConfigError(
      ConfigErrorCode.Invalid,
      `Not written, because these keys aren't valid: ${paths.join(", ")}.`,
    );
  }
  const comments = (options.header ?? []).map((line) =>
    line === "" ? "//\n" : `// ${line.replace(/[\r\n\u2028\u2029]/g, " ")}\n`,
  );
  // A literal "${NAME}" in a value must come back as it is, and not as a variable.
  const json = JSON.stringify(config, null, 2).replace(/\$\{(?=[A-Z_][A-Z0-9_]*\})/g, "$$$${");
  return await writeFileAtomically(path, `${comments.join("")}${json}\n`, {
    onlyIfAbsent: options.overwrite !== true,
    ...(options.fileSystem && { fileSystem: options.fileSystem }),
  });
}

function noFile(): LoadedConfig {
  return { config: defaultConfig(), source: "defaults", written: new Set(), problems: [], warnings: [] };
}

async function readAndDecode(
  options: ConfigFileOptions,
): Promise<{ readonly decoded: DecodedConfig | RefusedConfig | undefined; readonly text: string | undefined }> {
  const { env, fileSystem = nodeFileSystem, path } = options;
  const reading = await readConfigFile(path, fileSystem);
  if ("ok" in reading) return { decoded: reading, text: undefined };
  if (reading.text === undefined) return { decoded: undefined, text: undefined };
  const decoded = await decodeConfig(reading.text, { fileName: path, env });
  return { decoded: { ...decoded, warnings: [...reading.warnings, ...decoded.warnings] }, text: reading.text };
}

async function readConfigFile(path: string, fileSystem: FileSystemPort): Promise<FileReading> {
  const name = basename(path);
  const note = (message: string): ConfigProblem => ({ path: "", line: undefined, message });
  try {
    const status = await fileSystem.status(path);
    if (status === undefined) return { text: undefined, warnings: [] };
    const bytes = await fileSystem.readFile(path);
    const isOpen = process.platform !== "win32" && (status.mode & 0o077) !== 0;
    const warning = note(
      `${name} can be read by other users of this host, and may hold secrets. Run: chmod 600 ${path}`,
    );
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), warnings: isOpen ? [warning] : [] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { text: undefined, warnings: [] };
    const why = error instanceof TypeError ? "it isn't text in UTF-8" : (error as Error).message;
    return { ok: false, problems: [note(`${name} can't be read: ${why}.`)], warnings: [] };
  }
}

/** Keeps a copy of a good file. Not being able to is worth a word, but no reason not to start. */
async function remember(path: string, text: string, fileSystem: FileSystemPort): Promise<ConfigProblem | undefined> {
  try {
    const known = await readConfigFile(path, fileSystem);
    if (!("ok" in known) && known.text === text) return undefined;
    await writeFileAtomically(path, text, { fileSystem });
    return undefined;
  } catch (error) {
    const message = `The good configuration couldn't be remembered as ${basename(path)}: ${(error as Error).message}`;
    return { path: "", line: undefined, message };
  }
}
