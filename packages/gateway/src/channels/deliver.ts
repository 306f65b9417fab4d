import type { NewDelivery, OutboxRow, StoredContent } from "@saltgate/channel";
import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import { RequestError } from "../dispatch/outcome.ts";
import type { ChannelDesk } from "./channel-desk.ts";
import type { Destination } from "./destination.ts";

/**
 * Puts something into the outbox and waits for the end of all its parts.
 * @param along what is written with it, once: a repeat of the key doesn't write it again
 * @returns the last part
 * @throws {RequestError} when a part of it wasn't sent, or its key was something else's before; nothing of it is sent then
 */
export async function deliver(
  { desk, database }: { readonly desk: ChannelDesk; readonly database: SqlDatabase },
  { channel, accountId, target }: Destination,
  key: string,
  contents: readonly StoredContent[],
  along?: (sql: SqlTransaction) => void,
): Promise<OutboxRow> {
  await database.write((sql) => {
    const parts = contents.map((content, part) => ({ channel, accountId, key: `${key}:${part}`, target, content }));
    if (desk.outbox.known(sql, `${key}:0`) !== undefined)
      return requireSame(desk, sql, parts, `${key}:${parts.length}`);
    along?.(sql);
    for (const part of parts) desk.outbox.add(sql, part);
  });
  const ending = await desk.ended(`${key}:${contents.length - 1}`, { channel, accountId });
  switch (ending.outcome) {
    case "sent": {
      const dead = await firstDead(desk, key, contents.length - 1);
      if (dead === undefined) return ending.row;
      throw new RequestError(
        "DELIVERY_FAILED",
        `a part of it was not delivered: ${dead.error ?? dead.state} (saltgate deliveries)`,
      );
    }
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

/** The first of the parts before the last one that wasn't sent: they have all ended when that one has. */
async function firstDead({ outbox }: ChannelDesk, key: string, count: number): Promise<OutboxRow | undefined> {
  for (let part = 0; part < count; part += 1) {
    const row = await outbox.find(`${key}:${part}`);
    if (row !== undefined && row.state !== "sent") return row;
  }
  return undefined;
}

/**
 * What came under this key before must be the same in all its parts: otherwise a part of it would go out, or nothing, and
 * its sender be told that it was sent.
 */
function requireSame(
  { outbox }: ChannelDesk,
  sql: SqlTransaction,
  parts: readonly NewDelivery[],
  keyBehind: string,
): void {
  const isSame = parts.every((part) => {
    const known = outbox.known(sql, part.key);
    return known !== undefined && gistOf(known) === gistOf(part);
  });
  if (isSame && outbox.known(sql, keyBehind) === undefined) return;
  throw new RequestError("IDEMPOTENCY_KEY_REUSED", "this idempotency key belongs to another message");
}

/** What a delivery says, and where. A file is kept anew, under another name, each time that it comes. */
function gistOf({
  accountId,
  channel,
  content,
  target,
}: Pick<NewDelivery, "accountId" | "channel" | "content" | "target">): string {
  const said = content.kind === "media" ? { ...content, file: { ...content.file, mediaId: "" } } : content;
  return JSON.stringify([channel, accountId, target, said]);
}
