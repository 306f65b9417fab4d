import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { findWaiting, waitingNodes } from "../node-desk.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";

/** Turns a waiting node away. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const { requestId, kind, name } = findWaiting(await waitingNodes(session), invocation.positionals[0] ?? "");
  const result =
    kind === "joins"
      ? await session.request("device.pair.reject", { requestId })
      : await session.request("node.pair.reject", { requestId });
  answer(invocation, result, () =>
    kind === "joins" ? `Turned ${printable(name)} away.` : `${printable(name)} stays with the commands that it had.`,
  );
  return Exit.Ok;
}
