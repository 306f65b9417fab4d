import { errorShape } from "@saltgate/protocol";
import { describe, expect, test } from "vitest";
import { refuse } from "../src/connection/refusal.ts";
import { type ConnectionInput, type ConnectionState, connectionStep } from "../src/index.ts";

const connect = { type: "req", id: "c", method: "connect" } as const;
const health = { type: "req", id: "h", method: "health" } as const;
const bad = {
  ok: false,
  problem: "not-a-frame",
  id: "x",
  error: errorShape("INVALID_FRAME", "invalid request frame: x"),
} as const;
const noJson = { ...bad, problem: "not-json", id: undefined } as const;
const refusal = refuse("AUTH_TOKEN_MISMATCH", "unauthorized: gateway token mismatch");

const inputs: readonly ConnectionInput[] = [
  { type: "accepted" },
  { type: "frame", frame: { ok: true, value: connect } },
  { type: "frame", frame: { ok: true, value: connect }, paramsProblem: "must have required property 'client'" },
  { type: "frame", frame: { ok: true, value: health } },
  { type: "frame", frame: bad },
  { type: "frame", frame: noJson },
  { type: "judged" },
  { type: "judged", refusal },
  { type: "paired" },
  { type: "paired", refusal },
  { type: "greeted" },
  { type: "deadline" },
  { type: "drain" },
  { type: "failed" },
  { type: "ended" },
];

describe("connection state", () => {
  test("[gateway:state-machine] connection state: every input is defined in every reachable state, and only judge, pair and greet lead to ready", () => {
    const open: ConnectionState = { at: "open" };
    const seen = new Map<string, ConnectionState>([[JSON.stringify([open, ""]), open]]);
    const queue: { state: ConnectionState; passed: string }[] = [{ state: open, passed: "" }];
    let steps = 0;
    while (queue.length > 0) {
      const { state, passed } = queue.shift()!;
      for (const input of inputs) {
        steps += 1;
        const { state: next, actions } = connectionStep(state, input);
        const verdict =
          input.type === "judged" || input.type === "paired" || input.type === "greeted"
            ? "refusal" in input && input.refusal
              ? ""
              : input.type
            : "";
        const path = next.at === state.at || verdict === "" ? passed : `${passed}>${verdict}`;
        // Nothing is dispatched before hello-ok, and hello-ok only follows both verdicts.
        if (actions.some((action) => action.do === "dispatch")) expect(state.at).toBe("ready");
        if (actions.some((action) => action.do === "greet")) expect(path).toBe(">judged>paired");
        if (next.at === "ready") expect(path).toBe(">judged>paired>greeted");
        // Whoever is closed by us is closed for good; whoever is answered before hello-ok is closed too.
        if (actions.some((action) => action.do === "close")) expect(next.at).toBe("closed");
        if (actions.some((action) => action.do === "answer") && state.at !== "ready" && state.at !== "draining")
          expect(next.at).toBe("closed");
        const key = JSON.stringify([next, path]);
        if (!seen.has(key)) {
          seen.set(key, next);
          queue.push({ state: next, passed: path });
        }
      }
    }
    expect([...new Set([...seen.values()].map(({ at }) => at))].sort()).toEqual([
      "admitted",
      "challenged",
      "closed",
      "draining",
      "open",
      "proven",
      "ready",
    ]);
    expect(steps).toBe(seen.size * inputs.length);
  });

  test("[gateway:first-frame] connection state: what is not JSON ends the handshake without a word, another request with an answer", () => {
    const challenged: ConnectionState = { at: "challenged" };
    expect(connectionStep(challenged, { type: "frame", frame: noJson }).actions).toEqual([
      { do: "close", code: 1000, reason: "" },
    ]);
    expect(connectionStep(challenged, { type: "frame", frame: bad }).actions).toEqual([
      { do: "close", code: 1008, reason: "invalid request frame" },
    ]);
    expect(connectionStep(challenged, { type: "frame", frame: { ok: true, value: health } }).actions).toMatchObject([
      {
        do: "answer",
        id: "h",
        error: { code: "INVALID_REQUEST", message: "invalid handshake: first request must be connect" },
      },
      { do: "close", code: 1008, reason: "invalid handshake: first request must be connect" },
    ]);
  });
});
