import type { QueuedDelivery } from "@saltgate/protocol";
import { Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { findOne, meansId } from "./find-one.ts";
import { openSession } from "./gateway-session.ts";
import { answer } from "./output/answer.ts";

/** Most deliveries among which one is looked for. */
const LOOKED_AT = 1_000;

/**
 * Carries out what an owner decided about one message that was not sent: the one whose id, or its beginning, was typed.
 * @throws {CommandError} when none or several could be meant
 */
export async function decideDelivery(
  invocation: Invocation,
  order: "deliveries.retry" | "deliveries.discard",
  said: (delivery: QueuedDelivery) => string,
): Promise<Exit> {
  await using session = await openSession(invocation);
  const { deliveries } = await session.request("deliveries.list", { limit: LOOKED_AT });
  const delivery = findOne(deliveries, invocation.positionals[0] ?? "", {
    isMeant: ({ id }, word) => meansId(word, id),
    idOf: ({ id }) => id,
    code: "UNKNOWN_DELIVERY",
    several: "deliveries",
    none: (word) => `no delivery "${word}" waits or was given up`,
    empty: "Nothing waits, and nothing was given up: saltgate deliveries",
  });
  const { id } = delivery;
  await session.request(order, { id });
  answer(invocation, { ok: true, id }, () => said(delivery));
  return Exit.Ok;
}
