import { own } from "../rows.ts";
import type { DevicePairingOutcomes, SocketTarget } from "./events.ts";
import type { DevicePairingState, PendingDevice } from "./records.ts";

/** What others have to hear about. Holds no secret. */
export type PairingNotice =
  | { readonly type: "requested"; readonly request: PendingDevice }
  | {
      readonly type: "resolved";
      readonly requestId: string;
      readonly deviceId: string;
      readonly decision: "approved" | "rejected";
      readonly atMs: number;
    }
  /** End these live connections now: the answer to whoever ordered it waits for that (rule R-16). */
  | ({ readonly type: "close-sockets" } & SocketTarget);

/** What an outcome has to tell others. `first` names a first pairing that nobody had to approve. */
export function noticesOf(
  outcome: DevicePairingOutcomes[keyof DevicePairingOutcomes],
  first: { readonly requestId: string; readonly deviceId: string } | undefined,
  atMs: number,
): PairingNotice[] {
  switch (outcome.type) {
    case "admitted":
      return outcome.isFirstPairing && first !== undefined
        ? [{ type: "resolved", requestId: first.requestId, deviceId: first.deviceId, decision: "approved", atMs }]
        : [];
    case "pairing-required":
      return outcome.change === "unchanged" ? [] : [{ type: "requested", request: outcome.request }];
    case "approved":
    case "rejected": {
      const { requestId, deviceId, type: decision } = outcome;
      return [...closing(outcome.closeSockets), { type: "resolved", requestId, deviceId, decision, atMs }];
    }
    case "rotated":
    case "revoked":
    case "removed":
    case "renamed":
      return closing(outcome.closeSockets);
    default:
      return [];
  }
}

/**
 * What changed between two states that somebody else wrote, such as the command line on the same files: connections that
 * have lost their ground, and requests that were approved.
 */
export function noticesBetween(before: DevicePairingState, after: DevicePairingState, atMs: number): PairingNotice[] {
  const notices: PairingNotice[] = [];
  for (const device of Object.values(before.paired)) {
    const { deviceId } = device;
    const now = own(after.paired, deviceId);
    const hasLostScopes = device.scopes.some((scope) => now?.scopes.includes(scope) !== true);
    if (now === undefined || now.publicKey !== device.publicKey || hasLostScopes) {
      notices.push({ type: "close-sockets", deviceId });
      continue;
    }
    for (const role of device.roles) {
      const [old, current] = [own(device.tokens, role), own(now.tokens, role)];
      const isClosed =
        !now.roles.includes(role) || (current?.revokedAtMs !== undefined && old?.revokedAtMs === undefined);
      const isRotated = current?.rotationPending === true && old?.rotationPending !== true;
      const isGone = old !== undefined && current === undefined;
      if (isClosed || isRotated || isGone) notices.push({ type: "close-sockets", deviceId, role });
    }
  }
  for (const { requestId, deviceId } of Object.values(before.pending)) {
    const isApproved = own(after.paired, deviceId)?.approvedRequestId === requestId;
    if (isApproved && own(after.pending, requestId) === undefined) {
      notices.push({ type: "resolved", requestId, deviceId, decision: "approved", atMs });
    }
  }
  return notices;
}

function closing(targets: readonly SocketTarget[]): PairingNotice[] {
  return targets.map((target) => ({ type: "close-sockets", ...target }));
}
