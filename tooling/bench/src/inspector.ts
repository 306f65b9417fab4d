import { WebSocket } from "ws";
import type { RunningServer } from "./servers.ts";

/** Flag of Node by which a server can be looked into. */
export const INSPECT = "--inspect=127.0.0.1:0";

/** What a server's heap holds once what nobody needs has been collected, in bytes. It was started with {@link INSPECT}. */
export async function heapBytesOf(server: RunningServer): Promise<number> {
  const address = /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(server.complaint())?.[0];
  if (address === undefined) throw new Error("the server can't be looked into");
  const socket = new WebSocket(address, { perMessageDeflate: false });
  const answers = new Map<number, (result: { readonly result?: { readonly value?: unknown } }) => void>();
  socket.on("message", (data: Buffer) => {
    const { id, result } = JSON.parse(data.toString("utf8"));
    answers.get(id)?.(result);
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const ask = (id: number, method: string, params: object = {}) =>
    new Promise<{ readonly result?: { readonly value?: unknown } }>((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  try {
    await ask(1, "HeapProfiler.collectGarbage");
    await ask(2, "HeapProfiler.collectGarbage");
    const { result } = await ask(3, "Runtime.evaluate", { expression: "process.memoryUsage().heapUsed" });
    return Number(result?.value);
  } finally {
    socket.terminate();
  }
}
