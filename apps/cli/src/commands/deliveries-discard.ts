import type { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { decideDelivery } from "../delivery-order.ts";

/** Forgets a message that was not sent. */
export function run(invocation: Invocation): Promise<Exit> {
  return decideDelivery(invocation, "deliveries.discard", ({ id }) => `${id} is forgotten, and will not be sent.`);
}
