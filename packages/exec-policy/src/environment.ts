import { createHash } from "node:crypto";
import { callerNames, hostNames, injectingNames, secretNames, secretValue } from "./environment-names.ts";

/** Variables by name. */
export type Environment = Readonly<Record<string, string>>;

export interface EnvironmentRules {
  readonly platform: NodeJS.Platform;
  /** Names that the owner of the host allows beside the usual ones. Names that inject code stay refused. */
  readonly envAllow?: readonly string[] | undefined;
}

/** Which variables a caller changes, or the names that it may not change (or not to that value). */
export type CallerEnvironment =
  | { readonly ok: true; readonly env: Environment }
  | { readonly ok: false; readonly refused: readonly string[] };

const isOneOf = (list: readonly RegExp[], upperName: string): boolean =>
  list.some((pattern) => pattern.test(upperName));

/** Most variables that a caller may change. */
const maxCallerVariables = 256;

/**
 * The variables that a caller may change: LANG, LC_*, TERM, TZ, COLORTERM, NO_COLOR, FORCE_COLOR, and what the owner
 * of the host allows. Any other name refuses the call: a name that was dropped silently would make the approved plan
 * and the run differ. Names are compared without regard to case on Windows (rule R-37).
 */
export function callerEnvironment(
  env: Readonly<Record<string, string>> | null | undefined,
  rules: EnvironmentRules,
): CallerEnvironment {
  const isWindows = rules.platform === "win32";
  const spelled = (name: string): string => (isWindows ? name.toUpperCase() : name);
  const extra = new Set((rules.envAllow ?? []).map(spelled));
  const allowed = new Map<string, string>();
  const refused: string[] = [];
  for (const [given, value] of Object.entries(env ?? {})) {
    const name = spelled(given);
    const isAllowed =
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
      !allowed.has(name) && // Windows: two spellings of one name
      !isOneOf(injectingNames, name.toUpperCase()) &&
      !isOneOf(hostNames, name.toUpperCase()) &&
      !/[\0\p{Cs}]/u.test(value) &&
      (extra.has(name) || callerNames.some(([names, values]) => names.test(name) && values.test(value)));
    if (isAllowed) allowed.set(name, value);
    else refused.push(given);
  }
  if (allowed.size > maxCallerVariables) return { ok: false, refused: [...allowed.keys()].sort() };
  if (refused.length > 0) return { ok: false, refused: refused.sort() };
  return { ok: true, env: Object.fromEntries([...allowed].sort(byName)) };
}

/**
 * The environment of a program: the host's own, without what injects code and without secrets, and the caller's
 * changes on top. Entries of PATH that aren't absolute go, so that the program and we look in the same places.
 */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  caller: Environment,
  rules: EnvironmentRules,
): Environment {
  const kept = new Set((rules.envAllow ?? []).map((name) => name.toUpperCase()));
  const isWindows = rules.platform === "win32";
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    const upper = name.toUpperCase();
    if (value === undefined || name === "" || name.includes("=")) continue;
    if (isWindows && Object.hasOwn(caller, upper)) continue; // the caller's spelling replaces this one
    // COMSPEC, PATHEXT: the host's own values are what its programs rely on; only a caller must not choose them.
    const isInjecting = isOneOf(injectingNames, upper) && !(isWindows && /^(?:COMSPEC|PATHEXT)$/.test(upper));
    const isSecret = (isOneOf(secretNames, upper) || secretValue.test(value)) && !kept.has(upper);
    if (!isInjecting && !isSecret) result[name] = upper === "PATH" ? absolutePath(value, isWindows) : value;
  }
  return { ...result, ...caller };
}

function absolutePath(value: string, isWindows: boolean): string {
  const isAbsolute = (entry: string): boolean =>
    isWindows ? /^"?[A-Za-z]:[/\\]|^\\\\/.test(entry) : entry.startsWith("/");
  return value
    .split(isWindows ? ";" : ":")
    .filter(isAbsolute)
    .join(isWindows ? ";" : ":");
}

const byName = ([left]: readonly [string, string], [right]: readonly [string, string]): number =>
  left < right ? -1 : left > right ? 1 : 0;

/** SHA-256 (hex) over the changed variables with their values, whatever order they came in. None, null and undefined are one. */
export function envDigest(env: Readonly<Record<string, string>> | null | undefined): string {
  const entries = Object.entries(env ?? {}).sort(byName);
  return createHash("sha256").update(JSON.stringify(entries)).digest("hex");
}

/** Names of the changed variables, sorted. */
export function envNames(env: Readonly<Record<string, string>> | null | undefined): string[] {
  return Object.keys(env ?? {}).sort();
}
