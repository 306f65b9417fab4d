import { Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { durationMs, millisecondsOf } from "../duration.ts";
import { openSession } from "../gateway-session.ts";
import { jsonOf } from "../json-words.ts";
import { findNode } from "../node-desk.ts";
import { printableJson } from "../output/printable.ts";

const DEFAULT_TIMEOUT_MS = 15_000;
/** What the way there and back may take besides, in milliseconds. */
const WAY_MS = 10_000;

/** Asks a node for one of its commands. Always answers in JSON. */
export async function run(invocation: Invocation): Promise<Exit> {
  const command = invocation.value("command") ?? invocation.positionals[0];
  if (command === undefined) throw usageError("which command", invocation.command);
  const text = invocation.value("params");
  const params = text === undefined ? undefined : await jsonOf(text, "--params", invocation.command);
  const timeoutMs =
    millisecondsOf(invocation.value("invoke-timeout"), "invoke-timeout", invocation.command) ?? DEFAULT_TIMEOUT_MS;
  const idempotencyKey = invocation.value("idempotency-key") ?? crypto.randomUUID();
  const expires = invocation.value("expires");
  const expiresInMs = expires === undefined ? undefined : durationMs(expires, "expires", invocation.command);
  await using session = await openSession(invocation);
  const { nodes } = await session.request("node.list", {});
  const { nodeId } = findNode(nodes, invocation.value("node") ?? "");
  const given = params === undefined ? {} : { params };
  const result = invocation.has("later")
    ? await session.request("node.pending.enqueue", {
        nodeId,
        command,
        ...given,
        idempotencyKey,
        ...(expiresInMs !== undefined && { expiresInMs }),
      })
    : await session.request(
        "node.invoke",
        { nodeId, command, ...given, timeoutMs, idempotencyKey },
        { timeoutMs: timeoutMs + WAY_MS },
      );
  process.stdout.write(`${printableJson(result, 2)}\n`);
  return Exit.Ok;
}
