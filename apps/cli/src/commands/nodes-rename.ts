import { Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { findNode, nodeName } from "../node-desk.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";

/** Gives a node a name. */
export async function run(invocation: Invocation): Promise<Exit> {
  const words = [...invocation.positionals];
  const node = invocation.value("node") ?? words.shift();
  const name = invocation.value("name") ?? words.shift();
  if (node === undefined || name === undefined) throw usageError("which node, and which name", invocation.command);
  await using session = await openSession(invocation);
  const { nodes } = await session.request("node.list", {});
  const found = findNode(nodes, node);
  const result = await session.request("node.rename", { nodeId: found.nodeId, displayName: name });
  answer(invocation, result, () => `${nodeName(found)} is called ${printable(result.displayName)} now.`);
  return Exit.Ok;
}
