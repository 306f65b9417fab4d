import type { PayloadOf, PendingWork, QueuedWork } from "@saltgate/protocol";
import { type DocumentShape, type StateDocument, updateDocument } from "@saltgate/store";
import { z } from "zod";
import {
  isRequest,
  MAX_WORK_ROWS,
  type Work,
  type WorkEvent,
  type WorkOutcome,
  type WorkRows,
  workQueue,
} from "./work-queue.ts";

const workRow = () =>
  z.looseObject({
    id: z.string().min(1),
    nodeId: z.string().min(1),
    command: z.string().min(1),
    paramsJSON: z.string().nullable(),
    idempotencyKey: z.string().min(1),
    sender: z.string().min(1),
    priority: z.enum(["normal", "high"]),
    createdAtMs: z.int(),
    expiresAtMs: z.int(),
    state: z.enum(["waiting", "sent", "done", "failed", "expired", "unknown"]),
  });

/** The shape of `nodes/work`, to open the document of a store with. */
export const workDocumentShape: DocumentShape<WorkRows> = {
  parse: (json) => z.record(z.string(), workRow()).parse(json) as unknown as WorkRows,
  empty: () => ({}),
  maxBytes: MAX_WORK_ROWS * 150_000,
};

/** Work for nodes that sleep, kept in a document: what is answered is on disk. */
export class WorkDesk {
  readonly #document: StateDocument<WorkRows>;
  readonly #now: () => number;
  readonly #onEnd: (work: PayloadOf<"node.pending.resolved">) => void;
  #rows: WorkRows | undefined;

  /** @param onEnd hears of each piece of work that is over. */
  constructor(
    document: StateDocument<WorkRows>,
    now: () => number,
    onEnd: (work: PayloadOf<"node.pending.resolved">) => void,
  ) {
    this.#document = document;
    this.#now = now;
    this.#onEnd = onEnd;
  }

  /** Decides an event on what is on disk, and writes what was decided. @throws {StoreError} nothing was changed */
  async change(event: WorkEvent): Promise<WorkOutcome> {
    const nowMs = this.#now();
    const { outcome, ended, rows } = await updateDocument(this.#document, (current) => {
      const step = workQueue(current, event, nowMs);
      return { next: step.rows === current ? undefined : step.rows, result: step };
    });
    this.#rows = rows;
    const over = outcome.type === "answered" || outcome.type === "cancelled" ? [...ended, outcome.work] : ended;
    for (const { id, nodeId, command, state } of over) {
      this.#onEnd({ id, nodeId, command, state: outcome.type === "cancelled" ? "expired" : state, ts: nowMs });
    }
    return outcome;
  }

  /** Everything that is kept. */
  async rows(): Promise<WorkRows> {
    this.#rows ??= (await this.#document.read()).value;
    return workQueue(this.#rows, { type: "tidy" }, this.#now()).rows;
  }

  /** Whether anything may wait for a node; false spares a read and a write at each connection. */
  async hasWorkFor(nodeId: string): Promise<boolean> {
    return Object.values(await this.rows()).some(
      (work) => work.nodeId === nodeId && (work.state === "waiting" || work.state === "sent"),
    );
  }

  /** How much waits for each node. */
  async waitingByNode(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { nodeId, state } of Object.values(await this.rows()))
      if (state === "waiting") counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
    return counts;
  }

  /** Ends what is overdue. Cheap while nothing is. */
  async tidy(): Promise<void> {
    const before = this.#rows ?? (await this.rows());
    if (workQueue(before, { type: "tidy" }, this.#now()).rows !== before) await this.change({ type: "tidy" });
  }
}

/** Work as its sender sees it. */
export function queuedWorkOf(work: Work, withAnswer: boolean): QueuedWork {
  const { id, nodeId, command, priority, state, createdAtMs, expiresAtMs, endedAtMs, payloadJSON, error } = work;
  return {
    id,
    nodeId,
    command,
    priority,
    state,
    createdAtMs,
    expiresAtMs,
    ...(endedAtMs !== undefined && { endedAtMs }),
    ...(error && { error }),
    ...(withAnswer && payloadJSON !== undefined && { payload: JSON.parse(payloadJSON) as unknown }),
  };
}

/** Work as its node takes it. */
export function pendingWorkOf(work: Work): PendingWork {
  const { id, command, paramsJSON, idempotencyKey, priority, createdAtMs, expiresAtMs } = work;
  return {
    id,
    type: isRequest(command) ? command : "invoke",
    priority,
    createdAtMs,
    expiresAtMs,
    ...(!isRequest(command) && { payload: { command, paramsJSON, idempotencyKey } }),
  };
}
