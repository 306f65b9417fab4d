import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { countOf, givenOptions } from "../given-options.ts";
import { amount } from "../output/amounts.ts";
import { answer } from "../output/answer.ts";
import { age, count, table } from "../output/table.ts";

/** What the states of a message mean for its owner. */
const STATES: Readonly<Record<string, string>> = {
  waiting: "waits to be sent",
  sending: "is being sent",
  unsure: "being found out whether it was sent",
  live: "is being written",
  sent: "sent",
  failed: "could not be sent",
  unknown: "may have been sent; nobody can tell",
  expired: "too old to be sent",
};
/** Those that wait for their owner. */
const DEAD: readonly string[] = ["failed", "unknown", "expired"];

/** Messages that wait to be sent, that could not be, and that nothing could be made of. */
export async function run(invocation: Invocation): Promise<Exit> {
  const limit = countOf(invocation, "limit", 100, 1_000);
  const asked = givenOptions(invocation, { channel: "channel" });
  await using session = await openSession(invocation);
  const found = await session.request("deliveries.list", { ...asked, limit });
  answer(invocation, found, () => {
    const now = Date.now();
    const { aside, deliveries, inbox, outbox } = found;
    const shortIds = shortened(deliveries.map(({ id }) => id));
    const rows = deliveries.map((row, index) => [
      shortIds[index] ?? row.id,
      row.accountId === "default" ? row.channel : `${row.channel} ${row.accountId}`,
      row.to,
      STATES[row.state] ?? row.state,
      String(row.attempts),
      age(row.createdAtMs, now),
      row.error ?? "",
      row.preview.replace(/\s+/g, " ").slice(0, 60),
    ]);
    const odd = aside.map((row) => [row.channel, row.nativeId, age(row.receivedAtMs, now), row.reason]);
    const dead = shortIds[deliveries.findIndex(({ state }) => DEAD.includes(state))];
    return [
      `Going out: ${count(outbox.open, "message")} (${amount(outbox.bytes)}), ${outbox.dead} for you to decide. Coming in: ${count(inbox.waiting, "message")} (${amount(inbox.bytes)}).`,
      rows.length > 0 && table(["Delivery", "Channel", "To", "State", "Tries", "Age", "Why", "Begins"], rows),
      dead !== undefined &&
        `Send one again: saltgate deliveries retry ${dead}; forget it: saltgate deliveries discard ${dead}`,
      odd.length > 0 &&
        `Came in and could not be read (${inbox.aside})\n${table(["Channel", "Message", "Age", "Why"], odd)}`,
    ]
      .filter((part) => typeof part === "string")
      .join("\n\n");
  });
  return Exit.Ok;
}

/** The beginnings of ids that are enough to tell them apart, eight characters or more. */
function shortened(ids: readonly string[]): readonly string[] {
  const isClear = (chars: number): boolean => new Set(ids.map((id) => id.slice(0, chars))).size === ids.length;
  const enough = [8, 12, 16, 24].find(isClear);
  return enough === undefined ? ids : ids.map((id) => id.slice(0, enough));
}
