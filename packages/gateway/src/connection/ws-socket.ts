import type { Socket } from "node:net";
import { LIMITS } from "@saltgate/protocol";
import type { WebSocket } from "ws";
import type { Connection, PeerSocket } from "./connection.ts";

/** What a frame and its masking add to a message, generously. */
const FRAME_OVERHEAD_BYTES = 1_024;

/** How much is held back at most until the end of a turn, in bytes. */
const MAX_HELD_BYTES = 65_536;

/**
 * The port that a connection sends through, over a socket of the `ws` library. Messages of one turn of the event loop
 * leave together: a system call costs more than all the rest of a small message.
 */
export function peerSocket(socket: WebSocket, raw: Socket): PeerSocket {
  let isHeld = false;
  const release = (): void => {
    if (!isHeld) return;
    isHeld = false;
    raw.uncork();
  };
  return {
    send(text) {
      if (socket.readyState !== socket.OPEN) return;
      if (!isHeld) {
        isHeld = true;
        raw.cork();
        process.nextTick(release);
      }
      // Without a callback, because one for each message is work; what goes wrong shows as the socket's own error.
      socket.send(text);
      if (raw.writableLength > MAX_HELD_BYTES) release();
    },
    close(code, reason) {
      if (socket.readyState === socket.OPEN) socket.close(code, reason);
      else socket.terminate();
      release();
    },
    terminate() {
      release();
      socket.terminate();
    },
    ping() {
      if (socket.readyState === socket.OPEN) socket.ping(undefined, undefined, ignore);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    get receivedBytes() {
      return raw.bytesRead;
    },
  };
}

function ignore(): void {}

/** Feeds a connection from a socket of the `ws` library. Text and binary messages are read alike, as UTF-8. */
export function feedConnection(connection: Connection, socket: WebSocket, raw: Socket): void {
  socket.on("message", (data, _isBinary) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
    try {
      connection.receive(bytes.toString("utf8"), bytes.byteLength);
    } catch (error) {
      // Whatever one peer sends ends one connection at most.
      connection.failed(error);
    }
  });
  socket.on("pong", () => connection.heard());
  socket.on("ping", () => connection.heard());
  // An error is always followed by `close`; a peer that breaks the protocol is ordinary.
  socket.on("error", ignore);
  socket.on("close", () => connection.socketClosed());
  guardHandshake(connection, raw);
}

/**
 * Before hello-ok a peer may send little, whether or not it ever completes a message: the library's own limit is the
 * one for peers that are in.
 */
function guardHandshake(connection: Connection, raw: Socket): void {
  const before = raw.bytesRead;
  const onData = (): void => {
    if (connection.phase === "ready" || connection.phase === "draining") raw.off("data", onData);
    else if (raw.bytesRead - before > LIMITS.maxPreAuthFrameBytes + FRAME_OVERHEAD_BYTES) {
      raw.off("data", onData);
      connection.terminate(1009, "too large before hello-ok");
    }
  };
  raw.on("data", onData);
}
