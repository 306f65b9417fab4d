import { expect, test } from "vitest";
import type { Approval, Approvals } from "../src/approvals/approval-records.ts";
import { type ApprovalEvent, execApprovals } from "../src/approvals/exec-approvals.ts";
import { walkApprovals } from "./approvals-walk.ts";

test("[approvals:walk] [R-40] approvals: whatever happens to a question, one answer counts, and it holds for one run of what was shown", () => {
  expect(walkApprovals(execApprovals)).toBe(599);
});

type Machine = typeof execApprovals;
const changing =
  (change: (approvals: Approvals, event: ApprovalEvent, nowMs: number) => Parameters<Machine>): Machine =>
  (...call) =>
    execApprovals(...change(...call));

/** The rows without some of their keys. */
function without(approvals: Approvals, ...keys: readonly (keyof Approval)[]): Approvals {
  const rows = Object.entries(approvals).map(([id, row]): [string, Approval] => [
    id,
    Object.fromEntries(
      Object.entries(row).filter(([key]) => !(keys as readonly string[]).includes(key)),
    ) as unknown as Approval,
  ]);
  return Object.fromEntries(rows);
}

/** Machines with one thing wrong each: the walk is worth something only if it finds all of them. */
const BROKEN: Readonly<Record<string, Machine>> = {
  "the second answer counts too": changing((approvals, event, nowMs) => [
    event.type === "answer" ? without(approvals, "decision", "decidedAtMs") : approvals,
    event,
    nowMs,
  ]),
  "the time never runs out": changing((approvals, event, nowMs) => [
    approvals,
    event,
    event.type === "answer" ? Math.min(nowMs, ...Object.values(approvals).map((row) => row.expiresAtMs - 1)) : nowMs,
  ]),
  "whoever asks may answer": changing((approvals, event, nowMs) => [
    approvals,
    event.type === "answer" ? { ...event, caller: { ...event.caller, connId: "x", deviceId: "x" } } : event,
    nowMs,
  ]),
  "a scope isn't needed to answer": changing((approvals, event, nowMs) => [
    approvals,
    event.type === "answer" ? { ...event, caller: { ...event.caller, scopes: ["operator.approvals"] } } : event,
    nowMs,
  ]),
  "an approval can be used again": changing((approvals, event, nowMs) => [
    without(approvals, "usedAtMs"),
    event,
    nowMs,
  ]),
  "anybody may use it": changing((approvals, event, nowMs) => [
    approvals,
    event.type === "use" ? { ...event, caller: { ...event.caller, deviceId: "agent" } } : event,
    nowMs,
  ]),
  "the node isn't compared": changing((approvals, event, nowMs) => [
    approvals,
    event.type === "use" ? { ...event, run: { ...event.run, nodeId: "attic" } } : event,
    nowMs,
  ]),
  "the folder isn't compared": changing((approvals, event, nowMs) => [
    approvals,
    event.type === "use" ? { ...event, run: { ...event.run, cwd: null } } : event,
    nowMs,
  ]),
  "the arguments are compared trimmed": changing((approvals, event, nowMs) => [
    approvals,
    event.type === "use" ? { ...event, run: { ...event.run, argv: event.run.argv.map((word) => word.trim()) } } : event,
    nowMs,
  ]),
  "an id is forgotten at once": (approvals, event, nowMs) =>
    execApprovals(event.type === "ask" ? {} : approvals, event, nowMs),
  "an answer is lost": (approvals, event, nowMs) => {
    const step = execApprovals(approvals, event, nowMs);
    return event.type === "answer" ? { ...step, approvals } : step;
  },
  "what was allowed never lapses": changing((approvals, event, nowMs) => [
    Object.fromEntries(
      Object.entries(approvals).map(([id, row]) => [
        id,
        row.decidedAtMs === undefined ? row : { ...row, decidedAtMs: nowMs },
      ]),
    ),
    event,
    nowMs,
  ]),
};

test.each(Object.entries(BROKEN))(
  "[approvals:walk] approvals: the walk finds a machine in which %s",
  (_name, machine) => {
    expect(() => walkApprovals(machine)).toThrow(/after \[/);
  },
);
