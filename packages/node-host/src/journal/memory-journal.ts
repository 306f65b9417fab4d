import { type InvocationJournal, JOURNAL_LIMITS, type JournalLimits } from "./invocation-journal.ts";
import { JournalMemory } from "./journal-memory.ts";

/** A journal that ends with the process: repeats are recognised until then. For programs that keep no state. */
export function memoryJournal(
  options: Partial<JournalLimits> & { readonly now?: () => number } = {},
): InvocationJournal {
  const { now = Date.now, ...limits } = options;
  const memory = new JournalMemory({ ...JOURNAL_LIMITS, ...limits });
  return {
    find: (key) => memory.find(key, now()),
    begin: async (invocation) => memory.begin({ ...invocation, beganAtMs: now() }),
    end: async (key, outcome) => memory.end(key, outcome),
    close: async () => {},
  };
}
