import type { Bus, BusHandler, BusListener, BusMessage, RequestOptions } from "./bus.ts";
import { BusError, BusErrorCode } from "./errors.ts";
import { parsePattern, requireSubject } from "./subject.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface InProcessBusOptions {
  /** Hears of a listener that threw or rejected. Must not throw. @default console.error */
  readonly onError?: (error: unknown, subject: string) => void;
  /** Most subscriptions and handlers together. @default 10_000 */
  readonly maxSubscriptions?: number;
  /** Most requests waiting for their answer. @default 10_000 */
  readonly maxPendingRequests?: number;
  /** Calls `fire` after `ms` milliseconds, unless the returned function was called before. @default setTimeout */
  readonly startTimer?: (ms: number, fire: () => void) => () => void;
}

const defaultTimeoutMs = 10_000;

/** Most messages that one message may lead to before it has been delivered. Two listeners that answer each other end here. */
const maxCascade = 10_000;
const cascadeTooLong = `One message led to ${maxCascade} others; those after them were dropped. Two listeners may be answering each other.`;

/**
 * The bus of one process. Listeners run inside `publish`, in the order in which they subscribed; a message that a
 * listener publishes is delivered after the current one has reached everybody, so all see the same order.
 */
export function createInProcessBus(options: InProcessBusOptions = {}): Bus {
  return new InProcessBus(options);
}

class InProcessBus implements Bus {
  readonly #subscriptions = new Subscriptions();
  readonly #handlers = new Map<string, BusHandler>();
  readonly #pending = new Set<(reason: unknown) => void>();
  readonly #later: { readonly subject: string; readonly message: BusMessage }[] = [];
  readonly #onError: (error: unknown, subject: string) => void;
  readonly #startTimer: (ms: number, fire: () => void) => () => void;
  readonly #maxSubscriptions: number;
  readonly #maxPendingRequests: number;
  #delivering = false;
  #closed = false;

  constructor(options: InProcessBusOptions) {
    this.#onError = options.onError ?? ((error, subject) => console.error(`A listener of ${subject} failed:`, error));
    this.#startTimer = options.startTimer ?? startTimer;
    this.#maxSubscriptions = options.maxSubscriptions ?? 10_000;
    this.#maxPendingRequests = options.maxPendingRequests ?? 10_000;
  }

  publish(subject: string, message: BusMessage): void {
    const listeners = this.#subscriptions.of(subject);
    if (listeners.length === 0) return;
    if (this.#delivering) {
      if (this.#later.length < maxCascade) this.#later.push({ subject, message });
      else this.#onError(new BusError(BusErrorCode.TooMany, cascadeTooLong), subject);
      return;
    }
    this.#delivering = true;
    try {
      this.#deliver(listeners, subject, message);
      // An index and not shift(): a burst of answers to one message stays linear.
      for (let index = 0; index < this.#later.length; index++) {
        const next = this.#later[index]!;
        this.#deliver(this.#subscriptions.of(next.subject), next.subject, next.message);
      }
    } finally {
      this.#later.length = 0;
      this.#delivering = false;
    }
  }

  subscribe(pattern: string, listener: BusListener): () => void {
    const parsed = parsePattern(pattern);
    this.#requireRoom();
    return this.#subscriptions.add(parsed, listener);
  }

  handle(subject: string, handler: BusHandler): () => void {
    requireSubject(subject);
    this.#requireRoom();
    if (this.#handlers.has(subject)) throw new BusError(BusErrorCode.Taken, `${subject} has a handler already.`);
    this.#handlers.set(subject, handler);
    return () => {
      if (this.#handlers.get(subject) === handler) this.#handlers.delete(subject);
    };
  }

  async request(subject: string, message: BusMessage, options: RequestOptions = {}): Promise<BusMessage> {
    this.#requireOpen();
    const { signal, timeoutMs = defaultTimeoutMs } = options;
    signal?.throwIfAborted();
    const handler = this.#handlers.get(requireSubject(subject));
    if (!handler) throw new BusError(BusErrorCode.NoHandler, `Nobody handles ${subject} at the moment.`);
    if (this.#pending.size >= this.#maxPendingRequests) {
      throw new BusError(BusErrorCode.TooMany, `${this.#pending.size} requests are waiting already. Try again later.`);
    }
    const abandoned = new AbortController();
    const { promise: ended, reject: end } = deferredFailure();
    const onAbort = (): void => end(signal?.reason);
    const stopTimer = this.#startTimer(timeoutMs, () =>
      end(new BusError(BusErrorCode.Timeout, `${subject} didn't answer within ${timeoutMs} ms.`)),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#pending.add(end);
    try {
      return await Promise.race([answer(handler, message, subject, abandoned.signal), ended]);
    } finally {
      this.#pending.delete(end);
      stopTimer();
      signal?.removeEventListener("abort", onAbort);
      abandoned.abort();
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#subscriptions.clear();
    this.#handlers.clear();
    for (const end of this.#pending) end(new BusError(BusErrorCode.Closed, "The bus was closed."));
    return Promise.resolve();
  }

  #deliver(listeners: readonly BusListener[], subject: string, message: BusMessage): void {
    for (const listener of listeners) {
      try {
        const result = listener(message, subject);
        if (result !== undefined) result.catch((error: unknown) => this.#onError(error, subject));
      } catch (error) {
        this.#onError(error, subject);
      }
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new BusError(BusErrorCode.Closed, "The bus was closed.");
  }

  #requireRoom(): void {
    this.#requireOpen();
    if (this.#subscriptions.size + this.#handlers.size < this.#maxSubscriptions) return;
    throw new BusError(
      BusErrorCode.TooMany,
      `There are ${this.#maxSubscriptions} subscriptions and handlers already, which is all this bus allows.`,
    );
  }
}

async function answer(
  handler: BusHandler,
  message: BusMessage,
  subject: string,
  signal: AbortSignal,
): Promise<BusMessage> {
  try {
    return await handler(message, { subject, signal });
  } catch (cause) {
    throw new BusError(BusErrorCode.Failed, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function deferredFailure(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, fail) => {
    reject = fail;
  });
  return { promise, reject };
}

function startTimer(ms: number, fire: () => void): () => void {
  const timer = setTimeout(fire, ms);
  return () => clearTimeout(timer);
}
