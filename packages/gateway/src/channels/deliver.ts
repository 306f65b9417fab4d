import type { OutboxRow, StoredContent } from "@saltgate/channel";
import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import { RequestError } from "../dispatch/outcome.ts";
import type { ChannelDesk } from "./channel-desk.ts";
import type { Destination } from "./destination.ts";

/**
 * Puts something into the outbox and waits for the end of all its parts.
 * @param along what is written with it, once: a repeat of the key doesn't write it again
 * @returns the last part
 * @throws {RequestError} when a part of it wasn't sent
 */
export async function deliver(
  { desk, database }: { readonly desk: ChannelDesk; readonly database: SqlDatabase },
  { channel, accountId, target }: Destination,
  key: string,
  contents: readonly StoredContent[],
  along?: (sql: SqlTransaction) => void,
): Promise<OutboxRow> {
  await database.write((sql) => {
    if (!desk.outbox.knows(sql, `${key}:0`)) along?.(sql);
    for (const [part, content] of contents.entries())
      desk.outbox.add(sql, { channel, accountId, key: `${key}:${part}`, target, content });
  });
  // One part after another goes out, so that those before the last have come to their end as well.
  let ending = await desk.ended(`${key}:${contents.length - 1}`, { channel, accountId });
  for (let part = 0; ending.outcome === "sent" && part < contents.length - 1; part += 1) {
    const earlier = await desk.ended(`${key}:${part}`, { channel, accountId });
    if (earlier.outcome !== "sent") ending = earlier;
  }
  switch (ending.outcome) {
    case "sent":
      return ending.row;
    case "failed":
      throw new RequestError(
        "DELIVERY_FAILED",
        `not delivered: ${ending.row.error ?? ending.row.state} (saltgate deliveries)`,
      );
    case "waiting": {
      const why = ending.row?.error === undefined ? "" : `: ${ending.row.error}`;
      throw new RequestError(
        "OUTBOUND_DELIVERY_QUEUED",
        `${channel} can't be reached now${why}; the message is kept and sent later`,
      );
    }
  }
}
