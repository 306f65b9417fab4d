import { WebSocket, WebSocketServer } from "ws";
import type { Frame } from "./wire.ts";

const textOf = (data: unknown): string => (Buffer.isBuffer(data) ? data.toString("utf8") : "");

/** A gateway as it was before revision 4, as far as connecting goes, in front of a real one. */
export interface OlderGateway extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
  /** The connect requests that came, in order. */
  readonly connects: readonly Frame[];
}

/**
 * Refuses whoever speaks no revision 3, in the words of an older gateway, and hands all others on as they are. So a
 * client takes the way that it would take there, and ends at the gateway behind.
 */
export async function startOlderGateway(target: string): Promise<OlderGateway> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  const connects: Frame[] = [];
  const open = new Set<WebSocket>();
  server.on("connection", (client) => {
    const upstream = new WebSocket(target, { perMessageDeflate: false });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.terminate()).on("close", () => open.delete(socket));
    }
    upstream.on("message", (data) => client.send(textOf(data)));
    upstream.on("close", (code, reason) => client.close(code === 1005 || code === 1006 ? 1001 : code, reason));
    client.on("close", () => upstream.terminate());
    client.on("message", (data) => {
      const frame = JSON.parse(textOf(data)) as Frame;
      const params = frame["params"] as Frame | undefined;
      if (frame["method"] === "connect" && params !== undefined) {
        connects.push(params);
        if (Number(params["minProtocol"]) > 3) {
          const error = { code: "INVALID_REQUEST", message: "protocol mismatch", details: { expectedProtocol: 3 } };
          client.send(JSON.stringify({ type: "res", id: frame["id"], ok: false, error }));
          client.close(1002, "protocol mismatch");
          return;
        }
      }
      upstream.send(textOf(data));
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  return {
    url: `ws://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    connects,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
