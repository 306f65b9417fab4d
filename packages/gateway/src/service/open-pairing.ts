import type { Config } from "@saltgate/config";
import { nativeEngine } from "@saltgate/identity/node";
import { DevicePairing, deviceDocumentShapes, type PairingNotice } from "@saltgate/pairing";
import { type DocumentStore, StoreError } from "@saltgate/store";
import type { Logger } from "../logging/logger.ts";
import { type PairingPort, unavailablePairing } from "../pairing-port.ts";

/** Device pairing as a gateway gets it at its start. */
export interface OpenedPairing {
  readonly pairing: PairingPort;
  readonly closePairing: () => Promise<void>;
  /** What is wrong with its files, in words for the owner. */
  readonly problem: string | undefined;
}

/** Opens device pairing. A damaged file is no reason not to start: without it no device gets in, and its owner is told. */
export async function openPairing(
  store: DocumentStore,
  listener: (notice: PairingNotice) => void,
  config: Config,
  logger: Logger,
): Promise<OpenedPairing> {
  const shapes = deviceDocumentShapes(nativeEngine.sha256);
  try {
    const paired = store.document("devices/paired", shapes.paired);
    const pairing = await DevicePairing.open({
      pending: store.document("devices/pending", shapes.pending),
      paired,
      engine: nativeEngine,
      listener,
      limits: { tokenTtlMs: config.gateway.auth.deviceTokenTtlMs },
    });
    let isClosing = false;
    // A command line that works on the files ends the connections of whom it shuts out as surely as the gateway does.
    const stopWatching = paired.changed?.(() => {
      pairing.refresh().catch((error: unknown) => {
        // What was begun while the gateway stops meets a store that is closed: nobody needs its answer any more.
        if (!isClosing) logger.error({ err: error }, "the paired devices can't be read again");
      });
    });
    const closePairing = async (): Promise<void> => {
      isClosing = true;
      stopWatching?.();
      await pairing.close();
    };
    return { pairing, closePairing, problem: undefined };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const problem = `No device can connect until this is mended and the gateway is started again: ${error.message}`;
    return { pairing: unavailablePairing(error), closePairing: () => Promise.resolve(), problem };
  }
}
