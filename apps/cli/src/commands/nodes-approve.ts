import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { findWaiting, waitingNodes } from "../node-desk.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";

/** Lets a waiting node in, with the commands that it names. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const waiting = findWaiting(await waitingNodes(session), invocation.positionals[0] ?? "");
  const { requestId, kind, name, nodeId, commands } = waiting;
  const result =
    kind === "joins"
      ? await session.request("device.pair.approve", { requestId })
      : await session.request("node.pair.approve", { requestId });
  answer(invocation, result, () =>
    [
      `Approved ${printable(name)} (${printable(nodeId.slice(0, 12))}).`,
      commands.length === 0
        ? "It names no command, so it can't be asked for anything."
        : `It may be asked for: ${commands.map(printable).join(", ")}.`,
      kind === "joins" && "It connects by itself within a few seconds: saltgate nodes list",
    ]
      .filter((line) => typeof line === "string")
      .join("\n"),
  );
  return Exit.Ok;
}
