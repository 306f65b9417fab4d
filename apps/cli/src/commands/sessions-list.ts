import type { SessionRow } from "@saltgate/protocol";
import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { countOf, givenOptions } from "../given-options.ts";
import { answer } from "../output/answer.ts";
import { age, table } from "../output/table.ts";

/** Longest cell with words of people, in characters. */
const SHOWN_CHARS = 48;

/** Conversations, the latest first. */
export async function run(invocation: Invocation): Promise<Exit> {
  const limit = countOf(invocation, "limit", 50, 1_000);
  const asked = givenOptions(invocation, { agent: "agentId", search: "search" });
  await using session = await openSession(invocation);
  const { sessions } = await session.request("sessions.list", {
    ...asked,
    limit,
    includeDerivedTitles: true,
    includeLastMessage: true,
  });
  answer(invocation, { sessions }, () => {
    if (sessions.length === 0) return "No conversations yet. Begin one: saltgate chat";
    const now = Date.now();
    const rows = sessions.map((row) => [
      row.key,
      nameOfSession(row),
      row.channel ?? "",
      row.model ?? "",
      row.status ?? "",
      row.updatedAt === null ? "" : age(row.updatedAt, now),
      shortened(row.lastMessagePreview ?? ""),
    ]);
    return table(["Key", "About", "Channel", "Model", "Last run", "Ago", "Last words"], rows);
  });
  return Exit.Ok;
}

/** What a conversation is called: by its owner, by its channel, or by its first words. */
export function nameOfSession({ derivedTitle, displayName, label }: SessionRow): string {
  return shortened(label ?? displayName ?? derivedTitle ?? "");
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS - 1)}…` : line;
}
