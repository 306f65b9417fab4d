import type { DeliveryState, OutboxRow } from "@saltgate/channel";
import type { QueuedDelivery } from "@saltgate/protocol";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { isPairingKey } from "../conversation/inbound-desk.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { given } from "../given.ts";
import type { Handlers } from "./handlers.ts";

type DeliveryMethods = Pick<Handlers, "deliveries.list" | "deliveries.retry" | "deliveries.discard">;

const openStates: readonly DeliveryState[] = ["waiting", "sending", "unsure", "live"];
const deadStates: readonly DeliveryState[] = ["failed", "unknown", "expired"];
const shownChars = 200;

/** Handlers of the methods by which an owner sees what was not delivered, and decides about it. */
export function deliveryMethods(desk: ChannelDesk): DeliveryMethods {
  return {
    async "deliveries.list"({ states, channel, limit }) {
      const wanted = states ?? [...openStates, ...deadStates];
      const [rows, aside, inbox, outbox] = await Promise.all([
        desk.outbox.list(wanted, limit ?? 100, { channel }),
        desk.inbox.aside(limit ?? 100),
        desk.inbox.filling(),
        desk.outbox.filling(),
      ]);
      return {
        deliveries: rows.map(shownDelivery),
        aside: aside
          .filter((row) => channel === undefined || row.channel === channel)
          .map(({ seq, channel: from, accountId, nativeId, reason, receivedAtMs }) => ({
            id: String(seq),
            channel: from,
            accountId,
            nativeId,
            reason,
            receivedAtMs,
          })),
        inbox: { waiting: inbox.waiting, bytes: inbox.bytes, aside: inbox.aside },
        outbox: { open: outbox.open, bytes: outbox.bytes, dead: outbox.dead },
      };
    },
    async "deliveries.retry"({ id }) {
      const row = await desk.outbox.retry(id);
      if (row === undefined) throw unknownDelivery(id);
      desk.nudge(row);
      return { ok: true };
    },
    async "deliveries.discard"({ id }) {
      if (!(await desk.outbox.discard(id))) throw unknownDelivery(id);
      return { ok: true };
    },
  };
}

function shownDelivery(row: OutboxRow): QueuedDelivery {
  const { content } = row;
  // Whoever may read isn't told the codes that let strangers in.
  const words = isPairingKey(row.key)
    ? "a pairing code"
    : content.kind === "text" || content.kind === "edit"
      ? content.text
      : content.kind === "media"
        ? (content.caption ?? content.file.fileName)
        : content.kind === "poll"
          ? content.question
          : content.kind;
  return {
    ...given({ threadId: row.target.threadId, error: row.error, errorKind: row.errorKind, runId: row.runId }),
    id: row.id,
    channel: row.channel,
    accountId: row.accountId,
    to: row.target.to,
    kind: content.kind,
    state: row.state,
    attempts: row.attempts,
    preview: words.length > shownChars ? `${words.slice(0, shownChars)}…` : words,
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
    expiresAtMs: row.expiresAtMs,
    ...(row.state === "waiting" || row.state === "unsure" ? { nextAtMs: row.nextAtMs } : {}),
  };
}

function unknownDelivery(id: string): RequestError {
  return new RequestError(
    "UNKNOWN_DELIVERY",
    `no such delivery, or it is under way: ${id.slice(0, 80)} (saltgate deliveries)`,
  );
}
