import { missingScopes, normalizeScopes } from "@saltgate/protocol";
import { forbiddenOn, forbiddenWithout } from "../authority.ts";
import { withoutClaims } from "../node-claims.ts";
import { own, without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type {
  DevicePairingOutcomes,
  RemoveEvent,
  RenameEvent,
  RevokeEvent,
  RotateEvent,
  TouchEvent,
} from "./events.ts";
import type { DevicePairingState, DeviceToken, PairedDevice } from "./records.ts";
import { usableScopes } from "./tokens.ts";

type Change<Type extends keyof DevicePairingOutcomes> = Transition<DevicePairingState, DevicePairingOutcomes[Type]>;

/**
 * Has a device exchange its token the next time it connects. The old one stays good for coming back until the new one is
 * used. Never touches what the device is approved for (rule R-11). A revoked role opens again, which is an admin's to
 * decide, and its old token stays dead.
 */
export function rotateToken(state: DevicePairingState, event: RotateEvent, nowMs: number): Change<"rotate"> {
  const forbidden = forbiddenOn(event.deviceId, event.caller);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const device = own(state.paired, event.deviceId);
  const token = device && own(device.tokens, event.role);
  if (device === undefined || token === undefined || !device.roles.includes(event.role)) {
    return { state, outcome: { type: "unknown-device" } };
  }
  const scopes = event.scopes === undefined ? usableScopes(device, token) : normalizeScopes(event.scopes);
  const approved = event.role === "operator" ? device.scopes : [];
  const excess = missingScopes(approved, scopes);
  if (excess.length > 0) return { state, outcome: { type: "forbidden", reason: "exceeds-approved", scopes: excess } };
  const isReopened = token.revokedAtMs !== undefined;
  const needed = isReopened ? ["operator.admin", ...approved] : scopes;
  const refused = forbiddenWithout(event.caller, needed);
  if (refused !== undefined) return { state, outcome: refused };
  // A reopened role has no token until its device comes back: what was revoked never counts again.
  const tokens = isReopened
    ? without(device.tokens, [event.role])
    : { ...device.tokens, [event.role]: { ...token, scopes, rotationPending: true } };
  return {
    state: withDevice(state, { ...device, tokens }),
    outcome: {
      type: "rotated",
      deviceId: event.deviceId,
      role: event.role,
      scopes: isReopened ? normalizeScopes(approved) : scopes,
      rotatedAtMs: nowMs,
      closeSockets: [{ deviceId: event.deviceId, role: event.role }],
    },
  };
}

/** Closes a role of a device until its owner approves it anew, or an admin rotates (rule R-14). */
export function revokeRole(state: DevicePairingState, event: RevokeEvent, nowMs: number): Change<"revoke"> {
  const forbidden = forbiddenOn(event.deviceId, event.caller);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const device = own(state.paired, event.deviceId);
  if (device === undefined || !device.roles.includes(event.role)) {
    return { state, outcome: { type: "unknown-device" } };
  }
  const token = own(device.tokens, event.role);
  const outcome = {
    type: "revoked",
    deviceId: event.deviceId,
    role: event.role,
    revokedAtMs: token?.revokedAtMs ?? nowMs,
    closeSockets: [{ deviceId: event.deviceId, role: event.role }],
  } as const;
  if (token?.revokedAtMs !== undefined) return { state, outcome };
  // A role that never had a token has nothing to mark as revoked: the approval itself is taken back.
  const changed: PairedDevice =
    token === undefined
      ? withoutRole(device, event.role)
      : { ...device, tokens: { ...device.tokens, [event.role]: revokedToken(token, nowMs) } };
  return { state: withDevice(state, changed), outcome };
}

/** Forgets a device and what it waits for. It is a stranger from then on: its next connect is a first pairing. */
export function removeDevice(state: DevicePairingState, event: RemoveEvent): Change<"remove"> {
  const forbidden = forbiddenOn(event.deviceId, event.caller);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  if (own(state.paired, event.deviceId) === undefined) return { state, outcome: { type: "unknown-device" } };
  const waiting = Object.values(state.pending).filter(({ deviceId }) => deviceId === event.deviceId);
  return {
    state: {
      pending: without(
        state.pending,
        waiting.map(({ requestId }) => requestId),
      ),
      paired: without(state.paired, [event.deviceId]),
    },
    outcome: { type: "removed", deviceId: event.deviceId, closeSockets: [{ deviceId: event.deviceId }] },
  };
}

export function renameDevice(state: DevicePairingState, event: RenameEvent): Change<"rename"> {
  const forbidden = forbiddenOn(event.deviceId, event.caller);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const device = own(state.paired, event.deviceId);
  if (device === undefined) return { state, outcome: { type: "unknown-device" } };
  const { deviceId, displayName } = event;
  return {
    state: device.displayName === displayName ? state : withDevice(state, { ...device, displayName }),
    outcome: { type: "renamed", deviceId, displayName, closeSockets: [] },
  };
}

export function touchTokens(state: DevicePairingState, event: TouchEvent): Change<"touch"> {
  const touched = event.uses.reduce((current, { deviceId, role, atMs }) => {
    const device = own(current.paired, deviceId);
    const token = device && own(device.tokens, role);
    if (device === undefined || token === undefined || (token.lastUsedAtMs ?? -1) >= atMs) return current;
    return withDevice(current, {
      ...device,
      tokens: { ...device.tokens, [role]: { ...token, lastUsedAtMs: atMs } },
    });
  }, state);
  return { state: touched, outcome: { type: "touched" } };
}

function withoutRole(device: PairedDevice, closed: string): PairedDevice {
  const roles = device.roles.filter((role) => role !== closed);
  if (closed !== "node") return { ...device, roles };
  const { nodeApprovedAtMs: _, ...rest } = withoutClaims(device);
  return { ...rest, roles };
}

function revokedToken(token: DeviceToken, revokedAtMs: number): DeviceToken {
  const { next: _, rotationPending: __, ...rest } = token;
  return { ...rest, revokedAtMs };
}

function withDevice(state: DevicePairingState, device: PairedDevice): DevicePairingState {
  return { ...state, paired: { ...state.paired, [device.deviceId]: device } };
}
