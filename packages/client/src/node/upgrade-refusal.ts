import type { IncomingMessage } from "node:http";
import { ClientError } from "../errors.ts";

/** Largest part of an HTTP refusal that is read, in bytes. */
const maxBytes = 4_096;

/** What an HTTP server said instead of opening a WebSocket. Some gateways explain themselves; their words are shown, in bounds. */
export async function upgradeRefusal(response: IncomingMessage): Promise<ClientError> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // Half an explanation is as good as none: the status counts.
  }
  const status = response.statusCode ?? 0;
  const said = messageIn(Buffer.concat(chunks).toString("utf8"));
  const seconds = Number(response.headers["retry-after"] ?? Number.NaN);
  return new ClientError(
    "UPGRADE_REFUSED",
    `an HTTP server answered with ${status}${said === undefined ? "" : `: ${said}`}`,
    {
      httpStatus: status,
      retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined,
    },
  );
}

function messageIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    // One printable line: it ends up in terminals and logs.
    return typeof error?.message === "string" ? error.message.replace(/[^\x20-\x7e]/g, " ").slice(0, 200) : undefined;
  } catch {
    return undefined; // not JSON: some other server's page
  }
}
