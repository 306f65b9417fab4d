import { digestsEqual } from "@saltgate/identity";
import { isScope, missingScopes, normalizeScopes } from "@saltgate/protocol";
import { forbiddenWithout } from "../authority.ts";
import { own, without } from "../rows.ts";
import type { Transition } from "../transition.ts";
import type {
  CompleteInviteEvent,
  CreateInviteEvent,
  DeviceInviteEvent,
  DeviceInviteOutcomes,
  InviteRefused,
  RedeemInviteEvent,
  RevokeInviteEvent,
} from "./events.ts";
import { type DeviceInviteLimits, defaultDeviceInviteLimits, maxInviteTtlMs } from "./limits.ts";
import { type DeviceInvite, type DeviceInvitesState, inviteStatus } from "./records.ts";

type Step<Type extends keyof DeviceInviteOutcomes> = Transition<DeviceInvitesState, DeviceInviteOutcomes[Type]>;

/**
 * Setup codes, whole: made by an admin, good for one key, one role and what it names, for ten minutes (rule R-28). Pure;
 * the state that comes back is the same object when nothing changed.
 */
export function deviceInvites<Event extends DeviceInviteEvent>(
  state: DeviceInvitesState,
  event: Event,
  nowMs: number,
  limits: DeviceInviteLimits = defaultDeviceInviteLimits,
): Transition<DeviceInvitesState, DeviceInviteOutcomes[Event["type"]]> {
  const current = without(state, forgotten(state, nowMs, limits));
  const transition = step(current, event, nowMs, limits);
  return transition as Transition<DeviceInvitesState, DeviceInviteOutcomes[Event["type"]]>;
}

function step(
  state: DeviceInvitesState,
  event: DeviceInviteEvent,
  nowMs: number,
  limits: DeviceInviteLimits,
): Step<keyof DeviceInviteOutcomes> {
  switch (event.type) {
    case "create":
      return create(state, event, nowMs, limits);
    case "redeem":
      return redeem(state, event, nowMs);
    case "complete":
      return complete(state, event, nowMs);
    case "revoke":
      return revoke(state, event);
    default:
      return event satisfies never;
  }
}

function create(
  state: DeviceInvitesState,
  event: CreateInviteEvent,
  nowMs: number,
  limits: DeviceInviteLimits,
): Step<"create"> {
  const scopes = normalizeScopes(event.scopes);
  // Whoever holds admin holds every scope; one that this gateway doesn't know is nobody's to give.
  const forbidden = forbiddenWithout(event.caller, ["operator.admin"]);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  if (!scopes.every(isScope)) return refuse(state, "unknown-scope");
  if (event.role === "node" && scopes.length > 0) return refuse(state, "scopes");
  const open = Object.values(state).filter((invite) => isLive(invite, nowMs));
  if (open.length >= limits.maxOpen) return refuse(state, "too-many");
  const invite: DeviceInvite = {
    inviteId: event.inviteId,
    code: event.code,
    role: event.role,
    scopes,
    ...(event.label !== undefined && { label: event.label }),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + Math.min(limits.ttlMs, maxInviteTtlMs),
  };
  return { state: { ...state, [invite.inviteId]: invite }, outcome: { type: "created", invite } };
}

function redeem(state: DeviceInvitesState, event: RedeemInviteEvent, nowMs: number): Step<"redeem"> {
  // Every code is compared, and each in constant time: how long it takes tells nothing about any of them (rule R-46).
  const invite = Object.values(state).reduce<DeviceInvite | undefined>(
    (found, one) => (digestsEqual(one.code, event.code) ? one : found),
    undefined,
  );
  if (invite === undefined) return refuse(state, "unknown");
  const status = inviteStatus(invite, nowMs);
  if (status === "completed" || status === "expired") return refuse(state, status);
  const { boundTo } = invite;
  const isSameKey = boundTo?.deviceId === event.deviceId && boundTo.publicKey === event.publicKey;
  if (boundTo !== undefined && !isSameKey) return refuse(state, "used");
  if (event.role !== invite.role) return refuse(state, "role");
  const requested = normalizeScopes(event.requestedScopes ?? []).filter(isScope);
  if (missingScopes(invite.scopes, requested).length > 0) return refuse(state, "scopes");
  // Naming only scopes that this gateway doesn't know isn't naming none: it gets nothing, and not everything.
  const named = (event.requestedScopes ?? []).length > 0;
  const { inviteId, role } = invite;
  const scopes = named && role === "operator" ? requested : invite.scopes;
  const outcome = { type: "redeemed", inviteId, role, scopes, isFirst: boundTo === undefined } as const;
  if (boundTo !== undefined) return { state, outcome };
  const { deviceId, publicKey } = event;
  return { state: { ...state, [inviteId]: { ...invite, boundTo: { deviceId, publicKey, atMs: nowMs } } }, outcome };
}

function complete(state: DeviceInvitesState, event: CompleteInviteEvent, nowMs: number): Step<"complete"> {
  const { inviteId, deviceId, displayName } = event;
  const invite = own(state, inviteId);
  if (invite === undefined) return refuse(state, "unknown");
  const outcome = { type: "completed", inviteId } as const;
  if (invite.completed?.deviceId === deviceId) return { state, outcome };
  // It grants nothing any more: a device that used the code in time and was paired a moment after its end is told of too.
  if (invite.completed !== undefined || invite.boundTo?.deviceId !== deviceId) return refuse(state, "used");
  const completed = { deviceId, ...(displayName !== undefined && { displayName }), atMs: nowMs };
  return { state: { ...state, [inviteId]: { ...invite, completed } }, outcome };
}

function revoke(state: DeviceInvitesState, { inviteId, caller }: RevokeInviteEvent): Step<"revoke"> {
  const forbidden = forbiddenWithout(caller, ["operator.admin"]);
  if (forbidden !== undefined) return { state, outcome: forbidden };
  if (own(state, inviteId) === undefined) return refuse(state, "unknown");
  return { state: without(state, [inviteId]), outcome: { type: "revoked", inviteId } };
}

function refuse(
  state: DeviceInvitesState,
  reason: InviteRefused["reason"],
): Transition<DeviceInvitesState, InviteRefused> {
  return { state, outcome: { type: "refused", reason } };
}

function isLive(invite: DeviceInvite, nowMs: number): boolean {
  return invite.completed === undefined && nowMs < invite.expiresAtMs;
}

/** The ids of those that nobody can ask about any more. */
function forgotten(state: DeviceInvitesState, nowMs: number, limits: DeviceInviteLimits): string[] {
  const endOf = (invite: DeviceInvite): number => invite.completed?.atMs ?? invite.expiresAtMs;
  const over = Object.values(state)
    .filter((invite) => !isLive(invite, nowMs))
    .sort((left, right) => endOf(right) - endOf(left));
  return over
    .filter((invite, at) => at >= limits.maxKept || nowMs - endOf(invite) > limits.keepMs)
    .map(({ inviteId }) => inviteId);
}
