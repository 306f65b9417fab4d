import { connect, createServer, type Socket } from "node:net";

/** A reverse proxy on this machine. */
export interface ForwardingProxy extends AsyncDisposable {
  readonly port: number;
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
}

/**
 * Starts a TCP proxy that says for whom it asks: it adds `X-Forwarded-For` to the head of the first request of each
 * connection, as a reverse proxy in front of a gateway would. What goes through it comes from elsewhere.
 */
export async function startForwardingProxy(
  targetPort: number,
  clientIp: string | (() => string) = "203.0.113.9",
): Promise<ForwardingProxy> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ port: targetPort, host: "127.0.0.1" });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      socket.on("error", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    let head = Buffer.alloc(0);
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n");
      if (end === -1) return;
      client.off("data", onHead);
      upstream.write(head.subarray(0, end));
      upstream.write(`\r\nX-Forwarded-For: ${typeof clientIp === "string" ? clientIp : clientIp()}`);
      upstream.write(head.subarray(end));
      client.pipe(upstream);
    };
    client.on("data", onHead);
    upstream.pipe(client);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.on("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
