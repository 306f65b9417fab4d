import { ClientError } from "./errors.ts";
import type { ClientSocket, OpenSocket, SocketEnding, SocketEvents, SocketTarget } from "./socket.ts";

/** Opens a socket once what opens it is ready, and keeps the promises of a socket until then. */
export function openLater(ready: Promise<OpenSocket>, target: SocketTarget, events: SocketEvents): ClientSocket {
  let socket: ClientSocket | undefined;
  let isOver = false;
  const end = (ending: SocketEnding): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(ending);
  };
  ready.then(
    (open) => {
      if (!isOver) socket = open(target, { ...events, onEnd: end });
    },
    (cause: unknown) => {
      const error =
        cause instanceof ClientError ? cause : new ClientError("UNREACHABLE", "no connection came about", { cause });
      end({ code: 1006, reason: "", error });
    },
  );
  return {
    send: (text) => socket?.send(text),
    close: (code, reason) => {
      if (socket === undefined) end({ code: 1006, reason: "" });
      else socket.close(code, reason);
    },
    drop: () => {
      if (socket === undefined) end({ code: 1006, reason: "" });
      else socket.drop();
    },
  };
}
