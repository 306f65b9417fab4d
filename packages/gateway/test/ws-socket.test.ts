import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Connection } from "../src/connection/connection.ts";
import { feedConnection, peerSocket } from "../src/connection/ws-socket.ts";

/** Both ends of a connection: ours, what the far one got, and how often we wrote to the system. */
async function connected(): Promise<
  { socket: WebSocket; raw: Socket; far: WebSocket; got: string[]; writes: () => number } & AsyncDisposable
> {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const http = createServer();
  const opened = new Promise<[WebSocket, Socket]>((resolve) => {
    http.on("upgrade", (request, raw: Socket, head) =>
      server.handleUpgrade(request, raw, head, (socket) => resolve([socket, raw])),
    );
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const far = new WebSocket(`ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
  const got: string[] = [];
  far.on("message", (data: Buffer) => got.push(data.toString("utf8")));
  const [socket, raw] = await opened;
  if (far.readyState !== far.OPEN) await once(far, "open");
  let writes = 0;
  for (const name of ["_write", "_writev"] as const) {
    const real = raw[name]?.bind(raw) as (...words: unknown[]) => void;
    Object.defineProperty(raw, name, {
      value: (...words: unknown[]) => {
        writes += 1;
        real(...words);
      },
    });
  }
  return {
    socket,
    raw,
    far,
    got,
    writes: () => writes,
    async [Symbol.asyncDispose]() {
      far.terminate();
      socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

test("[gateway:one-write-per-turn] ws socket: messages of one turn leave in one write, in their order", async () => {
  await using end = await connected();
  const port = peerSocket(end.socket, end.raw);
  for (const text of ["a", "b", "c"]) port.send(text);
  expect(end.writes()).toBe(0);
  while (end.got.length < 3) await once(end.far, "message");
  expect(end.got).toEqual(["a", "b", "c"]);
  expect(end.writes()).toBe(1);
});

test("[gateway:one-write-per-turn] ws socket: much is not held back until the end of the turn", async () => {
  await using end = await connected();
  const port = peerSocket(end.socket, end.raw);
  port.send("x".repeat(100_000));
  expect(end.writes()).toBe(1);
});

test.each(["close", "terminate"] as const)(
  "[gateway:one-write-per-turn] ws socket: what was said before %s still arrives",
  async (how) => {
    await using end = await connected();
    const port = peerSocket(end.socket, end.raw);
    const closed = once(end.far, "close");
    port.send("last words");
    if (how === "close") port.close(1008, "enough");
    else port.terminate();
    await closed;
    expect(end.got).toEqual(["last words"]);
  },
);

test("[gateway:internal-error] ws socket: a message that nobody foresaw ends its connection, and not the process", async () => {
  await using end = await connected();
  const unforeseen = new RangeError("Maximum call stack size exceeded");
  const { promise: told, resolve } = Promise.withResolvers<unknown>();
  const connection = {
    phase: "ready",
    receive(): void {
      throw unforeseen;
    },
    failed: resolve,
    socketClosed(): void {},
  };
  feedConnection(connection as unknown as Connection, end.socket, end.raw);
  end.far.send("{}");
  expect(await told).toBe(unforeseen);
});
