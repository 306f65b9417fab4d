import { isScope, missingScopes, normalizeScopes } from "@saltgate/protocol";
import { forbiddenWithout } from "../authority.ts";
import { withoutClaims, withoutNodeFacts } from "../node-claims.ts";
import { own, without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type { ApproveEvent, DevicePairingOutcomes, RejectEvent, SocketTarget } from "./events.ts";
import {
  type DevicePairingState,
  type DeviceToken,
  liveRoles,
  type PairedDevice,
  type PendingDevice,
} from "./records.ts";

/**
 * Lets a waiting device in. The one approval of every surface: the approver must hold every scope that the device ends up
 * with, inherited ones included, and admin when it ends up with any role but operator (rule R-12). No token is minted here.
 */
export function approveDevice(
  state: DevicePairingState,
  event: ApproveEvent,
  nowMs: number,
): Transition<DevicePairingState, DevicePairingOutcomes["approve"]> {
  const request = own(state.pending, event.requestId);
  if (request === undefined) return { state, outcome: { type: "unknown-request" } };
  const requested = request.scopes.filter(isScope);
  const grant = normalizeScopes(event.grantScopes ?? requested);
  const namedNone = request.scopes.length === 0 && request.roles.includes("operator");
  const excess = namedNone ? [] : missingScopes(requested, grant);
  if (excess.length > 0) return { state, outcome: { type: "forbidden", reason: "exceeds-request", scopes: excess } };
  const device = deviceAfterApproval(own(state.paired, request.deviceId), request, grant, nowMs);
  const needed = device.roles.some((role) => role !== "operator") ? ["operator.admin"] : [];
  const forbidden = forbiddenWithout(event.caller, ["operator.pairing", ...needed, ...device.scopes]);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const isReplaced = own(state.paired, request.deviceId)?.publicKey !== device.publicKey;
  return {
    state: {
      pending: without(state.pending, [request.requestId]),
      paired: { ...state.paired, [device.deviceId]: device },
    },
    outcome: {
      type: "approved",
      requestId: request.requestId,
      deviceId: device.deviceId,
      device,
      grantedScopes: grant,
      closeSockets: isReplaced && request.isRepair ? [{ deviceId: device.deviceId }] : [],
    },
  };
}

/**
 * A device's row once a request of it is approved: what it had and what it asked for, together. A row of another key
 * passes nothing on. A role that was revoked opens again, unless it was revoked after the approval.
 */
export function deviceAfterApproval(
  known: PairedDevice | undefined,
  request: PendingDevice,
  grant: readonly string[],
  atMs: number,
): PairedDevice {
  const existing = known?.publicKey === request.publicKey ? known : undefined;
  const { requestId, approval: _, silent: __, isRepair: ___, ts: ____, ...described } = request;
  const before = existing === undefined ? [] : liveRoles(existing);
  // Opening the operator role again grants what this approval names, not what the role had before it was closed.
  const isReopened = request.roles.includes("operator") && !before.includes("operator");
  const inherited = isReopened ? [] : (existing?.scopes ?? []);
  const laterRevoked = Object.values(existing?.tokens ?? {}).filter(({ revokedAtMs }) => (revokedAtMs ?? 0) > atMs);
  const asked = request.roles.filter((role) => !laterRevoked.some((token) => token.role === role));
  const roles = [...new Set([...before, ...asked])];
  const tokens = Object.entries(existing?.tokens ?? {})
    .filter(([role, token]) => token.revokedAtMs === undefined || !asked.includes(role))
    .map(([role, token]): [string, DeviceToken] =>
      role === "operator" && token.revokedAtMs === undefined
        ? [role, { ...token, scopes: normalizeScopes([...token.scopes, ...grant]) }]
        : [role, token],
    );
  // What a node may be asked to do is pinned by what its owner saw in a request of the node role, and by nothing else.
  const isNode = request.roles.includes("node");
  const isPinned = existing?.nodeApprovedAtMs !== undefined;
  return {
    ...(isNode && existing !== undefined ? withoutNodeFacts(existing) : existing),
    ...(isNode ? described : isPinned ? withoutNodeFacts(described) : withoutClaims(described)),
    ...(isNode && { nodeApprovedAtMs: atMs }),
    ...(existing?.displayName === undefined ? {} : { displayName: existing.displayName }),
    role: roles[0] ?? request.role,
    roles: [...new Set([...roles, ...laterRevoked.map(({ role }) => role)])],
    scopes: normalizeScopes([...inherited, ...grant]),
    tokens: Object.fromEntries(tokens),
    createdAtMs: existing?.createdAtMs ?? atMs,
    approvedAtMs: atMs,
    approvedRequestId: requestId,
  };
}

/** Turns a waiting device away. If it is paired and asked for more, its connections of those roles end (rule R-16). */
export function rejectDevice(
  state: DevicePairingState,
  event: RejectEvent,
): Transition<DevicePairingState, DevicePairingOutcomes["reject"]> {
  const forbidden = forbiddenWithout(event.caller, ["operator.pairing"]);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  const request = own(state.pending, event.requestId);
  if (request === undefined) return { state, outcome: { type: "unknown-request" } };
  const { deviceId, requestId } = request;
  const closeSockets: SocketTarget[] =
    own(state.paired, deviceId) === undefined ? [] : request.roles.map((role) => ({ deviceId, role }));
  return {
    state: { ...state, pending: without(state.pending, [requestId]) },
    outcome: { type: "rejected", requestId, deviceId, closeSockets },
  };
}
