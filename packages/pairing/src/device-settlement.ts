import { deviceAfterApproval } from "./device-approval.ts";
import { type DevicePairingState, own, type PairedDevices, without } from "./device-records.ts";

// An approval changes two files. The one write that decides it marks the request as approved in `pending.json`; approve
// and reject of two processes meet there, and one of them finds that the other was first. After that the device is put
// into `paired.json`, and then the request goes. Whoever finds a mark (a crash came between) does what is left to do.

/** The devices with every marked approval carried out; the same object when all of them were. */
export function settledPaired(state: DevicePairingState): PairedDevices {
  let paired = state.paired;
  for (const request of Object.values(state.pending)) {
    const known = own(paired, request.deviceId);
    const { approval } = request;
    if (approval === undefined || known?.approvedRequestId === request.requestId) continue;
    const device = deviceAfterApproval(known, request, approval.scopes, approval.atMs);
    paired = { ...paired, [device.deviceId]: device };
  }
  return paired;
}

/** What the two files mean together: approved devices are paired, and their requests are gone. */
export function settled(state: DevicePairingState): DevicePairingState {
  const marked = Object.values(state.pending).filter(({ approval }) => approval !== undefined);
  if (marked.length === 0) return state;
  return {
    paired: settledPaired(state),
    pending: without(
      state.pending,
      marked.map(({ requestId }) => requestId),
    ),
  };
}
