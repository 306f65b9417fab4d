import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { keptPort } from "../../../support/ports.ts";
import type { Random } from "../../../support/random.ts";

/** A line to a server on loopback that takes its time both ways, as lines do. */
export interface SlowLine extends AsyncDisposable {
  /** Where it begins. */
  readonly url: string;
  /** How many calls of a method have come to its end and been passed on. */
  carried(method: string): number;
  /** Resolves when a method was called so many more times. */
  untilCarried(method: string, times: number): Promise<void>;
  /** Until it is mended nobody gets through: connections are refused. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

const polling = "getUpdates";

/**
 * Starts such a line. What was sent arrives even when its sender has died meanwhile, and it may have been carried out long
 * before anybody hears so: those are the moments in which a gateway is killed.
 */
export async function startSlowLine(target: string, random: Random, maxMs: number): Promise<SlowLine> {
  const { hostname, port } = new URL(target);
  const counts = new Map<string, number>();
  let waiting: { readonly method: string; readonly count: number; readonly go: () => void }[] = [];
  const carried = (method: string): number => counts.get(method) ?? 0;
  const note = (method: string): void => {
    counts.set(method, carried(method) + 1);
    const met = waiting.filter((one) => carried(one.method) >= one.count);
    waiting = waiting.filter((one) => !met.includes(one));
    for (const { go } of met) go();
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const path = request.url ?? "/";
    const method = path.split("/").at(-1) ?? "";
    const isSlow = method !== polling;
    if (isSlow) await pause(random.below(maxMs));
    note(method);
    const upstream = httpRequest({ hostname, port, path, method: request.method, headers: request.headers });
    // A poll that nobody waits for any more ends; everything else is carried out to its end.
    if (!isSlow) response.once("close", () => upstream.destroy());
    upstream.on("error", () => response.destroy());
    upstream.on("response", (answer) => {
      void (async () => {
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part as Buffer);
        if (isSlow) await pause(random.below(maxMs));
        response.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(parts));
      })().catch(() => response.destroy());
    });
    upstream.end(Buffer.concat(pieces));
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => response.destroy());
  };
  let server = createServer(listener);
  const ownPort = await keptPort();
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject).listen(ownPort, "127.0.0.1", resolve);
    });
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    server.closeAllConnections();
    await closed;
  };
  await listen();
  return {
    url: `http://127.0.0.1:${ownPort}`,
    carried,
    untilCarried: (method, times) => new Promise((go) => waiting.push({ method, count: carried(method) + times, go })),
    cut: close,
    async mend() {
      server = createServer(listener);
      await listen();
    },
    [Symbol.asyncDispose]: close,
  };
}
