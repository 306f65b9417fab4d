/** What the process of a gateway can be told. */
export type Order = "stop" | "restart";

/** The orders to a process in which gateways run one after another. */
export interface Orders {
  /** Waits for what the running gateway is told. A stop that came before, e.g. while it started, counts. */
  next(): Promise<Order>;
  /** Aborted once the process was told to stop, whatever it is doing at the time. */
  readonly stopping: AbortSignal;
  /** Stops listening. */
  close(): void;
}

/**
 * Listens to the signals of a process from before its first gateway starts until after its last one has ended, so that
 * none falls between two of them. A stop outweighs a restart that is under way; a further restart is the same one.
 */
export function takeOrders(onSignal: (listener: (order: Order) => void) => () => void): Orders {
  const stop = new AbortController();
  let tell = (_order: Order): void => {};
  const close = onSignal((order) => {
    if (order === "stop") stop.abort();
    tell(order);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        tell = resolve;
        if (stop.signal.aborted) resolve("stop");
      }),
    stopping: stop.signal,
    close,
  };
}
