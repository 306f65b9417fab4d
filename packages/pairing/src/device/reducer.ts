import { without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import { admitDevice } from "./admission.ts";
import { approveDevice, rejectDevice } from "./approval.ts";
import { removeDevice, renameDevice, revokeRole, rotateToken, touchTokens } from "./changes.ts";
import type { DevicePairingEvent, DevicePairingOutcomes } from "./events.ts";
import { type DevicePairingLimits, defaultDevicePairingLimits } from "./limits.ts";
import type { DevicePairingState } from "./records.ts";

/** Nothing waits, nobody is paired. */
export const emptyDevicePairing: DevicePairingState = { pending: {}, paired: {} };

/**
 * Device pairing, whole: who may enter, who waits, and what changes that. Pure: ids and digests of fresh secrets come in
 * with the event, time as an argument, and what has to be done about it goes out as the outcome. The state that comes
 * back is the same object when nothing changed. Rules.
 */
export function devicePairing<Event extends DevicePairingEvent>(
  state: DevicePairingState,
  event: Event,
  nowMs: number,
  limits: DevicePairingLimits = defaultDevicePairingLimits,
): Transition<DevicePairingState, DevicePairingOutcomes[Event["type"]]> {
  const expired = Object.values(state.pending)
    .filter(({ ts, approval }) => approval === undefined && nowMs - ts > limits.pendingTtlMs)
    .map(({ requestId }) => requestId);
  const current = expired.length === 0 ? state : { ...state, pending: without(state.pending, expired) };
  const transition = step(current, event, nowMs, limits, expired);
  return transition as Transition<DevicePairingState, DevicePairingOutcomes[Event["type"]]>;
}

function step(
  state: DevicePairingState,
  event: DevicePairingEvent,
  nowMs: number,
  limits: DevicePairingLimits,
  expired: readonly string[],
): Transition<DevicePairingState, DevicePairingOutcomes[keyof DevicePairingOutcomes]> {
  switch (event.type) {
    case "admit":
      return admitDevice(state, event, nowMs, limits);
    case "approve":
      return approveDevice(state, event, nowMs);
    case "reject":
      return rejectDevice(state, event);
    case "expire":
      return { state, outcome: { type: "expired", requestIds: expired } };
    case "rotate":
      return rotateToken(state, event, nowMs);
    case "revoke":
      return revokeRole(state, event, nowMs);
    case "remove":
      return removeDevice(state, event);
    case "rename":
      return renameDevice(state, event);
    case "touch":
      return touchTokens(state, event);
    default:
      return event satisfies never;
  }
}
