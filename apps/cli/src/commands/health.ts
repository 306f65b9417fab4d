import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openSession } from "../gateway-session.ts";
import { answer } from "../output/answer.ts";
import { count } from "../output/table.ts";

/** How the gateway is. */
export async function run(invocation: Invocation): Promise<Exit> {
  const startedAt = performance.now();
  await using session = await openSession(invocation);
  const health = await session.request("health", { probe: true });
  const took = Math.round(performance.now() - startedAt);
  answer(invocation, health, () =>
    [
      `${health.ok ? "OK" : (health.phase ?? "not ok")} (${took} ms)`,
      health.connections &&
        `Connections: ${count(health.connections.operators, "operator")}, ${count(health.connections.nodes, "node")}`,
      health.memory && `Memory: ${Math.round(health.memory.rssBytes / 1_048_576)} MB`,
      health.eventLoop && `Event loop: ${Math.round(health.eventLoop.delayP99Ms)} ms late at worst`,
      ...(health.problems ?? []).map((problem) => `Problem: ${problem}`),
    ]
      .filter((line) => typeof line === "string")
      .join("\n"),
  );
  return Exit.Ok;
}
