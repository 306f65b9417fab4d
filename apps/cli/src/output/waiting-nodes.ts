import type { WaitingNode } from "../node-desk.ts";
import { age, table } from "./table.ts";

/** Nodes that wait, with what the owner should see before he lets one in. */
export function waitingTable(waiting: readonly WaitingNode[], nowMs: number): string {
  const rows = waiting.map((row) => [
    row.requestId,
    row.name,
    row.nodeId.slice(0, 12),
    row.kind === "joins" ? "wants to join" : "names other commands",
    row.platform ?? "",
    row.remoteIp ?? "",
    age(row.ts, nowMs),
    row.commands.join(", ") || "(no commands)",
  ]);
  return table(["Request", "Name", "Node", "What", "Platform", "From", "Since", "Commands"], rows);
}
