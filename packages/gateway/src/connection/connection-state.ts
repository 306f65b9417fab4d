import {
  CLOSE_CODES,
  type Decoded,
  type ErrorShape,
  errorShape,
  findMethod,
  type RequestFrame,
} from "@saltgate/protocol";
import { hangUp, type Refusal, refuse } from "./refusal.ts";

/**
 * The life of a connection: open → challenged → proven → admitted → ready → draining → closed.
 * `challenged` covers the wait for `connect` and the check of what it presents; `proven` the question to the
 * pairing store; `admitted` the writing of hello-ok.
 */
export type ConnectionState =
  | { readonly at: "open" }
  | {
      readonly at: "challenged" /** Id of the connect request while its credentials are checked. */;
      readonly connectId?: string;
    }
  | { readonly at: "proven"; readonly connectId: string }
  | { readonly at: "admitted"; readonly connectId: string }
  | { readonly at: "ready" }
  | { readonly at: "draining" }
  | { readonly at: "closed" };

/** What can happen to a connection. */
export type ConnectionInput =
  | { readonly type: "accepted" }
  | {
      readonly type: "frame";
      readonly frame: Decoded<RequestFrame> /** Why the params of a connect don't fit, if so. */;
      readonly paramsProblem?: string;
    }
  | { readonly type: "judged"; readonly refusal?: Refusal }
  | { readonly type: "paired"; readonly refusal?: Refusal }
  | { readonly type: "greeted" }
  | { readonly type: "deadline" }
  | { readonly type: "drain" }
  | { readonly type: "failed" }
  | { readonly type: "ended" };

/** What the shell does about it, in this order. */
export type ConnectionAction =
  | { readonly do: "challenge" }
  | { readonly do: "judge"; readonly frame: RequestFrame }
  | { readonly do: "pair" }
  | { readonly do: "greet"; readonly id: string }
  | { readonly do: "dispatch"; readonly frame: RequestFrame }
  | { readonly do: "answer"; readonly id: string; readonly error: ErrorShape }
  | { readonly do: "ignore" }
  | { readonly do: "close"; readonly code: number; readonly reason: string };

/** A state and what to do on the way into it. */
export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly actions: readonly ConnectionAction[];
}

const closed: ConnectionState = { at: "closed" };
const stay = (state: ConnectionState, ...actions: ConnectionAction[]): ConnectionStep => ({ state, actions });

function end(refusal: Refusal, id?: string): ConnectionStep {
  const close: ConnectionAction = { do: "close", code: refusal.closeCode, reason: refusal.closeReason };
  if (refusal.error === undefined || id === undefined) return stay(closed, close);
  return stay(closed, { do: "answer", id, error: refusal.error }, close);
}

const handshakeBroken = refuse("INVALID_HANDSHAKE", "invalid handshake: first request must be connect");
const silentEnd = hangUp(CLOSE_CODES.Normal.code, "");

/**
 * The next step of a connection. Pure: the socket, the clock and the stores stay with the caller, who performs the
 * actions in order. Every input is defined in every state; whatever is not expected ends the connection or does nothing.
 */
export function connectionStep(state: ConnectionState, input: ConnectionInput): ConnectionStep {
  if (state.at === "closed") return stay(state);
  switch (input.type) {
    case "ended":
      return stay(closed);
    case "failed":
      return end(silentEnd);
    case "drain":
      return state.at === "ready"
        ? stay({ at: "draining" })
        : end(hangUp(CLOSE_CODES.ServiceRestart.code, CLOSE_CODES.ServiceRestart.reason));
    case "deadline":
      return state.at === "ready" || state.at === "draining" ? stay(state) : end(silentEnd);
    case "accepted":
      return state.at === "open" ? stay({ at: "challenged" }, { do: "challenge" }) : stay(state);
    case "frame":
      return onFrame(state, input.frame, input.paramsProblem);
    case "judged":
      if (state.at !== "challenged" || state.connectId === undefined) return stay(state);
      if (input.refusal !== undefined) return end(input.refusal, state.connectId);
      return stay({ at: "proven", connectId: state.connectId }, { do: "pair" });
    case "paired":
      if (state.at !== "proven") return stay(state);
      if (input.refusal !== undefined) return end(input.refusal, state.connectId);
      return stay({ at: "admitted", connectId: state.connectId }, { do: "greet", id: state.connectId });
    case "greeted":
      return state.at === "admitted" ? stay({ at: "ready" }) : stay(state);
  }
}

function onFrame(
  state: Exclude<ConnectionState, { at: "closed" }>,
  frame: Decoded<RequestFrame>,
  paramsProblem: string | undefined,
): ConnectionStep {
  switch (state.at) {
    case "open":
      return end(silentEnd);
    case "challenged":
      return state.connectId === undefined
        ? onFirstFrame(frame, paramsProblem)
        : end(handshakeBroken, frame.ok ? frame.value.id : undefined);
    case "proven":
    case "admitted":
      // Whoever talks before hello-ok has not understood the handshake.
      return end(handshakeBroken, frame.ok ? frame.value.id : undefined);
    case "ready":
    case "draining":
      return onReadyFrame(state, frame);
  }
}

function onFirstFrame(frame: Decoded<RequestFrame>, paramsProblem: string | undefined): ConnectionStep {
  if (!frame.ok)
    return end(frame.problem === "not-json" ? silentEnd : hangUp(CLOSE_CODES.Policy.code, "invalid request frame"));
  const { id, method } = frame.value;
  if (method !== "connect") return end(handshakeBroken, id);
  if (paramsProblem !== undefined) return end(refuse("INVALID_PARAMS", `invalid connect params: ${paramsProblem}`), id);
  return stay({ at: "challenged", connectId: id }, { do: "judge", frame: frame.value });
}

function onReadyFrame(state: ConnectionState, frame: Decoded<RequestFrame>): ConnectionStep {
  if (!frame.ok) {
    if (frame.problem === "not-json") return stay(state, { do: "ignore" });
    return stay(state, { do: "answer", id: frame.id ?? "invalid", error: frame.error });
  }
  if (state.at === "draining" && findMethod(frame.value.method)?.concludes !== true) {
    const error = errorShape("RESTARTING", "the gateway is about to stop or restart", {
      details: { reason: "gateway-restarting" },
      retryAfterMs: 1_500,
    });
    return stay(state, { do: "answer", id: frame.value.id, error });
  }
  return stay(state, { do: "dispatch", frame: frame.value });
}
