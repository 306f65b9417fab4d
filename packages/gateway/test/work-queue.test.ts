import { LIMITS } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { WORK_ANSWER_MS, WORK_OUTCOME_MS, type WorkEvent, type WorkRows, workQueue } from "../src/nodes/work-queue.ts";
import { explore } from "./support/explore.ts";

const LIFE_MS = 60_000;
const START_MS = 1_000_000;

const order = (id: string, more: object = {}) =>
  ({
    id,
    nodeId: "attic",
    command: "system.run",
    paramsJSON: '{"command":["date"]}',
    idempotencyKey: `key of ${id}`,
    sender: "phone",
    priority: "normal",
    expiresAtMs: START_MS + LIFE_MS,
    ...more,
  }) as const;

/** What somebody who only watches knows of one piece of work. */
interface Watched {
  /** Which one it is; undefined before it is queued. */
  readonly id: string | undefined;
  readonly given: number;
  readonly sentAtMs: number | undefined;
  readonly ends: readonly string[];
}

interface World {
  readonly rows: WorkRows;
  readonly nowMs: number;
  readonly watched: Watched;
}

type Happening = { readonly event: WorkEvent } | { readonly waitUntilMs: number } | { readonly restart: true };

const HAPPENINGS: readonly Happening[] = [
  { event: { type: "enqueue", work: order("w") } },
  { event: { type: "enqueue", work: order("w2", { idempotencyKey: "key of w" }) } },
  { event: { type: "take", nodeId: "attic", max: 8, how: "push", again: false } },
  { event: { type: "take", nodeId: "attic", max: 8, how: "push", again: true } },
  { event: { type: "take", nodeId: "attic", max: 8, how: "drain", again: false } },
  { event: { type: "take", nodeId: "cellar", max: 8, how: "push", again: true } },
  { event: { type: "answer", id: "w", nodeId: "attic", ok: true, payloadJSON: "1" } },
  { event: { type: "answer", id: "w", nodeId: "attic", ok: false, error: { code: "UNAVAILABLE" } } },
  { event: { type: "answer", id: "w", nodeId: "cellar", ok: true } },
  { event: { type: "cancel", id: "w", sender: "phone", isAdmin: false } },
  { event: { type: "cancel", id: "w", sender: "tablet", isAdmin: false } },
  { event: { type: "cancel", id: "w", sender: "tablet", isAdmin: true } },
  { event: { type: "tidy" } },
  { restart: true },
];

function require(isTrue: boolean, rule: string): void {
  if (!isTrue) throw new Error(rule);
}

function step(machine: typeof workQueue, world: World, happening: Happening): World {
  if ("waitUntilMs" in happening) return { ...world, nowMs: happening.waitUntilMs };
  if ("restart" in happening) return { ...world, rows: JSON.parse(JSON.stringify(world.rows)) as WorkRows };
  const { event } = happening;
  const { nowMs } = world;
  const { rows, outcome, ended } = machine(world.rows, event, nowMs);
  let { watched } = world;
  for (const work of ended) {
    require(watched.ends.length === 0, "work ended twice");
    if (work.state === "expired") require(watched.given === 0 && nowMs >= START_MS + LIFE_MS, "work expired too early");
    else require(watched.given > 0, "work ended as unknown that nobody was given");
    watched = { ...watched, ends: [work.state] };
  }
  switch (outcome.type) {
    case "enqueued":
      if (!outcome.isRepeat) watched = { id: outcome.work.id, given: 0, sentAtMs: undefined, ends: [] };
      else require(outcome.work.id === watched.id, "a repeat got other work");
      break;
    case "taken":
      require(outcome.work.length <= 1, "there is only one piece of work");
      for (const work of outcome.work) {
        require(event.type === "take" && event.nodeId === "attic", "a node got another node's work");
        require(watched.ends.length === 0, "work was given after its end");
        require(watched.given > 0 || nowMs < work.expiresAtMs, "work was given too late");
        require(watched.given === 0 || (event.type === "take" && event.again), "work was given twice");
        watched = { ...watched, given: watched.given + 1, sentAtMs: nowMs };
      }
      break;
    case "answered":
      require(watched.given > 0 && watched.ends.length === 0, "an answer counted that nobody could give");
      require(event.type === "answer" && event.nodeId === "attic", "another node's answer counted");
      watched = { ...watched, ends: [outcome.work.state] };
      break;
    case "cancelled":
      require(watched.given === 0 && watched.ends.length === 0, "work was taken back that was given");
      require(event.type === "cancel" && (event.sender === "phone" || event.isAdmin), "somebody else took work back");
      watched = { id: undefined, given: 0, sentAtMs: undefined, ends: [] };
      break;
    default:
      break;
  }
  return { rows, nowMs, watched: { ...watched, given: Math.min(watched.given, 2) } };
}

function keyOf({ rows, nowMs, watched }: World): string {
  const table = Object.values(rows).map(({ state, sentAtMs, endedAtMs, id }) => [id, state, sentAtMs, endedAtMs]);
  return JSON.stringify([table, nowMs, watched]);
}

/** The moments at which time changes something, and the last one before each. */
function waitsOf({ rows, nowMs }: World): Happening[] {
  const moments = Object.values(rows).flatMap(({ expiresAtMs, sentAtMs, endedAtMs }) => [
    expiresAtMs,
    ...(sentAtMs === undefined ? [] : [sentAtMs + WORK_ANSWER_MS]),
    ...(endedAtMs === undefined ? [] : [endedAtMs + WORK_OUTCOME_MS]),
  ]);
  return moments
    .flatMap((atMs) => [atMs - 1, atMs])
    .filter((atMs) => atMs > nowMs && atMs < START_MS + 3 * WORK_OUTCOME_MS)
    .map((waitUntilMs) => ({ waitUntilMs }));
}

