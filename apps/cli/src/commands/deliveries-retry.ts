import type { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { decideDelivery } from "../delivery-order.ts";

/** Sends a message once more that had been given up. */
export function run(invocation: Invocation): Promise<Exit> {
  return decideDelivery(invocation, "deliveries.retry", ({ id, state }) =>
    state === "unknown"
      ? `${id} is sent again. It may have arrived before, and then it is there twice.`
      : `${id} is sent again. How it goes: saltgate deliveries`,
  );
}
