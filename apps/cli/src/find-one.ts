import { CommandError } from "./command-error.ts";

/** Whether a person's word means an id: the whole of it, or its beginning (four characters or more). */
export function meansId(word: string, id: string): boolean {
  return id === word || (word.length >= 4 && id.startsWith(word));
}

/**
 * The one row of those that wait that a person means.
 * @throws {CommandError} naming the ids to choose from when it could be several, or none
 */
export function findOne<T>(
  waiting: readonly T[],
  word: string,
  words: {
    readonly isMeant: (row: T, word: string) => boolean;
    readonly idOf: (row: T) => string;
    readonly code: string;
    /** What several of them are called. */
    readonly several: string;
    /** What to say when none is meant. */
    readonly none: (word: string) => string;
    /** What to do when nothing waits at all. */
    readonly empty: string;
  },
): T {
  const found = waiting.filter((row) => words.isMeant(row, word.trim()));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const shown = word.trim().slice(0, 80);
  throw new CommandError(
    words.code,
    found.length > 1 ? `"${shown}" could be several ${words.several}` : words.none(shown),
    {
      mend: waiting.length === 0 ? words.empty : `Waiting: ${waiting.map(words.idOf).join(", ")}`,
    },
  );
}
