import type { GatewayProcess } from "../../src/gateway-process.ts";
import { Revision3Client } from "../../src/revision-3-client.ts";
import type { Frame } from "../../src/wire.ts";

/** The owner's own program on the gateway's machine: no device, the shared secret, all scopes. */
export interface Owner extends AsyncDisposable {
  /** Calls a method, and gives its result. @throws with the error's text when it fails. */
  call(method: string, params?: unknown): Promise<Frame>;
  readonly client: Revision3Client;
}

export async function connectOwner({ url, port, token }: GatewayProcess): Promise<Owner> {
  const client = new Revision3Client(url.includes("127.0.0.1") ? url : `ws://127.0.0.1:${port}`, {
    clientId: "cli",
    mode: "cli",
    scopes: ["operator.admin", "operator.pairing"],
    frames: "text",
    nonce: "signed",
  });
  const outcome = await client.connect({ token });
  if (!outcome.ok) throw new Error(`the owner was refused: ${JSON.stringify(outcome.error)}`);
  return {
    client,
    async call(method, params) {
      const response = await client.request(method, params);
      if (response["ok"] !== true) throw new Error(`${method}: ${JSON.stringify(response["error"])}`);
      return response["payload"] as Frame;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
