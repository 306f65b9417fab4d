import { CLOSE_CODES } from "@saltgate/protocol";
import { ClientError } from "../errors.ts";
import type { ClientSocket, SocketEnding, SocketEvents, SocketTarget } from "../socket.ts";

/** Opens the WebSocket that the platform itself brings. It can't check a pin, and says so. */
export function openWebSocket(target: SocketTarget, events: SocketEvents): ClientSocket {
  if (target.tlsFingerprint === undefined) return connectWebSocket(() => new WebSocket(target.url), target, events);
  const error = new ClientError(
    "TLS_PIN_UNSUPPORTED",
    "this platform doesn't show a program the certificate of a server, so the pin can't be checked; " +
      "connect without it to a certificate that the system trusts, or from Node, Deno or Bun",
  );
  return refused(events, error);
}

/** Follows a WebSocket of the platform's kind. */
export function connectWebSocket(create: () => WebSocket, target: SocketTarget, events: SocketEvents): ClientSocket {
  let isOver = false;
  let isOpen = false;
  const end = (ending: SocketEnding): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(ending);
  };
  let socket: WebSocket;
  try {
    socket = create();
  } catch (cause) {
    return refused(events, new ClientError("UNREACHABLE", "the platform refused to open the connection", { cause }));
  }
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    isOpen = true;
    if (!isOver) events.onOpen();
  };
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (isOver) return;
    const text = typeof data === "string" ? data : undefined;
    if (text === undefined || text.length <= target.maxMessageBytes) return events.onMessage(text);
    socket.close(4009, "frame too large");
  };
  // Platforms hide why a socket failed, so that pages can't scan networks; the close event follows.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
    const error = isOpen
      ? undefined
      : new ClientError("UNREACHABLE", "no connection came about; this platform doesn't say why");
    end({ code, reason, error });
  };
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text);
    },
    close: (code, reason) => closeWith(socket, code, reason),
    drop: () => {
      closeWith(socket, CLOSE_CODES.Normal.code, "");
      end({ code: 1006, reason: "" });
    },
  };
}

function refused(events: SocketEvents, error: ClientError): ClientSocket {
  queueMicrotask(() => events.onEnd({ code: 1006, reason: "", error }));
  return { send: () => {}, close: () => {}, drop: () => {} };
}

/** Programs may only give 1000 and 3000 to 4999; the protocol has a number of its own for what would be 1008. */
function closeWith(socket: WebSocket, code: number, reason: string): void {
  const allowed = code === 1000 || (code >= 3000 && code <= 4999) ? code : CLOSE_CODES.ConnectFailedBrowser.code;
  socket.close(allowed, reason);
}
