import { CODECS, type PayloadOf, type ProtocolVersion } from "@saltgate/protocol";
import type { NodeChannel } from "../nodes/node-session.ts";
import type { SessionListeners } from "./run-broadcast.ts";

/** Sessions that one node may listen to. */
const maxSessionsPerNode = 64;

interface Listener {
  readonly channel: NodeChannel;
  readonly version: ProtocolVersion;
  readonly sessions: Set<string>;
}

/** Nodes that listen to sessions: each gets its own copies, in the words of its revision. */
export class NodeSessionListeners implements SessionListeners {
  readonly #listeners = new Map<string, Listener>();

  /** A node wants to hear a session. @returns why not, in words */
  subscribe(connId: string, channel: NodeChannel, version: ProtocolVersion, sessionKey: string): string | undefined {
    const known = this.#listeners.get(connId) ?? { channel, version, sessions: new Set<string>() };
    if (!known.sessions.has(sessionKey) && known.sessions.size >= maxSessionsPerNode) return "too many subscriptions";
    known.sessions.add(sessionKey);
    this.#listeners.set(connId, known);
    return undefined;
  }

  /** A node has heard enough of a session. */
  unsubscribe(connId: string, sessionKey: string): void {
    const known = this.#listeners.get(connId);
    known?.sessions.delete(sessionKey);
    if (known?.sessions.size === 0) this.#listeners.delete(connId);
  }

  /** A node is gone. */
  leave(connId: string): void {
    this.#listeners.delete(connId);
  }

  tell<E extends "chat" | "agent">(sessionKey: string, event: E, payload: PayloadOf<E>): void {
    for (const { channel, sessions, version } of this.#listeners.values()) {
      if (!sessions.has(sessionKey) || !channel.isReady) continue;
      channel.sendTargeted(event, JSON.stringify(CODECS[version].event(event, payload)));
    }
  }

  get size(): number {
    return this.#listeners.size;
  }
}
