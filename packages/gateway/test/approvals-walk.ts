import type { ApprovalDecision, ApprovalSubject, SystemRunPlan } from "@saltgate/protocol";
import type { Approvals } from "../src/approvals/approval-records.ts";
import type { ApprovalCaller, ApprovalEvent, execApprovals } from "../src/approvals/exec-approvals.ts";
import type { PlannedRun } from "../src/approvals/planned-run.ts";
import { explore } from "./support/explore.ts";

const LIFETIME_MS = 1_000;
const USE_WITHIN_MS = 600_000;
const REMEMBER_MS = 86_400_000;

const subject: ApprovalSubject = {
  command: "make install",
  cwd: "/srv/app",
  host: "node",
  nodeId: "attic",
  security: null,
  ask: null,
  agentId: "main",
  resolvedPath: "/usr/bin/make",
  sessionKey: null,
};

const plan: SystemRunPlan = {
  argv: ["make", "install"],
  commandText: "make install",
  cwd: "/srv/app",
  executable: "/usr/bin/make",
  envNames: [],
  envDigest: "e".repeat(64),
  mutableFileOperand: null,
  agentId: "main",
  sessionKey: null,
};

const exactRun: PlannedRun = {
  nodeId: "attic",
  argv: ["make", "install"],
  cwd: "/srv/app",
  envDigest: "e".repeat(64),
  agentId: "main",
  sessionKey: null,
};

/** The same run with one thing changed: none of them may ever be allowed. */
const OTHER_RUNS: readonly PlannedRun[] = [
  { ...exactRun, nodeId: "cellar" },
  { ...exactRun, argv: ["make", "install", ""] },
  { ...exactRun, argv: ["make", "install "] },
  { ...exactRun, argv: ["make"] },
  { ...exactRun, cwd: "/srv" },
  { ...exactRun, envDigest: "f".repeat(64) },
  { ...exactRun, agentId: null },
  { ...exactRun, sessionKey: "agent:main:main" },
];

const caller = (connId: string, deviceId: string | undefined, ...scopes: string[]): ApprovalCaller => ({
  connId,
  ...(deviceId !== undefined && { deviceId }),
  scopes,
  name: connId,
});

/** The program that asks; the same after it came back; and again as an owner's device. */
const ASKER = caller("c1", "agent", "operator.approvals", "operator.write");
const ASKER_AGAIN = caller("c2", "agent", "operator.approvals", "operator.write");
const ASKER_AS_OWNER = caller("c3", "agent", "operator.admin");
const PHONE = caller("c4", "phone", "operator.approvals");
const TABLET = caller("c5", "tablet", "operator.admin");
const WRITER = caller("c6", "writer", "operator.write");

const ANSWERERS = [ASKER, ASKER_AGAIN, ASKER_AS_OWNER, PHONE, TABLET, WRITER];
const MAY_ANSWER = new Set([ASKER_AS_OWNER, PHONE, TABLET]);
const DECISIONS: readonly ApprovalDecision[] = ["allow-once", "allow-always", "deny"];

type Happening =
  | { readonly event: Exclude<ApprovalEvent, { type: "ask" }> }
  | { readonly event: Extract<ApprovalEvent, { type: "ask" }> }
  | { readonly wait: number }
  | { readonly restart: true };

/** What somebody who only watches knows: kept apart from the machine, to judge it by. */
interface Watched {
  readonly askedAtMs: number | undefined;
  readonly decision: { readonly what: ApprovalDecision; readonly atMs: number } | undefined;
  /** The key of its one run. */
  readonly run: string | undefined;
}

interface World {
  readonly approvals: Approvals;
  readonly nowMs: number;
  readonly watched: Watched;
}

/** The moments at which time changes something, and the last one before each: between them nothing can differ. */
function waitsOf({ nowMs, watched }: World): Happening[] {
  if (watched.askedAtMs === undefined) return [];
  const endedAtMs = watched.decision?.atMs ?? watched.askedAtMs + LIFETIME_MS;
  const last = Math.max(endedAtMs + USE_WITHIN_MS, watched.askedAtMs + LIFETIME_MS);
  const moments = [watched.askedAtMs + LIFETIME_MS, endedAtMs + USE_WITHIN_MS, last + REMEMBER_MS];
  return moments
    .flatMap((atMs) => [atMs - 1, atMs])
    .filter((atMs) => atMs > nowMs)
    .map((atMs) => ({ wait: atMs - nowMs }));
}

const USE = { type: "use", id: "q", run: exactRun, caller: ASKER, key: "a run", isRepeatable: false } as const;

