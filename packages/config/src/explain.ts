import type { ReloadEffect } from "./annotate.ts";
import { ConfigError, ConfigErrorCode } from "./errors.ts";
import { generalPath, keyOf, keyTable, likelyPath } from "./key-table.ts";

/** What there is to know about a key. */
export interface KeyExplanation {
  readonly kind: "key";
  readonly path: string;
  readonly description: string;
  /** What a value must be. */
  readonly type: string;
  /** As text for people; `undefined` when there is none. */
  readonly default: string | undefined;
  readonly sensitive: boolean;
  /** What a change does. */
  readonly reload: ReloadEffect;
  /** Documented, but without effect so far. */
  readonly later: boolean;
}

/** The keys below an object such as `gateway.auth`. */
export interface SectionExplanation {
  readonly kind: "section";
  readonly path: string;
  readonly keys: readonly string[];
}

function explainKey(path: string): KeyExplanation {
  const key = keyTable().keys.get(path)!;
  const fallback = key.default === undefined ? undefined : `\`${JSON.stringify(key.default)}\``;
  return {
    kind: "key",
    path,
    description: key.description,
    type: key.expects,
    default: key.defaultText ?? fallback,
    sensitive: key.sensitive ?? false,
    reload: key.reload,
    later: key.later ?? false,
  };
}

/** Every key, in the order of the reference. */
export function explainAll(): readonly KeyExplanation[] {
  return [...keyTable().keys.keys()].map(explainKey);
}

/**
 * What a key is for. A path inside a list or inside a key of later work answers for the key around it.
 * @throws {ConfigError} `unknown-key`, naming the nearest known one.
 */
export function explain(asked: string): KeyExplanation | SectionExplanation {
  const { keys, sections } = keyTable();
  const path = generalPath(asked);
  if (path === "" || sections.has(path)) {
    const below = path === "" ? "" : `${path}.`;
    return { kind: "section", path, keys: [...keys.keys()].filter((key) => key.startsWith(below)) };
  }
  const key = keyOf(path);
  if (key && (key.path === path || key.later || key.silent || path.startsWith(`${key.path}[`)))
    return explainKey(key.path);
  const likely = likelyPath(path);
  throw new ConfigError(
    ConfigErrorCode.UnknownKey,
    `There is no key "${path.slice(0, 200)}".${likely === undefined ? "" : ` Did you mean "${likely}"?`}`,
  );
}
