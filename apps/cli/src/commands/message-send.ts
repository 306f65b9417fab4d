import { Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { givenOptions } from "../given-options.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";
import { messageOf } from "../typed-text.ts";

/** How long the gateway may try before it says that a message waits, in milliseconds. */
const PATIENCE_MS = 45_000;

/** Sends a message to somebody on a channel, without an agent. */
export async function run(invocation: Invocation): Promise<Exit> {
  const to = invocation.value("to");
  if (to === undefined) throw usageError("--to <id> is missing", invocation.command);
  const order = {
    ...givenOptions(invocation, { channel: "channel", account: "accountId", thread: "threadId" }),
    to,
    message: await messageOf(invocation),
    ...(invocation.has("silent") && { silent: true }),
    idempotencyKey: invocation.value("key") ?? crypto.randomUUID(),
  };
  await using session = await openSession(invocation);
  const sent = await session.request("send", order, { timeoutMs: PATIENCE_MS });
  answer(
    invocation,
    sent,
    () => `Sent to ${printable(to)} on ${printable(sent.channel)}: message ${printable(sent.messageId)}.`,
  );
  return Exit.Ok;
}