const HAPPENINGS: readonly Happening[] = [
  { event: { type: "ask", id: "q", subject, plan, timeoutMs: LIFETIME_MS, caller: ASKER } },
  ...ANSWERERS.flatMap((by) =>
    DECISIONS.map((decision): Happening => ({ event: { type: "answer", id: "q", decision, caller: by } })),
  ),
  ...[ASKER, ASKER_AGAIN, PHONE].map((caller): Happening => ({ event: { ...USE, caller } })),
  ...OTHER_RUNS.map((run): Happening => ({ event: { ...USE, run } })),
  { event: { ...USE, key: "another run" } },
  { event: { ...USE, isRepeatable: true } },
  { event: { ...USE, isRepeatable: true, key: "another run" } },
  { event: { type: "tidy" } },
  { restart: true },
];

function require(isTrue: boolean, rule: string): void {
  if (!isTrue) throw new Error(rule);
}

/** Takes the machine one step, and judges what it did. */
function step(machine: typeof execApprovals, world: World, happening: Happening): World {
  if ("wait" in happening) return { ...world, nowMs: world.nowMs + happening.wait };
  if ("restart" in happening) {
    const json: unknown = JSON.parse(JSON.stringify(world.approvals));
    return { ...world, approvals: json as Approvals };
  }
  const { event } = happening;
  const { approvals, outcome } = machine(world.approvals, event, world.nowMs);
  const { watched, nowMs } = world;
  const isOpen =
    watched.askedAtMs !== undefined && watched.decision === undefined && nowMs < watched.askedAtMs + LIFETIME_MS;
  let next = watched;
  switch (outcome.type) {
    case "asked": {
      const endedAtMs = watched.decision?.atMs ?? (watched.askedAtMs ?? -Infinity) + LIFETIME_MS;
      require(watched.askedAtMs === undefined || nowMs >= endedAtMs + REMEMBER_MS, "an id stood for two questions");
      next = { askedAtMs: nowMs, decision: undefined, run: undefined };
      break;
    }
    case "answered":
      require(event.type === "answer" && MAY_ANSWER.has(event.caller), "somebody answered who may not");
      require(isOpen, "an answer counted that came second or late");
      next = { ...watched, decision: { what: outcome.approval.decision, atMs: nowMs } };
      require(event.type === "answer" && event.decision === outcome.approval.decision, "another answer than was given");
      break;
    case "usable":
      require(event.type === "use" && event.run === exactRun, "something ran that was not what was allowed");
      require(event.type === "use" && event.caller.deviceId === "agent", "somebody used another's approval");
      require(watched.decision !== undefined && watched.decision.what !== "deny", "something ran that nobody allowed");
      require(nowMs < (watched.decision?.atMs ?? 0) + USE_WITHIN_MS ||
        watched.run !== undefined, "something ran long after it was allowed");
      if (event.type !== "use") throw new Error("only a use can be usable");
      // The same run may be asked for again where nothing runs twice: that is one run all the same.
      if (watched.run !== undefined) require(event.isRepeatable && event.key === watched.run, "one approval ran twice");
      next = { ...watched, run: event.key };
      break;
    case "unknown":
      if (event.type === "answer") require(!isOpen, "an open question was not found");
      break;
    default:
      break;
  }
  if (event.type === "answer" && isOpen && MAY_ANSWER.has(event.caller))
    require(outcome.type === "answered", "a good answer did not count");
  const isUsable =
    watched.decision !== undefined &&
    watched.decision.what !== "deny" &&
    watched.run === undefined &&
    nowMs < watched.decision.atMs + USE_WITHIN_MS;
  if (event.type === "use" && event.run === exactRun && event.caller.deviceId === "agent" && isUsable)
    require(outcome.type === "usable", "what was allowed did not run");
  return { ...world, approvals, watched: next };
}

/** Time only matters by how far it is from what was asked and answered, and only until all is forgotten. */
function keyOf({ approvals, nowMs, watched }: World): string {
  const cap = REMEMBER_MS + 2 * USE_WITHIN_MS;
  const age = (atMs: number | undefined): number | null => (atMs === undefined ? null : Math.min(nowMs - atMs, cap));
  const rows = Object.values(approvals).map((row) => [
    age(row.createdAtMs),
    row.decision ?? null,
    age(row.decidedAtMs),
    row.decidedBy ?? null,
    age(row.usedAtMs),
    row.usedKey ?? null,
  ]);
  return JSON.stringify([
    rows,
    age(watched.askedAtMs),
    watched.decision?.what,
    age(watched.decision?.atMs),
    watched.run,
  ]);
}

/** Walks through everything that can happen to one question. @returns how many states there are */
export function walkApprovals(machine: typeof execApprovals): number {
  return explore<World, Happening>({
    initial: {
      approvals: {},
      nowMs: 1_000_000,
      watched: { askedAtMs: undefined, decision: undefined, run: undefined },
    },
    events: (world) => [...HAPPENINGS, ...waitsOf(world)],
    step: (world, happening) => step(machine, world, happening),
    keyOf,
    maxStates: 50_000,
  });
}
