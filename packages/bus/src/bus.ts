/**
 * What travels over a bus: plain JSON (no functions, no class instances, no `undefined` inside arrays), because an
 * engine between processes serialises it. An engine inside one process passes the same object to everybody: whoever
 * receives a message reads it and never changes it.
 */
export type BusMessage = unknown;

/** Gets each message of a subscription. A promise that it returns is not waited for; its failure goes to `onError`. */
export type BusListener = (message: BusMessage, subject: string) => void | Promise<void>;

/** Answers a request, at once or with a promise. `signal` fires when nobody waits for the answer any more. */
export type BusHandler = (
  message: BusMessage,
  context: { readonly subject: string; readonly signal: AbortSignal },
) => BusMessage;

export interface RequestOptions {
  /** How long to wait for the answer, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /** Stops waiting; the request then fails with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * How the parts of a gateway tell each other things, and later the gateways of one network. A subject is dot-separated,
 * e.g. `node.invoke.n1`; a pattern is a subject, or ends in `.>`, which stands for one or more further words.
 *
 * Delivery is at most once, without history: who isn't subscribed misses it. Messages of one publisher reach each
 * listener in the order in which they were published. What must not get lost belongs in a store.
 */
export interface Bus {
  /**
   * Hands a message to everybody who listens, and doesn't wait for them. Never throws for what a listener does. After
   * close it reaches nobody.
   * @throws {BusError} `invalid-subject`.
   */
  publish(subject: string, message: BusMessage): void;
  /**
   * @returns stops listening; calling it again is fine.
   * @throws {BusError} `invalid-subject`, `too-many`, `closed`.
   */
  subscribe(pattern: string, listener: BusListener): () => void;
  /**
   * Asks whoever handles this very subject.
   * @throws {BusError} `no-handler`, `timeout`, `failed` (the handler did), `too-many`, `closed`; or the signal's reason.
   */
  request(subject: string, message: BusMessage, options?: RequestOptions): Promise<BusMessage>;
  /**
   * Answers the requests to one subject. In one process there is one handler per subject.
   * @returns stops answering; what is being answered is finished.
   * @throws {BusError} `taken`, `invalid-subject`, `too-many`, `closed`.
   */
  handle(subject: string, handler: BusHandler): () => void;
  /** Ends all subscriptions and fails the requests that still wait. */
  close(): Promise<void>;
}
