/** What the process of a gateway can be told. */
export type Order = "stop" | "restart";

/** The orders to a process in which gateways run one after another. */
export interface Orders {
  /** A gateway begins to start: what restarts it comes from now on. */
  begin(): void;
  /** Waits for what the running gateway is told. What it was told while it started counts. */
  next(): Promise<Order>;
  /** Aborted once the process was told to stop, whatever it is doing at the time. */
  readonly stopping: AbortSignal;
  /** Stops listening. */
  close(): void;
}

/**
 * Listens to the signals of a process from before its first gateway starts until after its last one has ended, so that
 * none falls between two of them. A stop outweighs a restart that is under way; a further restart is the same one until the next
 * gateway begins: that one may have read already what was changed since.
 */
export function takeOrders(onSignal: (listener: (order: Order) => void) => () => void): Orders {
  const stop = new AbortController();
  let isRestartDue = false;
  let tell = (_order: Order): void => {};
  const close = onSignal((order) => {
    if (order === "stop") stop.abort();
    else isRestartDue = true;
    tell(order);
  });
  return {
    begin: () => {
      isRestartDue = false;
    },
    next: () =>
      new Promise((resolve) => {
        tell = resolve;
        if (stop.signal.aborted) resolve("stop");
        else if (isRestartDue) resolve("restart");
      }),
    stopping: stop.signal,
    close,
  };
}
