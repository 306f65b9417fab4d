import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { ClientError } from "../errors.ts";
import type { ClientSocket, SocketEnding, SocketEvents, SocketTarget } from "../socket.ts";
import { networkError } from "./network-error.ts";
import { openPinnedTls, type PinnedTls } from "./pinned-tls.ts";

/** Largest part of an HTTP refusal that is read, in bytes. */
const maxRefusalBytes = 4_096;

/** Opens a WebSocket with `ws`, because Node 20 has none and no Node lets a program pin a certificate with its own. */
export function openNodeSocket(target: SocketTarget, events: SocketEvents): ClientSocket {
  let socket: WebSocket | undefined;
  let tls: PinnedTls | undefined;
  let isOver = false;
  const end = (ending: SocketEnding): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(ending);
  };
  const start = (pinned: PinnedTls | undefined): void => {
    if (isOver) return pinned?.drop();
    socket = dial(target, events, pinned, end);
  };
  if (target.tlsFingerprint === undefined) start(undefined);
  else {
    tls = openPinnedTls(target.url, target.tlsFingerprint);
    tls.ready.then(
      () => start(tls),
      (error: ClientError) => end({ code: 1006, reason: "", error }),
    );
  }
  return {
    send: (text) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => {
      if (socket === undefined) {
        tls?.drop();
        return end({ code: 1006, reason: "" });
      }
      if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
      else if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    },
    drop: () => {
      tls?.drop();
      socket?.terminate();
      end({ code: 1006, reason: "" });
    },
  };
}

function dial(
  target: SocketTarget,
  events: SocketEvents,
  pinned: PinnedTls | undefined,
  end: (ending: SocketEnding) => void,
): WebSocket {
  let failure: ClientError | undefined;
  let isOpen = false;
  const socket = new WebSocket(target.url, {
    maxPayload: target.maxMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
    // The request goes over the very connection whose certificate was checked.
    ...(pinned && { createConnection: () => pinned.socket }),
  });
  socket.on("open", () => {
    isOpen = true;
    events.onOpen();
  });
  socket.on("message", (data, isBinary) => events.onMessage(isBinary ? undefined : String(data)));
  socket.on("unexpected-response", (request, response) => {
    void refusalOf(response).then((error) => {
      request.destroy();
      end({ code: 1006, reason: "", error });
    });
  });
  // After it was open, an error is told by the close code that follows.
  socket.on("error", (cause) => {
    if (!isOpen) failure = networkError(cause);
  });
  socket.on("close", (code, reason) => end({ code, reason: String(reason), error: failure }));
  return socket;
}

/** What an HTTP server said instead of opening a WebSocket. Its words are shown, in bounds; some gateways explain themselves. */
async function refusalOf(response: IncomingMessage): Promise<ClientError> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxRefusalBytes) break;
    }
  } catch {
    // Half an explanation is as good as none: the status counts.
  }
  const status = response.statusCode ?? 0;
  const said = messageIn(Buffer.concat(chunks).toString("utf8"));
  const seconds = Number(response.headers["retry-after"]);
  return new ClientError(
    "UPGRADE_REFUSED",
    `an HTTP server answered with ${status}${said === undefined ? "" : `: ${said}`}`,
    {
      httpStatus: status,
      retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined,
    },
  );
}

function messageIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    // One printable line: it ends up in terminals and logs.
    return typeof error?.message === "string" ? error.message.replace(/[^\x20-\x7e]/g, " ").slice(0, 200) : undefined;
  } catch {
    return undefined; // not JSON: some other server's page
  }
}
