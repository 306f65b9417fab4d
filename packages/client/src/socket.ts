import type { ClientError } from "./errors.ts";

/** What a socket is opened with. */
export interface SocketTarget {
  readonly url: string;
  /** Pinned certificate: 64 lower-case hex digits. A platform that can't check it refuses with TLS_PIN_UNSUPPORTED. */
  readonly tlsFingerprint: string | undefined;
  /** Largest inbound message, in bytes. A larger one ends the connection. */
  readonly maxMessageBytes: number;
}

/** How a socket ended. */
export interface SocketEnding {
  /** The WebSocket close code; 1006 when there was no close frame. */
  readonly code: number;
  readonly reason: string;
  /** Why it never opened, when it didn't. */
  readonly error?: ClientError | undefined;
}

/** What happens on a socket. */
export interface SocketEvents {
  onOpen(): void;
  /** A text message; `undefined` for a binary one, which gateways don't send. */
  onMessage(text: string | undefined): void;
  /** Exactly once, and nothing after it. */
  onEnd(ending: SocketEnding): void;
}

/** An open, or opening, WebSocket. */
export interface ClientSocket {
  send(text: string): void;
  /** Says goodbye and lets the other side answer. */
  close(code: number, reason: string): void;
  /** Ends it now, whatever state it is in. */
  drop(): void;
}

/** Opens a WebSocket. Never throws: a failure is an ending. */
export type OpenSocket = (target: SocketTarget, events: SocketEvents) => ClientSocket;
