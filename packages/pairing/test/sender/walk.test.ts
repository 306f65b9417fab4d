import { describe, expect, test } from "vitest";
import { type SenderPairingEvent, type SenderPairingState, senderPairing } from "../../src/index.ts";
import { type Reducer, walk } from "./walk.ts";

test("[senders:walk] [R-42] [R-44] senders walk: in every reachable state three wait at most, and nobody may write whom no owner let in", {
  timeout: 120_000,
}, () => {
  const result = walk(senderPairing);
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions }).toEqual({ states: 3_440, transitions: 127_416 });
  for (const outcome of [
    "requested",
    "approved",
    "unknown-code",
    "allowed",
    "listed",
    "ignored: full",
    "ignored: nobody",
    "ignored: code-taken",
  ]) {
    expect(result.outcomes[outcome], outcome).toBeGreaterThan(100);
  }
  console.log(`walked every state of an account's senders: ${result.states} states, ${result.transitions} events`);
});

type Change = (
  before: SenderPairingState,
  event: SenderPairingEvent,
  real: ReturnType<Reducer>,
  again: (event: SenderPairingEvent, state?: SenderPairingState, nowMs?: number) => ReturnType<Reducer>,
  nowMs: number,
) => ReturnType<Reducer>;

/** Reducers that are wrong in one way each. */
const mutants: Record<string, Change> = {
  "a flood pushes out who waits": (before, event, real, again) =>
    real.outcome.type === "ignored" && real.outcome.reason === "full"
      ? again(event, { ...before, requests: before.requests.slice(1) })
      : real,
  "there is no bound to who waits": (before, event, real, again) => {
    if (real.outcome.type !== "ignored" || real.outcome.reason !== "full") return real;
    const alone = again(event, { ...before, requests: [] });
    return { ...alone, state: { ...alone.state, requests: [...before.requests, ...alone.state.requests] } };
  },
  "who waits isn't known any more once three do": (before, event, real) =>
    event.type === "upsert" && before.requests.length === 3 && real.outcome.type === "requested"
      ? { state: real.state, outcome: { type: "ignored", reason: "full" } }
      : real,
  "writing again makes the code live longer": (_, event, real, __, nowMs) => {
    if (event.type !== "upsert" || real.outcome.type !== "requested") return real;
    const requests = real.state.requests.map((row) =>
      row.id === event.id ? { ...row, createdAt: new Date(nowMs).toISOString() } : row,
    );
    return { ...real, state: { ...real.state, requests } };
  },
  "every message is answered with the code": (_, __, real) =>
    real.outcome.type === "requested" ? { ...real, outcome: { ...real.outcome, created: true } } : real,
  "writing again makes another code": (_, event, real) => {
    if (event.type !== "upsert" || real.outcome.type !== "requested" || real.outcome.created) return real;
    const request = { ...real.outcome.request, code: event.freshCode };
    const requests = real.state.requests.map((row) => (row.id === event.id ? request : row));
    return { state: { ...real.state, requests }, outcome: { ...real.outcome, request } };
  },
  "a code works after its hour": (before, event, real, again) =>
    event.type === "approve" && real.outcome.type === "unknown-code"
      ? again(event, before, Math.max(0, ...before.requests.map(({ createdAt }) => Date.parse(createdAt))))
      : real,
  "a code works twice": (before, event, real) =>
    event.type === "approve" && real.outcome.type === "approved"
      ? { ...real, state: { ...real.state, requests: before.requests } }
      : real,
  "an id works like its code": (before, event, real, again) => {
    const row = before.requests.find(({ id }) => event.type === "approve" && id === event.code);
    return event.type === "approve" && row !== undefined ? again({ ...event, code: row.code }) : real;
  },
  "an empty code lets the first one in": (before, event, real, again) =>
    event.type === "approve" && event.code === "" && before.requests[0] !== undefined
      ? again({ ...event, code: before.requests[0].code })
      : real,
  "everybody can be let in": (_, event, real) =>
    event.type === "allow" && event.id === "*"
      ? { ...real, state: { ...real.state, allowFrom: [...real.state.allowFrom, "*"] } }
      : real,
  "asking is enough": (_, event, real) =>
    event.type === "upsert" && real.outcome.type === "requested" && !real.state.allowFrom.includes(event.id)
      ? { ...real, state: { ...real.state, allowFrom: [...real.state.allowFrom, event.id] } }
      : real,
  "shutting out answers and forgets": (before, event, real) =>
    event.type === "disallow" ? { ...real, state: { ...real.state, allowFrom: before.allowFrom } } : real,
  "two senders may have one code": (before, event, real, again) => {
    if (real.outcome.type !== "ignored" || real.outcome.reason !== "code-taken") return real;
    const alone = again(event, { ...before, requests: [] });
    return { ...alone, state: { ...alone.state, requests: [...before.requests, ...alone.state.requests] } };
  },
};

describe("[senders:walk-mutants] the senders walk catches a reducer in which", () => {
  test.each(Object.entries(mutants))("%s", (_, change) => {
    const broken: Reducer = (state, event, nowMs, limits) =>
      change(
        state,
        event,
        senderPairing(state, event, nowMs, limits),
        (other, at = state, whenMs = nowMs) => senderPairing(at, other, whenMs, limits),
        nowMs,
      );
    const { violation } = walk(broken, 5);
    expect(violation).toBeDefined();
    console.log(violation?.split("\n")[0]);
  });
});
