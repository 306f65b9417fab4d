import type { StatePaths } from "@saltgate/config";
import { deviceMethods, RequestError } from "@saltgate/gateway";
import { nativeEngine } from "@saltgate/identity/node";
import { DevicePairing, deviceDocumentShapes, NodePairing, nodeDocumentShapes } from "@saltgate/pairing";
import { describeIssues, METHODS, SCOPES } from "@saltgate/protocol";
import { FileLock, FileStore, nodeFileSystem } from "@saltgate/store";
import { CommandError } from "./command-error.ts";
import type { DeviceDesk } from "./device-orders.ts";

/** Takes orders about devices on the state folder itself, while no gateway runs on it. */
export async function openStateFolder(paths: Pick<StatePaths, "stateDir" | "lockFile">): Promise<DeviceDesk> {
  const store = new FileStore({ directory: paths.stateDir });
  // One may run all the same, on a port that this command wasn't told. It reads what is written here.
  const running = await new FileLock({ fileSystem: nodeFileSystem }).livingHolder(paths.lockFile);
  const shapes = deviceDocumentShapes(nativeEngine.sha256);
  const pairing = await DevicePairing.open({
    pending: store.document("devices/pending", shapes.pending),
    paired: store.document("devices/paired", shapes.paired),
    engine: nativeEngine,
  });
  const nodeShapes = nodeDocumentShapes(nativeEngine.sha256);
  const nodes = await NodePairing.open({
    pending: store.document("nodes/pending", nodeShapes.pending),
    paired: store.document("nodes/paired", nodeShapes.paired),
    engine: nativeEngine,
  });
  // The same checks and the same answers as the gateway gives, from the same code.
  const handlers = deviceMethods(pairing, { removed: (deviceId) => nodes.forget(deviceId) });
  return {
    note:
      running === undefined
        ? "No gateway runs now; it holds from the next start on."
        : `Written to the state folder, where the running gateway (process ${running.pid}) finds it.`,
    async call(method, params) {
      const checked = METHODS[method].params().safeParse(params);
      if (!checked.success)
        throw new CommandError("INVALID_PARAMS", `invalid ${method} params: ${describeIssues(checked.error)}`);
      try {
        return (await handlers[method](checked.data as never, { deviceId: undefined, scopes: SCOPES })) as never;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        throw new CommandError(error.detail, error.message, { cause: error });
      }
    },
    async [Symbol.asyncDispose]() {
      await nodes.close();
      await pairing.close();
      await store.close();
    },
  };
}
