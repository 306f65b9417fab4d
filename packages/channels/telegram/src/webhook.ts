import { createHash, timingSafeEqual } from "node:crypto";
import type { WebhookRequest } from "@saltgate/channel";
import { fieldsIn } from "./reading.ts";

/** Largest update that a webhook takes, in bytes; Telegram's own are far below it. */
const maxBodyBytes = 1_048_576;

/** An update that came to a webhook, or the status to answer. */
export type WebhookDecision = { readonly update: unknown } | { readonly status: number; readonly body: string };

/**
 * Whether a request comes from Telegram: it carries the secret that was told to Telegram alone. Both are compared by their digests, so
 * that neither length nor content shows in the time it takes (rule R-46). Without a secret nothing is believed (rule R-54). Pure.
 * @returns the status to refuse it with; undefined when it does
 */
export function refuseWebhook(
  headers: WebhookRequest["headers"],
  secret: string | undefined,
): { readonly status: number; readonly body: string } | undefined {
  if (secret === undefined || secret === "") return { status: 503, body: "This webhook has no secret." };
  const [, presented = ""] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === "x-telegram-bot-api-secret-token") ?? [];
  return timingSafeEqual(digest(presented), digest(secret)) ? undefined : { status: 401, body: "Wrong secret." };
}

/** Reads a request. What {@link refuseWebhook} refuses is no update. Pure. */
export function readWebhook({ headers, body }: WebhookRequest, secret: string | undefined): WebhookDecision {
  const refusal = refuseWebhook(headers, secret);
  if (refusal !== undefined) return refusal;
  if (body.length > maxBodyBytes) return { status: 413, body: "Too large." };
  try {
    const update = fieldsIn(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
    if (update !== undefined) return { update };
  } catch {
    // Telegram would bring it again and again; it was never one of its updates.
  }
  return { status: 400, body: "No update." };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
