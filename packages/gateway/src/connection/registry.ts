import { CLOSE_CODES } from "@saltgate/protocol";
import { keyOf } from "../presence/presence-list.ts";
import type { Connection } from "./connection.ts";
import type { Peer } from "./peer.ts";

/** How many connections there may be. */
export interface ConnectionCaps {
  /** Connections that got their hello-ok. */
  readonly maxConnections: number;
  /** Connections that have proven nothing yet, in all. */
  readonly maxPreAuth: number;
  /** Connections that have proven nothing yet, per address. */
  readonly maxPreAuthPerAddress: number;
}

/**
 * Every connection, those that have proven nothing apart from those that are ready. When too many have proven
 * nothing, the one that waited longest makes room: a crowd of silent sockets never keeps a new client out
 * (rule R-50).
 */
export class ConnectionRegistry {
  readonly #caps: ConnectionCaps;
  readonly #waiting = new Set<Connection>();
  readonly #waitingPerAddress = new Map<string, Set<Connection>>();
  readonly #ready = new Set<Connection>();
  readonly #readyById = new Map<string, Connection>();
  /** How many ready connections share a row of presence. */
  readonly #readyPerRow = new Map<string, number>();

  constructor(caps: ConnectionCaps) {
    this.#caps = caps;
  }

  /** Takes in a new connection, if need be in the place of the oldest that has proven nothing. */
  add(connection: Connection): void {
    const address = connection.origin.attribution.bucket;
    const sameAddress = this.#waitingPerAddress.get(address) ?? new Set<Connection>();
    if (sameAddress.size >= this.#caps.maxPreAuthPerAddress) evictOldest(sameAddress);
    else if (this.#waiting.size >= this.#caps.maxPreAuth) evictOldest(this.#waiting);
    this.#waiting.add(connection);
    // Looked up again: the eviction may have removed the emptied set.
    const place = this.#waitingPerAddress.get(address) ?? new Set<Connection>();
    place.add(connection);
    this.#waitingPerAddress.set(address, place);
  }

  /** Whether one more connection may become ready. */
  get hasRoom(): boolean {
    return this.#ready.size < this.#caps.maxConnections;
  }

  /** The connection got its hello-ok. */
  promote(connection: Connection): void {
    this.#stopWaiting(connection);
    this.#ready.add(connection);
    this.#readyById.set(connection.id, connection);
    this.#countRow(connection.peer, 1);
  }

  /** The connection is over. */
  remove(connection: Connection): void {
    this.#stopWaiting(connection);
    this.#readyById.delete(connection.id);
    if (this.#ready.delete(connection)) this.#countRow(connection.peer, -1);
  }

  /** Whether a peer is here over any ready connection. Counted rather than searched: crowds leave all at once. */
  isHere(peer: Peer): boolean {
    return this.#readyPerRow.has(keyOf(peer));
  }

  #countRow(peer: Peer | undefined, change: 1 | -1): void {
    if (peer === undefined) return;
    const row = keyOf(peer);
    const count = (this.#readyPerRow.get(row) ?? 0) + change;
    if (count > 0) this.#readyPerRow.set(row, count);
    else this.#readyPerRow.delete(row);
  }

  #stopWaiting(connection: Connection): void {
    this.#waiting.delete(connection);
    const address = connection.origin.attribution.bucket;
    const sameAddress = this.#waitingPerAddress.get(address);
    sameAddress?.delete(connection);
    if (sameAddress?.size === 0) this.#waitingPerAddress.delete(address);
  }

  /** Connections that got their hello-ok. */
  ready(): ReadonlySet<Connection> {
    return this.#ready;
  }

  /** The ready connection of this id. */
  byId(connId: string): Connection | undefined {
    return this.#readyById.get(connId);
  }

  /** Connections that have proven nothing yet. */
  waiting(): ReadonlySet<Connection> {
    return this.#waiting;
  }

  /** Connections of a device, in one role or in all: ready ones, and those that have proven its key. */
  ofDevice(deviceId: string, role?: string): Connection[] {
    return [...this.#waiting, ...this.#ready].filter(
      ({ device }) => device?.deviceId === deviceId && (role === undefined || device.role === role),
    );
  }
}

function evictOldest(connections: Iterable<Connection>): void {
  for (const oldest of connections) {
    oldest.terminate(CLOSE_CODES.TryAgainLater.code, "too many unfinished handshakes");
    return;
  }
}
