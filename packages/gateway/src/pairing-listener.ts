import type { Bus } from "@saltgate/bus";
import { type NodeNotice, type PairingNotice, pendingSummary } from "@saltgate/pairing";
import { createEventPublisher } from "./events/event-hub.ts";
import { pendingNode } from "./methods/node-pairing.ts";

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

/** The same for approvals of nodes: a node that is connected may be asked for what was approved at once. */
export function createNodePairingListener(bus: Bus): (notice: NodeNotice) => void {
  const events = createEventPublisher(bus);
  return (notice) => {
    switch (notice.type) {
      case "node-requested":
        events.publish("node.pair.requested", pendingNode(notice.request));
        return;
      case "node-resolved": {
        const { requestId, nodeId, decision, atMs } = notice;
        events.publish("node.pair.resolved", { requestId, nodeId, decision, ts: atMs });
        return;
      }
      case "surface-changed": {
        const message: NodeSurfaceMessage = { nodeId: notice.nodeId };
        bus.publish(NODE_SURFACE_SUBJECT, message);
        return;
      }
    }
  };
}
