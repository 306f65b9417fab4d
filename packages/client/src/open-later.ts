import { ClientError } from "./errors.ts";
import type { ClientSocket, OpenSocket, SocketEnding, SocketEvents, SocketTarget } from "./socket.ts";

/**
 * Opens a socket once what opens it is ready, and keeps the promises of a socket until then.
 * @param prepare is aborted when the socket is given up before
 */
export function openLater(
  prepare: (signal: AbortSignal) => Promise<OpenSocket>,
  target: SocketTarget,
  events: SocketEvents,
): ClientSocket {
  const abort = new AbortController();
  let socket: ClientSocket | undefined;
  let isOver = false;
  const end = (ending: SocketEnding): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(ending);
  };
  prepare(abort.signal).then(
    (open) => {
      if (!isOver) socket = open(target, { ...events, onEnd: end });
    },
    (cause: unknown) => {
      const error =
        cause instanceof ClientError ? cause : new ClientError("UNREACHABLE", "no connection came about", { cause });
      end({ code: 1006, reason: "", error });
    },
  );
  const giveUp = (): void => {
    abort.abort();
    end({ code: 1006, reason: "" });
  };
  return {
    send: (text) => socket?.send(text),
    close: (code, reason) => (socket === undefined ? giveUp() : socket.close(code, reason)),
    drop: () => (socket === undefined ? giveUp() : socket.drop()),
  };
}
