import { ConfigError, ConfigErrorCode } from "./errors.ts";
import { memberPath } from "./json5-positions.ts";
import { keyOf } from "./key-table.ts";
import { isRedacted, redactedSentinel } from "./values.ts";

// Under keys of later work the schema knows no names yet, so there the name decides. Rather one too many.
const secretName =
  /(token|password|passwd|passphrase|secret|apikey|api_key|privatekey|private_key|credential|authorization|cookie|webhookurl)s?$/i;

/** Counts of what models read and write, which are called tokens too. */
const tokenCount = /^(max|min|reserve|keep|context|total|input|output|cache).*tokens?$/i;

/** Whether the value at this path is a secret. */
export function isSensitivePath(path: string): boolean {
  const key = keyOf(path);
  if (key?.sensitive) return true;
  // Entries with names of their own may look like something else; there the name of the key decides as well.
  const isPlain = key !== undefined && !key.later && !key.silent && !/<id>|\[\]/.test(key.path);
  if (isPlain) return false;
  // Environment variables and HTTP headers are where people put secrets under any name.
  if (path.startsWith("env.") || /\.(headers|env)\./.test(path)) return true;
  const names = path.split(".").map((name) => name.replace(/\[\d+\]/g, ""));
  return names.some((name) => secretName.test(name) && !tokenCount.test(name));
}

type Visit = (value: unknown, path: string) => { readonly replaced: true; readonly by: unknown } | undefined;

function rewrite(value: unknown, path: string, visit: Visit): unknown {
  const decision = visit(value, path);
  if (decision) return decision.by;
  if (Array.isArray(value)) return value.map((item, index) => rewrite(item, `${path}[${index}]`, visit));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, rewrite(item, memberPath(path, key), visit)]),
  );
}

const isLeaf = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

/** The same configuration with a placeholder for every secret. Works on decoded and on raw values. */
export function redact<T>(config: T): T {
  return rewrite(config, "", (value, path) =>
    isLeaf(value) && value !== "" && isSensitivePath(path) ? { replaced: true, by: redactedSentinel } : undefined,
  ) as T;
}

/**
 * Puts the secrets of `previous` back where `next`, which came from a shown configuration, has placeholders. In lists
 * of objects with an `id`, the id decides what belongs together; in other lists the position.
 * @throws {ConfigError} `invalid` when a placeholder stands where there was no secret before.
 */
export function restoreRedacted<T>(next: T, previous: unknown): T {
  return restore(next, previous, "") as T;
}

function restore(next: unknown, previous: unknown, path: string): unknown {
  if (isRedacted(next)) {
    if (typeof previous === "string" || typeof previous === "number") return previous;
    throw new ConfigError(
      ConfigErrorCode.Invalid,
      `"${path}" has the placeholder ${String(next)}, but there was no secret before. Write the secret itself, or remove the key.`,
      { problems: [{ path, line: undefined, message: `"${path}" has a placeholder and no earlier secret.` }] },
    );
  }
  if (Array.isArray(next)) {
    const before: readonly unknown[] = Array.isArray(previous) ? previous : [];
    return next.map((item, index) => restore(item, sameItem(item, before) ?? before[index], `${path}[${index}]`));
  }
  if (typeof next !== "object" || next === null) return next;
  const before = typeof previous === "object" && previous !== null ? previous : {};
  return Object.fromEntries(
    Object.entries(next).map(([key, item]) => [
      key,
      restore(
        item,
        Object.hasOwn(before, key) ? (before as Record<string, unknown>)[key] : undefined,
        memberPath(path, key),
      ),
    ]),
  );
}

function idOf(item: unknown): unknown {
  return typeof item === "object" && item !== null && "id" in item ? item.id : undefined;
}

function sameItem(item: unknown, before: readonly unknown[]): unknown {
  const id = idOf(item);
  return id === undefined ? undefined : before.find((one) => idOf(one) === id);
}

/** Every secret text in a configuration, each once: what a log must never show. */
export function secretsOf(config: unknown): readonly string[] {
  const secrets = new Set<string>();
  rewrite(config, "", (value, path) => {
    if (isLeaf(value) && value !== "" && isSensitivePath(path)) secrets.add(String(value));
    return undefined;
  });
  return [...secrets];
}
