import { basename } from "node:path";
import type { z } from "zod";
import { checkMeaning } from "./check-meaning.ts";
import type { Environment } from "./environment.ts";
import type { ConfigProblem } from "./errors.ts";
import { findPositions, memberPath, type Positions } from "./json5-positions.ts";
import { generalPath, keyOf, keyTable, likelyPath } from "./key-table.ts";
import { findForbidden, leafPaths, valueAt } from "./raw-shape.ts";
import { type Config, configSchema } from "./schema.ts";
import { substituteVariables } from "./substitute.ts";

/** A configuration and what its file said. */
export interface DecodedConfig {
  readonly ok: true;
  readonly config: Config;
  /** Paths that the file sets; everything else in `config` is a default. */
  readonly written: ReadonlySet<string>;
  readonly warnings: readonly ConfigProblem[];
}

/** What is wrong with a file. All of it, not only the first thing. */
export interface RefusedConfig {
  readonly ok: false;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

export interface DecodeOptions {
  /** How the file is called in messages. */
  readonly fileName: string;
  /** Where `${NAME}` is looked up. */
  readonly env: Environment;
}

/** Largest file, in characters. */
export const maxConfigLength = 1_048_576;

/** Turns the text of a configuration file into a configuration, or into everything that is wrong with it. Never throws for what the text says. */
export async function decodeConfig(text: string, options: DecodeOptions): Promise<DecodedConfig | RefusedConfig> {
  const file = basename(options.fileName);
  const refuse = (message: string, line?: number): RefusedConfig => ({
    ok: false,
    problems: [{ path: "", line, message: `${file}${line === undefined ? "" : ` line ${line}`}: ${message}` }],
    warnings: [],
  });
  if (text.length > maxConfigLength) return refuse(`has ${text.length} characters, more than ${maxConfigLength}.`);
  let raw: unknown;
  try {
    // An empty file is an empty configuration, as an absent one is.
    if (text.trim() === "") raw = {};
    else raw = (await import("json5")).default.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const { columnNumber, lineNumber } = error as { lineNumber?: number; columnNumber?: number };
    const where = columnNumber === undefined ? "" : ` near column ${columnNumber}`;
    return refuse(
      `isn't valid JSON5${where}. Look for a missing comma, quote or bracket there or just before.`,
      lineNumber,
    );
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return refuse("must hold one object: { ... }.");
  return decodeRaw(raw, findPositions(text), file, options.env);
}

function decodeRaw(raw: object, positions: Positions, file: string, env: Environment): DecodedConfig | RefusedConfig {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const add = (to: ConfigProblem[], path: string, message: string, line = lineNear(positions, path)): void => {
    to.push({ path, line, message: `${file}${line === undefined ? "" : ` line ${line}`}: ${message}` });
  };

  for (const { path, lines } of positions.repeated) {
    add(problems, path, `"${path}" is set more than once (lines ${lines.join(", ")}). Keep one of them.`);
  }
  const forbidden = findForbidden(raw);
  for (const { path, message } of forbidden) add(problems, path, `"${path}" ${message}.`);
  if (forbidden.length > 0) return { ok: false, problems, warnings }; // nothing below should walk such an object

  const { value, missing } = substituteVariables(raw, env);
  for (const { path, variable } of missing) {
    const unused = keyOf(path)?.later;
    add(
      unused ? warnings : problems,
      path,
      `"${path}" refers to the environment variable ${variable}, which isn't set. Set it, or write $\${${variable}} if the text is meant literally.`,
    );
  }
  const parsed = configSchema().safeParse(value);
  const isMissing = new Set(missing.map(({ path }) => path));
  for (const issue of parsed.error?.issues ?? []) {
    for (const { path, message } of explainIssue(issue, raw)) if (!isMissing.has(path)) add(problems, path, message);
  }
  const written = new Set(leafPaths(raw).filter((path) => path !== ""));
  for (const path of unusedKeys(written)) add(warnings, path, `"${path}" is understood but not used yet.`);
  if (parsed.success) {
    const meaning = checkMeaning(parsed.data);
    for (const { path, message } of meaning.problems) add(problems, path, message);
    for (const { path, message } of meaning.warnings) add(warnings, path, message);
    if (problems.length === 0) return { ok: true, config: parsed.data, written, warnings };
  }
  return { ok: false, problems, warnings };
}

/** The line of a key, or of the nearest thing around it that the file has. */
function lineNear(positions: Positions, path: string): number | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(at.lastIndexOf("."), at.lastIndexOf("["), 0))) {
    const line = positions.lineOf(at);
    if (line !== undefined) return line;
  }
  return undefined;
}

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : memberPath(path, String(key))),
    "",
  );
}

/** `raw` is what stands in the file, so that a message shows `${NAME}` and not what the variable holds. */
function explainIssue(issue: z.core.$ZodIssue, raw: unknown): readonly { path: string; message: string }[] {
  const path = pathOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const unknown = memberPath(path, key);
      const likely = likelyPath(unknown);
      const hint = likely === undefined ? "" : ` Did you mean "${likely}"?`;
      return { path: unknown, message: `unknown key "${unknown.slice(0, 200)}".${hint}` };
    });
  }
  if (issue.code === "invalid_key")
    return [{ path, message: `"${path.slice(0, 200)}" has a name that can't be used here.` }];
  const key = keyOf(path);
  if (!key) return [{ path, message: `"${path}" must be an object: { ... }.` }];
  const found = isBesideSecret(key.path) ? "" : got(valueAt(raw, issue.path));
  const isWhole = generalPath(path) === key.path;
  const item = isWhole ? "" : ` (this is about ${path})`;
  return [{ path, message: `"${isWhole ? path : key.path}" must be ${key.expects}${found}${item}.` }];
}

/** A secret that was pasted one line too high or too low must not be repeated either. */
function isBesideSecret(path: string): boolean {
  const parentOf = (of: string): string => of.slice(0, of.lastIndexOf("."));
  return [...keyTable().keys.values()].some((key) => key.sensitive && parentOf(key.path) === parentOf(path));
}

function got(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  if (text.includes("://")) return ""; // a wrong URL may be wrong because of the secret in it
  return `, not ${text.length > 60 ? `${text.slice(0, 60)}...` : text}`;
}

/** Documented keys of later work among what the file sets, each once. */
function unusedKeys(written: Iterable<string>): readonly string[] {
  const { keys } = keyTable();
  return [...new Set([...written].map((path) => keyOf(path)?.path ?? ""))].filter((path) => keys.get(path)?.later);
}
