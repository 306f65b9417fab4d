import type { Bus } from "@saltgate/bus";
import { type PairingNotice, pendingSummary } from "@saltgate/pairing";
import { createEventPublisher } from "./events/event-hub.ts";

/** The bus subject on which the end of a device's connections is ordered. */
export const CLOSE_DEVICE_SUBJECT = "gateway.close-device";

/** Which connections of a device end. */
export interface CloseDeviceMessage {
  readonly deviceId: string;
  readonly role?: string;
}

/**
 * Tells everybody on the bus what the pairing store has changed: operators get events, and connections whose ground
 * is gone end before whoever ordered it gets his answer (rule R-16). Pass it to `DevicePairing.open` as `listener`.
 */
export function createPairingListener(bus: Bus): (notice: PairingNotice) => void {
  const events = createEventPublisher(bus);
  return (notice) => {
    switch (notice.type) {
      case "requested": {
        const { roles, scopes, caps, commands, ...row } = pendingSummary(notice.request);
        events.publish("device.pair.requested", {
          ...row,
          roles: [...roles],
          scopes: [...scopes],
          ...(caps && { caps: [...caps] }),
          ...(commands && { commands: [...commands] }),
        });
        return;
      }
      case "resolved": {
        const { requestId, deviceId, decision, atMs } = notice;
        events.publish("device.pair.resolved", { requestId, deviceId, decision, ts: atMs });
        return;
      }
      case "close-sockets": {
        const { deviceId, role } = notice;
        const message: CloseDeviceMessage = { deviceId, ...(role !== undefined && { role }) };
        bus.publish(CLOSE_DEVICE_SUBJECT, message);
        return;
      }
    }
  };
}

/** The bus subject on which it is told that something else was approved for a node. */
export const NODE_SURFACE_SUBJECT = "gateway.node-surface";

/** For which node. */
export interface NodeSurfaceMessage {
  readonly nodeId: string;
}
