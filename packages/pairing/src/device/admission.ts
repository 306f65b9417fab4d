import { intersectScopes, isScope, missingScopes, normalizeScopes } from "@saltgate/protocol";
import { isSameNode, isSameSet, nodeFactsOf, withoutClaims, withoutNodeFacts } from "../node-claims.ts";
import { given, own, without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type { AdmitEvent, Admitted, DevicePairingOutcomes, PairingRequired } from "./events.ts";
import type { DevicePairingLimits } from "./limits.ts";
import {
  type DeviceMetadata,
  type DevicePairingState,
  liveRoles,
  nodeApprovalOf,
  type PairedDevice,
  type PendingDevice,
} from "./records.ts";
import { checkDeviceToken, tokenAfterAdmission, usableScopes } from "./tokens.ts";

type Admission = Transition<DevicePairingState, DevicePairingOutcomes["admit"]>;

/** Decides about a device that has proven its key. `state.pending` holds no expired rows. */
export function admitDevice(
  state: DevicePairingState,
  event: AdmitEvent,
  nowMs: number,
  limits: DevicePairingLimits,
): Admission {
  const row = own(state.paired, event.deviceId);
  const device = row?.publicKey === event.publicKey ? row : undefined;
  const check = checkDeviceToken(device, event.role, event.presented, nowMs);
  // Nothing is written for whoever holds neither the gateway's secret nor its own token (10.G, "order on connect").
  if (!event.isProven && !check.ok) return { state, outcome: { type: "refused", reason: check.reason } };

  const asked = askedScopes(event);
  if (device === undefined) {
    const isWithinDefaults = missingScopes(event.defaultScopes, asked ?? []).length === 0;
    if (event.isSilentEligible && row === undefined && isWithinDefaults) {
      return pairSilently(state, event, asked ?? event.defaultScopes, nowMs, limits);
    }
    return requirePairing(state, event, "not-paired", [event.role], asked ?? [], nowMs, limits);
  }
  const roles = liveRoles(device).includes(event.role) ? [] : [event.role];
  // What a closed role was approved for ended with it: its owner must see everything that opening it again gives.
  const scopes = missingScopes(roles.length > 0 ? [] : device.scopes, asked ?? []);
  if (roles.length > 0 || scopes.length > 0) {
    const reason = roles.length > 0 ? "role-upgrade" : "scope-upgrade";
    return requirePairing(state, event, reason, roles, scopes, nowMs, limits);
  }
  const approved = event.role === "operator" ? device.scopes : [];
  const ceiling = event.isProven ? approved : check.ok ? check.scopes : [];
  if (missingScopes(ceiling, asked ?? []).length > 0) {
    return { state, outcome: { type: "refused", reason: "token-scope-mismatch" } };
  }
  const granted = asked === undefined ? normalizeScopes(ceiling) : intersectScopes(asked, ceiling);
  return admit(state, device, event, check.ok ? check.used : undefined, granted, false, nowMs, limits);
}

/**
 * The known scopes that a device asks for, or `undefined` when it named none at all. A scope that this gateway doesn't
 * know is never granted and never asked of the owner: a newer client still gets in. The node role has no scopes.
 */
function askedScopes(event: AdmitEvent): string[] | undefined {
  if (event.role !== "operator") return [];
  if (event.requestedScopes === undefined || event.requestedScopes.length === 0) return undefined;
  return normalizeScopes(event.requestedScopes).filter(isScope);
}

function pairSilently(
  state: DevicePairingState,
  event: AdmitEvent,
  scopes: readonly string[],
  nowMs: number,
  limits: DevicePairingLimits,
): Admission {
  const approved = event.role === "operator" ? normalizeScopes(scopes) : [];
  const isNode = event.role === "node";
  const device: PairedDevice = {
    ...(isNode ? event.metadata : withoutClaims(event.metadata)),
    deviceId: event.deviceId,
    publicKey: event.publicKey,
    role: event.role,
    roles: [event.role],
    scopes: approved,
    tokens: {},
    createdAtMs: nowMs,
    approvedAtMs: nowMs,
    ...(isNode && { nodeApprovedAtMs: nowMs }),
  };
  const waiting = requestsOf(state, event.deviceId).map(({ requestId }) => requestId);
  const next = { ...state, pending: without(state.pending, waiting) };
  return admit(next, device, event, undefined, approved, true, nowMs, limits);
}

function admit(
  state: DevicePairingState,
  device: PairedDevice,
  event: AdmitEvent,
  used: "current" | "next" | undefined,
  scopes: readonly string[],
  isFirstPairing: boolean,
  nowMs: number,
  limits: DevicePairingLimits,
): Admission {
  const { token, isIssued } = tokenAfterAdmission(device, event.role, used, event.freshToken, nowMs, limits);
  const outcome: Admitted = {
    type: "admitted",
    role: event.role,
    scopes,
    isFirstPairing,
    isTokenIssued: isIssued,
    token: {
      scopes: usableScopes(device, token),
      issuedAtMs: isIssued ? nowMs : (token.rotatedAtMs ?? token.createdAtMs),
    },
    isTokenUsed: used !== undefined,
    ...(event.role === "node" && given({ nodeApproval: nodeApprovalOf(device) })),
  };
  if (token === own(device.tokens, event.role)) return { state, outcome };
  const changed = { ...device, tokens: { ...device.tokens, [event.role]: token } };
  return { state: { ...state, paired: { ...state.paired, [event.deviceId]: changed } }, outcome };
}

function requirePairing(
  state: DevicePairingState,
  event: AdmitEvent,
  reason: PairingRequired["reason"],
  missingRoles: readonly string[],
  missing: readonly string[],
  nowMs: number,
  limits: DevicePairingLimits,
): Admission {
  const waiting = requestsOf(state, event.deviceId);
  // What the device's other role asks for stays in the request: an app that connects in two roles gets one row.
  const others = waiting
    .filter((row) => row.publicKey === event.publicKey)
    .flatMap(({ roles }) => roles)
    .filter((role) => role !== event.role);
  const roles = ["operator", "node"].filter((role) => role === event.role || others.includes(role));
  const scopes = event.role === "operator" ? missing : others.includes("operator") ? (waiting[0]?.scopes ?? []) : [];
  const answer = (request: PendingDevice, change: PairingRequired["change"], next: DevicePairingState): Admission => ({
    state: next,
    outcome: { type: "pairing-required", reason, request, change, missing: { roles: missingRoles, scopes: missing } },
  });
  const metadata = describedIn(event, roles, waiting);
  const same = waiting.find((row) => isSameRequest(row, event.publicKey, roles, scopes, metadata));
  if (same !== undefined) return answer(same, "unchanged", state);
  if (waiting.length === 0) {
    const rows = Object.values(state.pending);
    if (rows.length >= limits.maxPending) return { state, outcome: { type: "refused", reason: "pending-full" } };
    const fromThere = rows.filter(({ remoteIp }) => remoteIp === event.metadata.remoteIp);
    if (fromThere.length >= limits.maxPendingPerAddress) {
      return { state, outcome: { type: "refused", reason: "pending-full-for-address" } };
    }
  }
  // A request never grows under its owner's eyes: asking for something else makes another request with another id.
  const request: PendingDevice = {
    ...metadata,
    requestId: event.requestId,
    deviceId: event.deviceId,
    publicKey: event.publicKey,
    role: roles[0] ?? event.role,
    roles,
    scopes: [...scopes],
    silent: false,
    isRepair: own(state.paired, event.deviceId) !== undefined,
    ts: nowMs,
  };
  const rest = without(
    state.pending,
    waiting.map(({ requestId }) => requestId),
  );
  return answer(request, waiting.length === 0 ? "created" : "superseded", {
    ...state,
    pending: { ...rest, [request.requestId]: request },
  });
}

function requestsOf(state: DevicePairingState, deviceId: string): PendingDevice[] {
  return Object.values(state.pending).filter((row) => row.deviceId === deviceId);
}

/**
 * What a request tells its owner about the device. Claims are told of a node only, and only the node role changes what
 * is told of it: the other role of the same app leaves it as it was.
 */
function describedIn(event: AdmitEvent, roles: readonly string[], waiting: readonly PendingDevice[]): DeviceMetadata {
  if (event.role === "node") return event.metadata;
  if (!roles.includes("node")) return withoutClaims(event.metadata);
  const known = waiting.find(({ publicKey }) => publicKey === event.publicKey);
  return { ...withoutNodeFacts(event.metadata), ...nodeFactsOf(known ?? {}) };
}

function isSameRequest(
  row: PendingDevice,
  publicKey: string,
  roles: readonly string[],
  scopes: readonly string[],
  metadata: DeviceMetadata,
): boolean {
  return (
    row.publicKey === publicKey &&
    isSameSet(row.roles, roles) &&
    isSameSet(row.scopes, scopes) &&
    (!roles.includes("node") || isSameNode(row, metadata)) &&
    row.silent === false
  );
}
