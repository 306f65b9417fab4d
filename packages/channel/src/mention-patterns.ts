/** Longest text that patterns are tried on; what follows is not looked at. */
const maxMatchedChars = 4_096;

/**
 * Patterns of an agent, ready to use. Case doesn't matter; one that isn't a regular expression is left out. Without any
 * configured, the agent's name is one.
 */
export function compileMentionPatterns(
  patterns: readonly string[] | undefined,
  identity: { readonly name?: string | undefined; readonly emoji?: string | undefined } = {},
): readonly RegExp[] {
  const sources = patterns ?? [
    ...(identity.name ? [`(?<![\\p{L}\\p{N}])@?${nameSource(identity.name)}(?![\\p{L}\\p{N}])`] : []),
    ...(identity.emoji ? [escaped(identity.emoji)] : []),
  ];
  return sources.flatMap((source) => {
    try {
      // In JSON, "\b" without a second backslash is a backspace; nobody means that one.
      return [new RegExp(source.replaceAll("\b", "\\b"), "iu")];
    } catch {
      return [];
    }
  });
}

/** Whether a text calls the agent by one of its patterns. Invisible characters don't hide a name. */
export function mentionsBy(patterns: readonly RegExp[], text: string): boolean {
  if (patterns.length === 0) return false;
  const plain = text.slice(0, maxMatchedChars).replace(/\p{Cf}/gu, "");
  return patterns.some((pattern) => pattern.test(plain));
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const nameSource = (name: string): string => name.trim().split(/\s+/).map(escaped).join("\\s+");
