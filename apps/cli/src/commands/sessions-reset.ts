import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { givenOptions } from "../given-options.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";

/** Starts a conversation over; what was said is put aside. */
export async function run(invocation: Invocation): Promise<Exit> {
  const [key = ""] = invocation.positionals;
  await using session = await openSession(invocation);
  const asked = givenOptions(invocation, { agent: "agentId" });
  // The gateway would begin one of that name: a word that was mistyped isn't meant so.
  const { sessionId, sessionKey } = await session.request("chat.history", { sessionKey: key, limit: 1, ...asked });
  if (sessionId === undefined)
    throw new CommandError("UNKNOWN_SESSION", `there is no conversation "${(sessionKey ?? key).slice(0, 120)}" yet`, {
      mend: "Which there are: saltgate sessions list",
    });
  const done = await session.request("sessions.reset", { key, ...asked });
  answer(
    invocation,
    { key: done.key, sessionId: done.entry.sessionId },
    () => `${printable(done.key)} starts over. What runs in it was stopped, and its settings stay.`,
  );
  return Exit.Ok;
}
