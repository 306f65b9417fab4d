import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { waitingNodes } from "../node-desk.ts";
import { answer } from "../output/answer.ts";
import { waitingTable } from "../output/waiting-nodes.ts";

/** Nodes that wait for approval, and what each wants to be asked for. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const waiting = await waitingNodes(session);
  answer(invocation, waiting, () =>
    waiting.length === 0
      ? "No node waits."
      : `${waitingTable(waiting, Date.now())}\n\nLet one in: saltgate nodes approve <request>`,
  );
  return Exit.Ok;
}
