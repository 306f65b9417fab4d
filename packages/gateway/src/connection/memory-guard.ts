import type { Logger } from "../logging/logger.ts";
import type { ConnectionRegistry } from "./registry.ts";

/**
 * One ceiling over what all connections together may hold: bytes that wait to be sent, parts of messages that are
 * not complete, and requests that are being answered. Above it the greediest connections end and no new work is
 * taken, so that memory returns instead of running out.
 */
export class MemoryGuard {
  readonly #registry: ConnectionRegistry;
  readonly #ceilingBytes: number;
  readonly #logger: Logger;
  #requestBytes = 0;

  constructor(registry: ConnectionRegistry, ceilingBytes: number, logger: Logger) {
    this.#registry = registry;
    this.#ceilingBytes = ceilingBytes;
    this.#logger = logger;
  }

  /** Notes that a request of so many bytes is being answered; the returned function ends that. */
  hold(bytes: number): () => void {
    this.#requestBytes += bytes;
    return () => {
      this.#requestBytes -= bytes;
    };
  }

  /** Whether a request of so many bytes may be taken. */
  admits(bytes: number): boolean {
    return this.#requestBytes + bytes <= this.#ceilingBytes;
  }

  /** Bytes held for all connections together, now. */
  heldBytes(): number {
    let held = this.#requestBytes;
    for (const connection of this.#registry.ready()) held += connection.bufferedBytes + connection.partialBytes;
    return held;
  }

  /** Ends the greediest connections until what is held is well below the ceiling. Called at ticks and in bursts. */
  relieve(): void {
    let held = this.heldBytes();
    if (held <= this.#ceilingBytes) return;
    const target = this.#ceilingBytes * 0.8;
    const greedy = [...this.#registry.ready()].sort(
      (a, b) => b.bufferedBytes + b.partialBytes - (a.bufferedBytes + a.partialBytes),
    );
    let ended = 0;
    for (const connection of greedy) {
      if (held <= target) break;
      held -= connection.bufferedBytes + connection.partialBytes;
      connection.closeSlow();
      ended += 1;
    }
    this.#logger.warn(
      { ended, heldBytes: held, ceilingBytes: this.#ceilingBytes },
      "connections held too much memory together; the greediest were ended",
    );
  }
}
