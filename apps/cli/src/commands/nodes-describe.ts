import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { findNode, nodeWord } from "../node-desk.ts";
import { amount, share } from "../output/amounts.ts";
import { answer } from "../output/answer.ts";
import { printable } from "../output/printable.ts";
import { age, table } from "../output/table.ts";

/** One node: what it may be asked for, and what not, and why. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using session = await openSession(invocation);
  const { nodes } = await session.request("node.list", {});
  const { nodeId } = findNode(nodes, nodeWord(invocation));
  const node = await session.request("node.describe", { nodeId });
  answer(invocation, node, () => {
    const { host, ts } = node;
    const facts: readonly (readonly [string, string | undefined])[] = [
      ["Node", node.nodeId],
      ["Name", node.displayName],
      ["State", `${node.connected ? "here" : "away"}${node.paired ? "" : ", not paired"}`],
      ["Here since", node.connectedAtMs === undefined ? undefined : `${age(node.connectedAtMs, ts)}`],
      ["Last seen", node.lastSeenAtMs === undefined ? undefined : `${age(node.lastSeenAtMs, ts)} ago`],
      ["Platform", [node.platform, node.deviceFamily, node.modelIdentifier].filter(Boolean).join(" · ")],
      ["Version", node.version],
      ["From", node.remoteIp],
      ["Caps", node.caps.join(", ")],
      ["PATH", node.pathEnv],
      ["Load", host?.loadAverage?.map((load) => load.toFixed(2)).join(" ")],
      ["Memory free", share(host?.memoryFreeBytes, host?.memoryTotalBytes)],
      ["Disk free", share(host?.diskFreeBytes, host?.diskTotalBytes)],
      ["Heat", host?.temperatureCelsius === undefined ? undefined : `${Math.round(host.temperatureCelsius)} °C`],
      ["Memory", host?.memoryTotalBytes === undefined ? undefined : amount(host.memoryTotalBytes)],
      ["Work that waits", node.waiting === undefined ? undefined : String(node.waiting)],
    ];
    const known = facts.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value]]));
    const sections = [
      table(["", ""], known).split("\n").slice(1).join("\n"),
      node.commands.length > 0 && `May be asked for\n${node.commands.map((name) => `  ${printable(name)}`).join("\n")}`,
      node.withheld !== undefined &&
        `Says that it can, and may not be asked\n${table(
          ["Command", "Why"],
          node.withheld.map(({ command, reason }) => [command, reason]),
        )}`,
    ];
    return sections.filter((section) => typeof section === "string").join("\n\n");
  });
  return Exit.Ok;
}
