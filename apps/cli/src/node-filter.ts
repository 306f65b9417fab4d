import type { NodeRow } from "@saltgate/protocol";
import type { Invocation } from "./command-line.ts";
import { durationMs } from "./duration.ts";

/** The nodes that `--connected` and `--last-connected` leave. */
export function recentNodes(nodes: readonly NodeRow[], invocation: Invocation, nowMs = Date.now()): NodeRow[] {
  const within = invocation.value("last-connected");
  const sinceMs = within === undefined ? 0 : nowMs - durationMs(within, "last-connected", invocation.command);
  return nodes
    .filter(({ connected }) => connected || !invocation.has("connected"))
    .filter(({ connected, lastSeenAtMs }) => within === undefined || connected || (lastSeenAtMs ?? 0) >= sinceMs);
}
