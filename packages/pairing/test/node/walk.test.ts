import { describe, expect, test } from "vitest";
import {
  type NodeFacts,
  type NodePairingEvent,
  type NodePairingState,
  nodePairing,
  type PendingNode,
} from "../../src/index.ts";
import { type Reducer, walk } from "./walk.ts";

const shows: NodeFacts = { platform: "linux", commands: ["canvas.present"] };
const runs: NodeFacts = {
  platform: "linux",
  caps: ["system"],
  commands: ["system.run", "canvas.present"],
  permissions: { screen: true },
};
const elsewhere: NodeFacts = { platform: "macos", commands: ["canvas.present"] };
const declarations = [shows, runs, elsewhere];

test("[node-pairing:walk] [R-29] [R-30] node pairing walk: in every reachable state a node may be asked what it says and its owner allowed, and nothing else", {
  timeout: 300_000,
}, () => {
  const result = walk(nodePairing, { declarations });
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions, depth: result.depth }).toEqual({
    states: 7_128,
    transitions: 297_408,
    depth: 15,
  });
  // A walk in which nothing is ever approved, or nobody is ever refused, would prove nothing.
  for (const outcome of [
    "approved",
    "rejected",
    "removed",
    "forbidden",
    "unknown-request",
    "declared none",
    "declared created",
    "declared superseded",
    "declared unchanged",
    "declared withdrawn",
    "declared rejected",
  ]) {
    expect(result.outcomes[outcome], outcome).toBeGreaterThan(500);
  }
  console.log(`walked every state of one node: ${result.states} states, ${result.transitions} events`);
});

type Change = (
  before: NodePairingState,
  event: NodePairingEvent,
  real: ReturnType<Reducer>,
  again: (event: NodePairingEvent, state?: NodePairingState) => ReturnType<Reducer>,
) => ReturnType<Reducer>;
const root = { scopes: ["operator.admin"] };

