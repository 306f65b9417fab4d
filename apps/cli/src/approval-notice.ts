import { createHash } from "node:crypto";
import type { SenderScope } from "@saltgate/pairing";
import { CommandError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { openSession } from "./gateway-session.ts";

/** How long the command waits for the notice to arrive, in milliseconds. It is sent later too. */
const PATIENCE_MS = 5_000;

const WORDS = "✅ You may write here now. Just say what you need.";

/** What became of a notice: it arrived, it is kept and sent later, or why not. */
export type NoticeOutcome =
  | { readonly outcome: "sent" | "later" }
  | { readonly outcome: "failed"; readonly why: string };

/**
 * Tells somebody on their channel that their owner has let them in, through the gateway that runs. The same approval is told
 * once, however often the command is run.
 */
export async function tellApproved(
  invocation: Invocation,
  scope: SenderScope,
  approved: { readonly id: string; readonly code: string },
): Promise<NoticeOutcome> {
  const { accountId, channel } = scope;
  const { code, id } = approved;
  const names = JSON.stringify([channel, accountId ?? "default", id, code.toUpperCase()]);
  const order = {
    channel,
    ...(accountId !== undefined && { accountId: accountId.toLowerCase() }),
    to: id,
    message: WORDS,
    idempotencyKey: `approved-${createHash("sha256").update(names).digest("hex")}`,
  };
  try {
    await using session = await openSession(invocation);
    await session.request("send", order, { timeoutMs: PATIENCE_MS });
    return { outcome: "sent" };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const isKept = error.code === "OUTBOUND_DELIVERY_QUEUED" || error.code === "REQUEST_TIMEOUT";
    return isKept ? { outcome: "later" } : { outcome: "failed", why: error.message };
  }
}
