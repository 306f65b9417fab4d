import { deviceMethods, RequestError } from "@saltgate/gateway";
import { nativeEngine } from "@saltgate/identity/node";
import { DevicePairing, deviceDocumentShapes } from "@saltgate/pairing";
import { describeIssues, METHODS, SCOPES } from "@saltgate/protocol";
import { FileStore } from "@saltgate/store";
import { CommandError } from "./command-error.ts";
import type { DeviceDesk } from "./device-orders.ts";

/** Takes orders about devices on the state folder itself, while no gateway runs on it. */
export async function openStateFolder(directory: string): Promise<DeviceDesk> {
  const store = new FileStore({ directory });
  const shapes = deviceDocumentShapes(nativeEngine.sha256);
  const pairing = await DevicePairing.open({
    pending: store.document("devices/pending", shapes.pending),
    paired: store.document("devices/paired", shapes.paired),
    engine: nativeEngine,
  });
  // The same checks and the same answers as the gateway gives, from the same code.
  const handlers = deviceMethods(pairing);
  return {
    via: "state folder",
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
      await pairing.close();
      await store.close();
    },
  };
}