function walk(machine: typeof workQueue): number {
  return explore<World, Happening>({
    initial: {
      rows: {},
      nowMs: START_MS,
      watched: { id: undefined, given: 0, sentAtMs: undefined, ends: [] },
    },
    events: (world) => [...HAPPENINGS, ...waitsOf(world)],
    step: (world, happening) => step(machine, world, happening),
    keyOf,
    maxStates: 20_000,
  });
}

test("[node:queue-walk] work queue: whatever happens to a piece of work, its node gets it once and in time, and it ends once", () => {
  expect(walk(workQueue)).toBe(442);
});

const BROKEN: Readonly<Record<string, typeof workQueue>> = {
  "what was given is given again": (rows, event, nowMs) =>
    workQueue(rows, event.type === "take" ? { ...event, again: true } : event, nowMs),
  "another node gets it": (rows, event, nowMs) =>
    workQueue(rows, event.type === "take" ? { ...event, nodeId: "attic" } : event, nowMs),
  "another node answers": (rows, event, nowMs) =>
    workQueue(rows, event.type === "answer" ? { ...event, nodeId: "attic" } : event, nowMs),
  "nothing expires": (rows, event) => workQueue(rows, event, START_MS),
  "anybody takes it back": (rows, event, nowMs) =>
    workQueue(rows, event.type === "cancel" ? { ...event, isAdmin: true } : event, nowMs),
  "a second answer counts": (rows, event, nowMs) =>
    workQueue(
      event.type === "answer"
        ? Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, { ...row, state: "sent" as const }]))
        : rows,
      event,
      nowMs,
    ),
};

test.each(Object.entries(BROKEN))(
  "[node:queue-walk] work queue: the walk finds a queue in which %s",
  (_name, machine) => {
    expect(() => walk(machine)).toThrow(/after \[/);
  },
);

test("[node:queue] work queue: what is urgent goes first, then what waited longest; a node gets as much as it asks for", () => {
  let rows: WorkRows = {};
  for (const [at, [id, priority]] of [
    ["a", "normal"],
    ["b", "normal"],
    ["c", "high"],
  ].entries()) {
    rows = workQueue(rows, { type: "enqueue", work: order(String(id), { priority }) }, START_MS + at).rows;
  }
  const { outcome } = workQueue(
    rows,
    { type: "take", nodeId: "attic", max: 2, how: "push", again: false },
    START_MS + 9,
  );
  expect(outcome).toMatchObject({ type: "taken", hasMore: true, work: [{ id: "c" }, { id: "a" }] });
});

test("[node:queue] work queue: a request to report is never sent as a command; the node takes it, and that is its end", () => {
  const { rows } = workQueue({}, { type: "enqueue", work: order("s", { command: "status.request" }) }, START_MS);
  const take = { type: "take", nodeId: "attic", max: 8, again: true } as const;
  expect(workQueue(rows, { ...take, how: "push" }, START_MS).outcome).toMatchObject({ type: "taken", work: [] });
  expect(workQueue(rows, { ...take, how: "drain" }, START_MS).outcome).toMatchObject({
    type: "taken",
    work: [{ id: "s", state: "done" }],
  });
});

test("[node:queue] work queue: one node's work has a bound, and a flood to one node leaves room for others", () => {
  let rows: WorkRows = {};
  for (let at = 0; at < LIMITS.maxPendingWorkPerNode; at += 1)
    rows = workQueue(rows, { type: "enqueue", work: order(`w${at}`) }, START_MS).rows;
  expect(workQueue(rows, { type: "enqueue", work: order("more") }, START_MS).outcome.type).toBe("full");
  const other = order("other", { nodeId: "cellar" });
  expect(workQueue(rows, { type: "enqueue", work: other }, START_MS).outcome.type).toBe("enqueued");
});

test("[node:queue] work queue: a key stands for one piece of work; with other params it is refused", () => {
  const { rows } = workQueue({}, { type: "enqueue", work: order("a") }, START_MS);
  const again = order("b", { idempotencyKey: "key of a" });
  expect(workQueue(rows, { type: "enqueue", work: again }, START_MS).outcome).toMatchObject({ isRepeat: true });
  const other = { ...again, paramsJSON: "{}" };
  expect(workQueue(rows, { type: "enqueue", work: other }, START_MS).outcome.type).toBe("key-reused");
  const others = { ...other, sender: "tablet" };
  expect(workQueue(rows, { type: "enqueue", work: others }, START_MS).outcome.type).toBe("enqueued");
});

test("[node:queue] work queue: an answer that is too long to keep is told as that, and the work still counts as done", () => {
  const { rows } = workQueue({}, { type: "enqueue", work: order("a") }, START_MS);
  const taken = workQueue(rows, { type: "take", nodeId: "attic", max: 1, how: "push", again: false }, START_MS).rows;
  const answer = { type: "answer", id: "a", nodeId: "attic", ok: true, payloadJSON: "x".repeat(200_000) } as const;
  expect(workQueue(taken, answer, START_MS).outcome).toMatchObject({
    type: "answered",
    work: { state: "done", error: { code: "RESULT_TOO_LARGE" } },
  });
});
