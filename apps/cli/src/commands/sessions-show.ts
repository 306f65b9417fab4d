import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { countOf, givenOptions } from "../given-options.ts";
import { messageText } from "../output/message-text.ts";
import { printable, printableJson, printableText } from "../output/printable.ts";
import { age } from "../output/table.ts";
import { nameOfSession } from "./sessions-list.ts";

/** One conversation: how it is set up, and its last messages. */
export async function run(invocation: Invocation): Promise<Exit> {
  const requested = invocation.positionals[0] ?? "main";
  const limit = countOf(invocation, "limit", 20, 1_000);
  const asked = givenOptions(invocation, { agent: "agentId" });
  await using gateway = await openSession(invocation);
  const { messages = [], sessionKey = requested } = await gateway.request("chat.history", {
    sessionKey: requested,
    ...asked,
    limit,
  });
  const { session } = await gateway.request("sessions.describe", { key: sessionKey, includeDerivedTitles: true });
  if (session === null)
    throw new CommandError("UNKNOWN_SESSION", `there is no conversation "${sessionKey.slice(0, 120)}" yet`, {
      mend: "Which there are: saltgate sessions list",
    });
  if (invocation.has("json")) {
    process.stdout.write(`${printableJson({ session, messages }, 2)}\n`);
    return Exit.Ok;
  }
  const now = Date.now();
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ["Key", session.key],
    ["About", nameOfSession(session)],
    ["Channel", session.channel],
    ["Model", [session.modelProvider, session.model].filter((part) => part).join("/")],
    ["Thinking", session.thinkingLevel],
    ["Tokens", session.totalTokens == null ? undefined : String(session.totalTokens)],
    ["Last run", session.status],
    ["Last used", session.updatedAt === null ? undefined : `${age(session.updatedAt, now)} ago`],
  ];
  const head = facts.flatMap(([name, value]) =>
    value == null || value === "" ? [] : [`${name.padEnd(10)} ${printable(value)}`],
  );
  const said = messages.flatMap((message) => {
    const { errorMessage } = message;
    const failure = typeof errorMessage === "string" ? `(It failed: ${errorMessage})` : "";
    const text = [messageText(message).trim(), failure].filter((part) => part !== "").join("\n");
    return text === "" ? [] : [`${printable(message.role)}:\n${printableText(text)}`];
  });
  const words = said.length === 0 ? ["Nothing has been said in it since it began."] : said;
  process.stdout.write(`${[head.join("\n"), ...words].join("\n\n")}\n`);
  return Exit.Ok;
}
