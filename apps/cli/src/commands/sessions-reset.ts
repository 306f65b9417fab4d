import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { givenOptions } from "../given-options.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";

/** Starts a conversation over; what was said is put aside. */
export async function run(invocation: Invocation): Promise<Exit> {
  const [key = ""] = invocation.positionals;
  await using session = await openSession(invocation);
  const done = await session.request("sessions.reset", { key, ...givenOptions(invocation, { agent: "agentId" }) });
  answer(
    invocation,
    { key: done.key, sessionId: done.entry.sessionId },
    () => `${printable(done.key)} starts over. What runs in it was stopped, and its settings stay.`,
  );
  return Exit.Ok;
}