/** Reducers that are wrong in one way each. */
const mutants: Record<string, Change> = {
  "a node that reconnects may do what it says": (_, event, real) =>
    real.outcome.type === "declared" && event.type === "declare"
      ? {
          ...real,
          outcome: { ...real.outcome, surface: { ...real.outcome.surface, commands: event.claims.commands ?? [] } },
        }
      : real,
  "a node on another platform keeps what it has in common": (before, event, real) => {
    if (real.outcome.type !== "declared" || real.outcome.pinned === undefined || event.type !== "declare") return real;
    const commands = (event.claims.commands ?? []).filter((command) => before.paired["n"]?.commands?.includes(command));
    return { ...real, outcome: { ...real.outcome, surface: { ...real.outcome.surface, commands } } };
  },
  "an approver without admin lets programs run": (_, event, real, again) =>
    event.type === "approve" && real.outcome.type === "forbidden" && event.caller.scopes.includes("operator.pairing")
      ? again({ ...event, caller: root })
      : real,
  "anybody approves": (_, event, real, again) =>
    event.type === "approve" && real.outcome.type === "forbidden" ? again({ ...event, caller: root }) : real,
  "anybody with pairing takes any node off the list": (_, event, real, again) =>
    event.type === "remove" && real.outcome.type === "forbidden" && event.caller.scopes.includes("operator.pairing")
      ? again({ ...event, caller: root })
      : real,
  "a removed node comes back with the old approval of its device": (before, _, real) =>
    real.outcome.type === "removed"
      ? { ...real, state: { ...real.state, paired: {} } }
      : { ...real, state: real.state === before ? before : real.state },
  "removing answers and forgets": (before, _, real) =>
    real.outcome.type === "removed" ? { ...real, state: before } : real,
  "what its device was let in with always counts": (before, event, real, again) => {
    const known = before.paired["n"];
    if (event.type !== "declare" || event.approvedByDevice === undefined || known === undefined) return real;
    return again(event, { ...before, paired: { n: { ...known, approvedAtMs: 0 } } });
  },
  "what its device was let in with never counts again": (before, event, real, again) =>
    event.type === "declare" && before.paired["n"] !== undefined
      ? again({ ...event, approvedByDevice: undefined })
      : real,
  "a second request of a node waits beside the first": (before, _, real) =>
    real.outcome.type === "declared" && real.outcome.change === "superseded"
      ? { ...real, state: { ...real.state, pending: { ...before.pending, ...real.state.pending } } }
      : real,
  "a request changes under its id": (before, _, real) => {
    if (real.outcome.type !== "declared" || real.outcome.change !== "superseded") return real;
    const old = Object.values(before.pending).find(({ rejectedAtMs }) => rejectedAtMs === undefined)!;
    const request = { ...real.outcome.request!, requestId: old.requestId };
    return { state: { ...real.state, pending: { [old.requestId]: request } }, outcome: { ...real.outcome, request } };
  },
  "a rejected declaration asks again at once": (before, event, real, again) => {
    const pending = Object.fromEntries(
      Object.entries(before.pending).filter(([, row]) => row.rejectedAtMs === undefined),
    );
    return event.type === "declare" && real.outcome.type === "declared" && real.outcome.change === "rejected"
      ? again(event, { ...before, pending })
      : real;
  },
  "a rejection is remembered for ever": (before, event, _, again) => {
    const rows = Object.entries(before.pending).map(([id, row]): [string, PendingNode] => [
      id,
      row.rejectedAtMs === undefined ? row : { ...row, rejectedAtMs: Number.MAX_SAFE_INTEGER },
    ]);
    return again(event, { ...before, pending: Object.fromEntries(rows) });
  },
  "what was rejected is approved after all": (before, event, real, again) => {
    const row = event.type === "approve" ? before.pending[event.requestId] : undefined;
    if (row?.rejectedAtMs === undefined) return real;
    const { rejectedAtMs: _, ...waiting } = row;
    return again(event, { ...before, pending: { [row.requestId]: waiting } });
  },
  "a declared request expires": (before, event, real) =>
    event.type === "expire"
      ? { ...real, state: { ...real.state, pending: {} } }
      : { ...real, state: real.state === before ? before : real.state },
  "somebody else's request takes the place of what a node declared": (before, event, real, again) =>
    event.type === "request" && real.outcome.type === "requested" && real.outcome.request.declared === true
      ? again(event, { ...before, pending: {} })
      : real,
  "a token is made for a node that proves itself": (_, event, real) => {
    if (event.type !== "approve" || real.outcome.type !== "approved") return real;
    return { ...real, outcome: { ...real.outcome, isTokenIssued: true } };
  },
  "approving adds to what was approved before": (before, _, real) => {
    const [old, now] = [before.paired["n"], real.state.paired["n"]];
    if (real.outcome.type !== "approved" || now === undefined) return real;
    const commands = [...new Set([...(now.commands ?? []), ...(old?.commands ?? [])])];
    return { ...real, state: { ...real.state, paired: { n: { ...now, commands } } } };
  },
  "what is approved keeps waiting": (before, event, real) =>
    real.outcome.type === "declared" && real.outcome.change === "withdrawn" && event.type === "declare"
      ? { ...real, state: { ...real.state, pending: before.pending } }
      : real,
};

describe("[node-pairing:walk-mutants] the node walk catches a reducer in which", () => {
  test.each(Object.entries(mutants))("%s", { timeout: 120_000 }, (_, change) => {
    const broken: Reducer = (state, event, nowMs, limits) =>
      change(state, event, nodePairing(state, event, nowMs, limits), (other, at = state) =>
        nodePairing(at, other, nowMs, limits),
      );
    const { violation } = walk(broken, { declarations, maxDepth: 7 });
    expect(violation).toBeDefined();
    console.log(violation?.split("\n")[0]);
  });
});
