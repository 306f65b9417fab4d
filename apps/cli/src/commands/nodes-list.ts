import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { waitingNodes } from "../node-desk.ts";
import { recentNodes } from "../node-filter.ts";
import { answer } from "../output/answer.ts";
import { age, table } from "../output/table.ts";
import { waitingTable } from "../output/waiting-nodes.ts";

/** Nodes that are here, known, or wait for approval. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const [{ nodes }, waiting] = await Promise.all([session.request("node.list", {}), waitingNodes(session)]);
  const shown = recentNodes(nodes, invocation);
  answer(invocation, { pending: waiting, nodes: shown }, () => {
    const now = Date.now();
    const rows = shown.map((node) => [
      node.displayName ?? "",
      node.nodeId.slice(0, 12),
      node.connected ? "here" : node.paired ? "away" : "unknown",
      node.lastSeenAtMs === undefined || node.connected ? "" : `${age(node.lastSeenAtMs, now)} ago`,
      node.platform ?? "",
      node.remoteIp ?? "",
      node.connected ? `${node.commands.length}${node.withheld ? ` (${node.withheld.length} withheld)` : ""}` : "",
    ]);
    const sections = [
      waiting.length > 0 && `Waiting (${waiting.length})\n${waitingTable(waiting, now)}`,
      waiting.length > 0 && "Let one in: saltgate nodes approve <request>",
      rows.length > 0 &&
        `Nodes (${rows.length})\n${table(["Name", "Node", "State", "Last seen", "Platform", "From", "Commands"], rows)}`,
      waiting.length === 0 && nodes.length === 0 && "No nodes yet. Invite one: saltgate nodes invite",
      nodes.length > 0 && rows.length === 0 && "No node was here in that time.",
    ];
    return sections.filter((section) => typeof section === "string").join("\n\n");
  });
  return Exit.Ok;
}
