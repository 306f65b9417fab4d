import { LIMITS } from "@saltgate/protocol";

/** A command that was left for a node that sleeps: one row of `nodes/work`. */
export interface Work {
  readonly id: string;
  readonly nodeId: string;
  /** What the node is asked. */
  readonly command: string;
  /** The params as JSON text; null without any. */
  readonly paramsJSON: string | null;
  readonly idempotencyKey: string;
  /** Whose work it is: a device id, or the local owner. */
  readonly sender: string;
  readonly priority: "normal" | "high";
  readonly createdAtMs: number;
  /** What is not with the node by then never runs. */
  readonly expiresAtMs: number;
  readonly state: "waiting" | "sent" | "done" | "failed" | "expired" | "unknown";
  readonly sentAtMs?: number;
  readonly endedAtMs?: number;
  /** What the node answered, as JSON text. */
  readonly payloadJSON?: string;
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** Work by its id. */
export type WorkRows = Readonly<Record<string, Work>>;

/** How long a node may take to say what came of work that it was given, in milliseconds. */
export const WORK_ANSWER_MS: number = 24 * 3_600_000;
/** How long the outcome of work is kept, in milliseconds. */
export const WORK_OUTCOME_MS: number = 24 * 3_600_000;
/** Longest answer that is kept, in characters; of a longer one only that it was given. */
const MAX_WORK_ANSWER_CHARS = 131_072;
/** Rows of all nodes together. */
export const MAX_WORK_ROWS = 2_000;

/** Everything that can happen to work. */
export type WorkEvent =
  | { readonly type: "enqueue"; readonly work: Omit<Work, "state" | "createdAtMs"> }
  /**
   * The node is about to get it: what it can be sent (`push`), or also what it only takes itself (`drain`). `again` also
   * names work that it was given before, for nodes that run nothing twice.
   */
  | {
      readonly type: "take";
      readonly nodeId: string;
      readonly max: number;
      readonly how: "push" | "drain";
      readonly again: boolean;
    }
  | {
      readonly type: "answer";
      readonly id: string;
      readonly nodeId: string;
      readonly ok: boolean;
      readonly payloadJSON?: string;
      readonly error?: { readonly code?: string; readonly message?: string };
    }
  | { readonly type: "cancel"; readonly id: string; readonly sender: string; readonly isAdmin: boolean }
  | { readonly type: "tidy" };

/** What an event came to. */
export type WorkOutcome =
  | { readonly type: "enqueued"; readonly work: Work; readonly isRepeat: boolean }
  | { readonly type: "key-reused" }
  | { readonly type: "full" }
  | { readonly type: "taken"; readonly work: readonly Work[]; readonly hasMore: boolean }
  | { readonly type: "answered"; readonly work: Work }
  | { readonly type: "unknown" }
  | { readonly type: "cancelled"; readonly work: Work }
  | { readonly type: "too-late" }
  | { readonly type: "tidied" };

/** The rows after an event, what it came to, and the work that ended because its time was over. */
export interface WorkStep {
  readonly rows: WorkRows;
  readonly outcome: WorkOutcome;
  readonly ended: readonly Work[];
}

/** Work that is no command but a request to report something: the node takes it, and reports in its own way. */
export const isRequest = (command: string): command is "status.request" | "location.request" =>
  command === "status.request" || command === "location.request";

const takenWork = (work: Work, nowMs: number): Work =>
  isRequest(work.command)
    ? { ...work, state: "done", sentAtMs: nowMs, endedAtMs: nowMs }
    : { ...work, state: "sent", sentAtMs: nowMs };

const isOver = ({ state }: Work): boolean => state !== "waiting" && state !== "sent";

/**
 * Work for nodes that sleep, whole. Pure: time is an argument, ids come with the event, and what has to be told goes
 * out. Each piece ends once: answered by its node, expired before the node got it, unknown when the node never said,
 * or taken back. The rows are the same object when nothing changed.
 */
export function workQueue(rows: WorkRows, event: WorkEvent, nowMs: number): WorkStep {
  const { rows: current, ended } = afterTime(rows, nowMs);
  const { rows: next, outcome } = step(current, event, nowMs);
  return { rows: next, outcome, ended };
}

function step(rows: WorkRows, event: WorkEvent, nowMs: number): { rows: WorkRows; outcome: WorkOutcome } {
  switch (event.type) {
    case "enqueue":
      return enqueue(rows, { ...event.work, state: "waiting", createdAtMs: nowMs });
    case "take": {
      const mine = Object.values(rows)
        .filter(({ nodeId }) => nodeId === event.nodeId)
        .filter(({ state }) => state === "waiting" || (event.again && state === "sent"))
        .filter((work) => event.how === "drain" || !isRequest(work.command))
        .sort(byUrgency);
      const taken = mine.slice(0, event.max).map((work) => takenWork(work, nowMs));
      if (taken.length === 0) return { rows, outcome: { type: "taken", work: [], hasMore: false } };
      return {
        rows: { ...rows, ...Object.fromEntries(taken.map((work) => [work.id, work])) },
        outcome: { type: "taken", work: taken, hasMore: mine.length > taken.length },
      };
    }
    case "answer": {
      const work = rows[event.id];
      if (work?.nodeId !== event.nodeId || work.state !== "sent") return { rows, outcome: { type: "unknown" } };
      const answered = answeredWork(work, event, nowMs);
      return { rows: { ...rows, [work.id]: answered }, outcome: { type: "answered", work: answered } };
    }
    case "cancel": {
      const work = rows[event.id];
      if (work === undefined || (work.sender !== event.sender && !event.isAdmin))
        return { rows, outcome: { type: "unknown" } };
      if (work.state !== "waiting") return { rows, outcome: { type: "too-late" } };
      const { [work.id]: _, ...rest } = rows;
      return { rows: rest, outcome: { type: "cancelled", work } };
    }
    case "tidy":
      return { rows, outcome: { type: "tidied" } };
  }
}

function enqueue(rows: WorkRows, work: Work): { rows: WorkRows; outcome: WorkOutcome } {
  const same = Object.values(rows).find(
    ({ sender, idempotencyKey }) => sender === work.sender && idempotencyKey === work.idempotencyKey,
  );
  if (same !== undefined) {
    const isSame = same.nodeId === work.nodeId && same.command === work.command && same.paramsJSON === work.paramsJSON;
    return { rows, outcome: isSame ? { type: "enqueued", work: same, isRepeat: true } : { type: "key-reused" } };
  }
  const open = Object.values(rows).filter((row) => row.nodeId === work.nodeId && !isOver(row)).length;
  if (open >= LIMITS.maxPendingWorkPerNode || Object.keys(rows).length >= MAX_WORK_ROWS) {
    return { rows, outcome: { type: "full" } };
  }
  return { rows: { ...rows, [work.id]: work }, outcome: { type: "enqueued", work, isRepeat: false } };
}

function answeredWork(work: Work, event: Extract<WorkEvent, { type: "answer" }>, nowMs: number): Work {
  const isTooLong = (event.payloadJSON?.length ?? 0) > MAX_WORK_ANSWER_CHARS;
  return {
    ...work,
    state: event.ok ? "done" : "failed",
    endedAtMs: nowMs,
    ...(event.payloadJSON !== undefined && !isTooLong && { payloadJSON: event.payloadJSON }),
    ...(isTooLong && {
      error: {
        code: "RESULT_TOO_LARGE",
        message: `it ran; its answer of ${event.payloadJSON?.length} characters is too long to keep`,
      },
    }),
    ...(event.error && { error: event.error }),
  };
}

function afterTime(rows: WorkRows, nowMs: number): { rows: WorkRows; ended: Work[] } {
  const ended: Work[] = [];
  const changed: [string, Work][] = [];
  const forgotten: string[] = [];
  for (const work of Object.values(rows)) {
    if (work.state === "waiting" && nowMs >= work.expiresAtMs) {
      ended.push({ ...work, state: "expired", endedAtMs: nowMs });
    } else if (work.state === "sent" && nowMs >= (work.sentAtMs ?? work.createdAtMs) + WORK_ANSWER_MS) {
      ended.push({ ...work, state: "unknown", endedAtMs: nowMs });
    } else if (isOver(work) && nowMs >= (work.endedAtMs ?? work.expiresAtMs) + WORK_OUTCOME_MS) {
      forgotten.push(work.id);
    }
  }
  for (const work of ended) changed.push([work.id, work]);
  if (changed.length === 0 && forgotten.length === 0) return { rows, ended };
  const kept = Object.entries(rows).filter(([id]) => !forgotten.includes(id));
  return { rows: { ...Object.fromEntries(kept), ...Object.fromEntries(changed) }, ended };
}

function byUrgency(left: Work, right: Work): number {
  if (left.priority !== right.priority) return left.priority === "high" ? -1 : 1;
  return left.createdAtMs - right.createdAtMs;
}
