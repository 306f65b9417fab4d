import type { ApprovalRules } from "../pairing-state.ts";
import { own } from "../rows.ts";
import { deviceAfterApproval } from "./approval.ts";
import type { DevicePairingOutcomes } from "./events.ts";
import type { PairedDevice, PendingDevice } from "./records.ts";

/** What approving a device's request means for the two files. */
export const deviceApprovals: ApprovalRules<
  PendingDevice,
  PairedDevice,
  DevicePairingOutcomes[keyof DevicePairingOutcomes]
> = {
  carryOut(paired, request) {
    const known = own(paired, request.deviceId);
    const { approval } = request;
    if (approval === undefined || known?.approvedRequestId === request.requestId) return paired;
    const device = deviceAfterApproval(known, request, approval.scopes, approval.atMs);
    return { ...paired, [device.deviceId]: device };
  },
  markOf(outcome) {
    if (outcome.type !== "approved") return undefined;
    const approval = { scopes: outcome.grantedScopes, atMs: outcome.device.approvedAtMs };
    return { requestId: outcome.requestId, approval };
  },
};
