import { connect, createServer, type Socket } from "node:net";

/** A client behind this proxy is remote to the gateway, whatever machine it is on. */
export interface ForwardingProxy extends AsyncDisposable {
  readonly url: string;
}

/** The address of a client elsewhere (RFC 5737, for documentation). */
const ELSEWHERE = "203.0.113.9";

/** Starts a proxy on loopback that forwards to a gateway and says, as proxies do, for whom. */
export async function startForwardingProxy(gatewayPort: number): Promise<ForwardingProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect({ host: "127.0.0.1", port: gatewayPort });
    keep(near);
    keep(far);
    let head = "";
    const onHead = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      const endOfLine = head.indexOf("\r\n");
      if (endOfLine === -1) return;
      near.off("data", onHead);
      far.write(
        `${head.slice(0, endOfLine + 2)}X-Forwarded-For: ${ELSEWHERE}\r\n${head.slice(endOfLine + 2)}`,
        "latin1",
      );
      near.pipe(far);
    };
    near.on("data", onHead);
    far.pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
