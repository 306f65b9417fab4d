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
  const name = visible(identity.name ?? "").trim();
  const emoji = visible(identity.emoji ?? "").trim();
  const sources = patterns ?? [
    ...(name === "" ? [] : [`(?<![\\p{L}\\p{N}])@?${nameSource(name)}(?![\\p{L}\\p{N}])`]),
    ...(emoji === "" ? [] : [escaped(emoji)]),
  ];
  // In JSON, "\b" without a second backslash is a backspace; nobody means that one.
  return sources.flatMap((source) => compiled(visible(source.replaceAll("\b", "\\b"))));
}

/** Some patterns are only right without the flag for Unicode, such as `\@bot`; a wrong one is none. */
function compiled(source: string): readonly RegExp[] {
  for (const flags of ["iu", "i"]) {
    try {
      return [new RegExp(source, flags)];
    } catch {
      // Tried with the other flags, or left out: a typing error must not silence the agent altogether.
    }
  }
  return [];
}

/** Whether a text calls the agent by one of its patterns. Invisible characters don't hide a name. */
export function mentionsBy(patterns: readonly RegExp[], text: string): boolean {
  if (patterns.length === 0) return false;
  const plain = visible(text.slice(0, maxMatchedChars));
  return patterns.some((pattern) => pattern.test(plain));
}

/** Without characters that nobody sees, which a text may hold and a pattern not, or the other way round. */
const visible = (text: string): string => text.replace(/\p{Cf}/gu, "");

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const nameSource = (name: string): string => name.split(/\s+/).map(escaped).join("\\s+");
