import type { Outcome } from "../outcome.ts";

/** An invocation that has begun, as the node remembers it. */
export interface Remembered {
  readonly key: string;
  /** SHA-256 over command and params: a repeat has the same one. */
  readonly digest: string;
  readonly command: string;
  readonly beganAtMs: number;
  /**
   * What came of it. `unknown`: it began, and the node ended before it did; nobody can say how far it came.
   * `not-kept`: it ended, and its answer was too large to keep.
   */
  readonly outcome: Outcome | "unknown" | "not-kept";
}

/** Which invocations have begun, and what came of them, so that a repeat is never run again. */
export interface InvocationJournal {
  find(key: string): Remembered | undefined;
  /** Durable when it resolves: from then on the invocation has begun. @throws when it could not be written down. */
  begin(invocation: { readonly key: string; readonly digest: string; readonly command: string }): Promise<void>;
  /** Survives the end of the process when it resolves. */
  end(key: string, outcome: Outcome): Promise<void>;
  close(): Promise<void>;
}

/** How much a journal remembers. */
export interface JournalLimits {
  /** How long, in milliseconds. @default 86_400_000 */
  readonly ttlMs: number;
  /** How many invocations; the oldest ended ones go first. @default 2_000 */
  readonly maxEntries: number;
  /** The longest answer that is kept, in characters of JSON. @default 262_144 */
  readonly maxAnswerChars: number;
  /** All answers together, in characters of JSON; the oldest go first. @default 2_097_152 */
  readonly maxAllAnswersChars: number;
}

export const JOURNAL_LIMITS: JournalLimits = {
  ttlMs: 86_400_000,
  maxEntries: 2_000,
  maxAnswerChars: 262_144,
  maxAllAnswersChars: 2_097_152,
};
