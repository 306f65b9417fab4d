import type { TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import type { ClientError } from "../errors.ts";
import { openLater } from "../open-later.ts";
import type { ClientSocket, OpenSocket, SocketEnding, SocketEvents, SocketTarget } from "../socket.ts";
import { networkError } from "./network-error.ts";
import { openPinnedTls } from "./pinned-tls.ts";
import { upgradeRefusal } from "./upgrade-refusal.ts";

/** Opens a WebSocket with `ws`, because Node 20 has none and no Node lets a program pin a certificate with its own. */
export function openNodeSocket(target: SocketTarget, events: SocketEvents): ClientSocket {
  const { url, tlsFingerprint } = target;
  if (tlsFingerprint === undefined) return dial(target, events, undefined);
  const prepare = async (signal: AbortSignal): Promise<OpenSocket> => {
    const checked = await openPinnedTls(url, tlsFingerprint, signal);
    return (at, then) => dial(at, then, checked);
  };
  return openLater(prepare, target, events);
}

function dial(target: SocketTarget, events: SocketEvents, checked: TLSSocket | undefined): ClientSocket {
  let failure: ClientError | undefined;
  let isOpen = false;
  let isOver = false;
  const end = (ending: SocketEnding): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(ending);
  };
  const socket = new WebSocket(target.url, {
    maxPayload: target.maxMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
    // The request goes over the very connection whose certificate was checked.
    ...(checked && { createConnection: () => checked }),
  });
  socket.on("open", () => {
    isOpen = true;
    if (!isOver) events.onOpen();
  });
  socket.on("message", (data, isBinary) => {
    // One Buffer, because nothing else was asked for.
    if (!isOver) events.onMessage(isBinary ? undefined : (data as Buffer).toString("utf8"));
  });
  socket.on("unexpected-response", (request, response) => {
    void upgradeRefusal(response).then((error) => {
      request.destroy();
      end({ code: 1006, reason: "", error });
    });
  });
  // Once it was open, the close code that follows an error tells what happened.
  socket.on("error", (cause) => {
    if (!isOpen) failure = networkError(cause);
  });
  socket.on("close", (code, reason) => end({ code, reason: String(reason), error: failure }));
  const drop = (): void => {
    socket.terminate();
    end({ code: 1006, reason: "" });
  };
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => {
      if (isOpen) socket.close(code, reason);
      else drop();
    },
    drop,
  };
}
