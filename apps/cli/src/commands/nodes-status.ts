import type { NodeRow } from "@saltgate/protocol";
import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { recentNodes } from "../node-filter.ts";
import { amount, share } from "../output/amounts.ts";
import { answer } from "../output/answer.ts";
import { age, table } from "../output/table.ts";

/** How the machines of nodes are. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const { ts, nodes } = await session.request("node.list", {});
  const shown = recentNodes(nodes, invocation);
  answer(invocation, { ts, nodes: shown }, () => {
    const counts = [
      `Known: ${nodes.length}`,
      `Paired: ${nodes.filter(({ paired }) => paired).length}`,
      `Connected: ${nodes.filter(({ connected }) => connected).length}`,
    ].join(" · ");
    if (shown.length === 0) return counts;
    return `${counts}\n\n${table(
      ["Node", "ID", "State", "Up", "Load", "Memory free", "Disk free", "Heat", "Waiting", "Caps"],
      shown.map((node) => rowOf(node, ts)),
    )}`;
  });
  return Exit.Ok;
}

function rowOf(node: NodeRow, nowMs: number): string[] {
  const { host = {} } = node;
  const seen = node.lastSeenAtMs === undefined ? "never seen" : `away ${age(node.lastSeenAtMs, nowMs)}`;
  return [
    node.displayName ?? "",
    node.nodeId.slice(0, 12),
    node.connected ? "here" : seen,
    host.uptimeSeconds === undefined ? "" : age(0, host.uptimeSeconds * 1_000),
    host.loadAverage?.[0] === undefined
      ? ""
      : `${host.loadAverage[0].toFixed(2)}${host.cpuCount === undefined ? "" : ` of ${host.cpuCount}`}`,
    share(host.memoryFreeBytes, host.memoryTotalBytes),
    host.diskFreeBytes === undefined ? "" : amount(host.diskFreeBytes),
    host.temperatureCelsius === undefined ? "" : `${Math.round(host.temperatureCelsius)} °C`,
    node.waiting === undefined ? "" : String(node.waiting),
    node.caps.join(", "),
  ];
}
