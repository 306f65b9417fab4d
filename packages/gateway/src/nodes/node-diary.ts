import type { NodeHostStats } from "@saltgate/protocol";
import { type DocumentShape, type StateDocument, updateDocument } from "@saltgate/store";
import { z } from "zod";

/** When a node was last heard of, and how its machine was. */
export interface DiaryEntry {
  readonly lastSeenAtMs: number;
  readonly lastSeenReason: "connected" | "alive" | "disconnected";
  readonly host?: NodeHostStats;
}

/** Entries by node id: `nodes/diary`. */
export type Diary = Readonly<Record<string, DiaryEntry>>;

/** The shape of `nodes/diary`, to open the document of a store with. */
export const diaryDocumentShape: DocumentShape<Diary> = {
  parse: (json) =>
    z
      .record(
        z.string(),
        z.looseObject({
          lastSeenAtMs: z.int(),
          lastSeenReason: z.enum(["connected", "alive", "disconnected"]),
          host: z.looseObject({}).optional(),
        }),
      )
      .parse(json) as Diary,
  empty: () => ({}),
};

const MAX_ENTRIES = 5_000;

/** How often what nodes say of themselves is written down, in milliseconds; who comes and goes is written at once. */
const REST_MS = 300_000;

/**
 * When each node was last here, and how its machine was, over restarts. It is read once and written seldom, because its
 * disk may be a card that wears out: a crash loses a few minutes of how machines were, and nothing else.
 */
export class NodeDiary {
  readonly #document: StateDocument<Diary>;
  readonly #now: () => number;
  readonly #fresh = new Map<string, DiaryEntry>();
  #known: Diary | undefined;
  #isUrgent = false;
  #writtenAtMs = Number.NEGATIVE_INFINITY;

  constructor(document: StateDocument<Diary>, now: () => number) {
    this.#document = document;
    this.#now = now;
  }

  /** Notes that a node was heard of. */
  note(nodeId: string, lastSeenReason: DiaryEntry["lastSeenReason"], host?: NodeHostStats): void {
    const before = this.#fresh.get(nodeId) ?? this.#known?.[nodeId];
    const stats = host ?? before?.host;
    if (lastSeenReason !== "alive") this.#isUrgent = true;
    this.#fresh.set(nodeId, { lastSeenAtMs: this.#now(), lastSeenReason, ...(stats && { host: stats }) });
  }

  /** What is known of nodes. */
  async entries(): Promise<Diary> {
    this.#known ??= (await this.#document.read()).value;
    return { ...this.#known, ...Object.fromEntries(this.#fresh) };
  }

  /** Forgets a node. */
  async forget(nodeId: string): Promise<void> {
    this.#fresh.delete(nodeId);
    this.#known = await updateDocument(this.#document, (entries) => {
      const { [nodeId]: gone, ...rest } = entries;
      return gone === undefined ? { next: undefined, result: entries } : { next: rest, result: rest };
    });
  }

  /** Writes down what is due. */
  async tick(): Promise<void> {
    if (this.#isUrgent || this.#now() >= this.#writtenAtMs + REST_MS) await this.flush();
  }

  /** Writes down what was noted since the last time. */
  async flush(): Promise<void> {
    const fresh = new Map(this.#fresh);
    if (fresh.size === 0) return;
    this.#isUrgent = false;
    this.#writtenAtMs = this.#now();
    this.#known = await updateDocument(this.#document, (entries) => {
      const next = newest({ ...entries, ...Object.fromEntries(fresh) });
      return { next, result: next };
    });
    for (const [nodeId, entry] of fresh) if (this.#fresh.get(nodeId) === entry) this.#fresh.delete(nodeId);
  }
}

function newest(entries: Diary): Diary {
  const rows = Object.entries(entries);
  if (rows.length <= MAX_ENTRIES) return entries;
  return Object.fromEntries(rows.sort(([, a], [, b]) => b.lastSeenAtMs - a.lastSeenAtMs).slice(0, MAX_ENTRIES));
}
