import type { NodeSession } from "./node-session.ts";

/**
 * Which nodes are here, and over which connection each is asked. A node that connects again is asked over its newest
 * connection; an older one that ends later takes nothing with it, and answers what it was asked before (rule R-30).
 */
export class NodeRegistry {
  /** Sessions of each node, the newest last. */
  readonly #sessions = new Map<string, NodeSession[]>();

  /** Takes in a connection that is ready. */
  add(session: NodeSession): void {
    const others = this.#sessions.get(session.nodeId) ?? [];
    this.#sessions.set(session.nodeId, [...others, session]);
  }

  /** Takes out one connection, and no other of the same node. @returns whether it was the node's last one */
  remove(connId: string, nodeId: string): "last" | "others" | "unknown" {
    const sessions = this.#sessions.get(nodeId) ?? [];
    const left = sessions.filter(({ channel }) => channel.id !== connId);
    if (left.length === sessions.length) return "unknown";
    if (left.length > 0) this.#sessions.set(nodeId, left);
    else this.#sessions.delete(nodeId);
    return left.length > 0 ? "others" : "last";
  }

  /** The connection over which a node is asked; `undefined` when it isn't here. */
  current(nodeId: string): NodeSession | undefined {
    return this.#sessions.get(nodeId)?.findLast(({ channel }) => channel.isReady);
  }

  /** Every connection of a node, the oldest first. */
  of(nodeId: string): readonly NodeSession[] {
    return this.#sessions.get(nodeId) ?? [];
  }

  /** The current session of every node that is here. */
  all(): NodeSession[] {
    return [...this.#sessions.keys()].flatMap((nodeId) => this.current(nodeId) ?? []);
  }
}
