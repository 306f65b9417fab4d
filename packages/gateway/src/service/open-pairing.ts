import type { Bus } from "@saltgate/bus";
import type { Config } from "@saltgate/config";
import { nativeEngine } from "@saltgate/identity/node";
import {
  DeviceInvites,
  DevicePairing,
  deviceDocumentShapes,
  deviceInvitesShape,
  NodePairing,
  nodeDocumentShapes,
} from "@saltgate/pairing";
import { type DocumentStore, StoreError } from "@saltgate/store";
import type { Logger } from "../logging/logger.ts";
import { createNodePairingListener, createPairingListener } from "../pairing-listener.ts";
import {
  type InvitesPort,
  type NodePairingPort,
  type PairingPort,
  unavailableInvites,
  unavailableNodePairing,
  unavailablePairing,
} from "../pairing-port.ts";

/** Everything about who may enter, as a gateway gets it at its start. */
export interface OpenedPairing {
  readonly pairing: PairingPort;
  readonly nodePairing: NodePairingPort;
  readonly invites: InvitesPort;
  readonly close: () => Promise<void>;
  /** What is wrong with its files, in words for the owner. */
  readonly problems: readonly string[];
}

/** What opening each part needs. */
interface Opening {
  readonly store: DocumentStore;
  readonly bus: Bus;
  readonly config: Config;
  readonly logger: Logger;
  readonly closing: { isClosing: boolean };
}

/** One opened part. */
interface Opened<T> {
  readonly part: T;
  readonly close: () => Promise<void>;
}

/**
 * Opens device pairing, the approvals of nodes, and setup codes. A damaged file is no reason not to start: without it
 * nobody gets in by that way, and the owner is told.
 */
export async function openPairing(
  store: DocumentStore,
  bus: Bus,
  config: Config,
  logger: Logger,
): Promise<OpenedPairing> {
  const closing = { isClosing: false };
  const opening: Opening = { store, bus, config, logger, closing };
  const problems: string[] = [];
  const or = async <T>(
    open: Promise<Opened<T>>,
    unavailable: (cause: Error) => T,
    without: string,
  ): Promise<Opened<T>> => {
    try {
      return await open;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problems.push(`${without} until this is mended and the gateway is started again: ${error.message}`);
      return { part: unavailable(error), close: () => Promise.resolve() };
    }
  };
  const devices = await or<PairingPort>(openDevices(opening), unavailablePairing, "No device can connect");
  const nodes = await or<NodePairingPort>(openNodes(opening), unavailableNodePairing, "No node can connect");
  const invites = await or<InvitesPort>(openedInvites(store), unavailableInvites, "No setup code works");
  return {
    pairing: devices.part,
    nodePairing: nodes.part,
    invites: invites.part,
    problems,
    close: async () => {
      closing.isClosing = true;
      for (const { close } of [invites, nodes, devices]) await close();
    },
  };
}

async function openDevices({ store, bus, config, logger, closing }: Opening): Promise<Opened<PairingPort>> {
  const shapes = deviceDocumentShapes(nativeEngine.sha256);
  const paired = store.document("devices/paired", shapes.paired);
  const pairing = await DevicePairing.open({
    pending: store.document("devices/pending", shapes.pending),
    paired,
    engine: nativeEngine,
    listener: createPairingListener(bus),
    limits: { tokenTtlMs: config.gateway.auth.deviceTokenTtlMs },
  });
  // A command line that works on the files ends the connections of whom it shuts out as surely as the gateway does.
  const stopWatching = paired.changed?.(() => {
    pairing.refresh().catch((error: unknown) => {
      // What was begun while the gateway stops meets a store that is closed: nobody needs its answer any more.
      if (!closing.isClosing) logger.error({ err: error }, "the paired devices can't be read again");
    });
  });
  return {
    part: pairing,
    close: async () => {
      stopWatching?.();
      await pairing.close();
    },
  };
}

async function openNodes({ store, bus, logger, closing }: Opening): Promise<Opened<NodePairingPort>> {
  const shapes = nodeDocumentShapes(nativeEngine.sha256);
  const paired = store.document("nodes/paired", shapes.paired);
  const pairing = await NodePairing.open({
    pending: store.document("nodes/pending", shapes.pending),
    paired,
    engine: nativeEngine,
    listener: createNodePairingListener(bus),
  });
  const stopWatching = paired.changed?.(() => {
    pairing.refresh().catch((error: unknown) => {
      if (!closing.isClosing) logger.error({ err: error }, "the approvals of nodes can't be read again");
    });
  });
  return {
    part: pairing,
    close: async () => {
      stopWatching?.();
      await pairing.close();
    },
  };
}

/** Setup codes over a store. */
export async function openInvites(store: DocumentStore, now: () => number = Date.now): Promise<InvitesPort> {
  return DeviceInvites.open({
    document: store.document("devices/invites", deviceInvitesShape),
    engine: nativeEngine,
    now,
  });
}

async function openedInvites(store: DocumentStore): Promise<Opened<InvitesPort>> {
  return { part: await openInvites(store), close: () => Promise.resolve() };
}
