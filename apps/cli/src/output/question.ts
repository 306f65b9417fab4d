import type { PendingApproval } from "@saltgate/protocol";
import { printable } from "./printable.ts";

/**
 * What to know when a question was answered with "from now on": a run that belongs to no agent is allowed that one time,
 * because its program would have to stand on the list of all agents.
 */
export function noteOnAlways({ request: { nodeId, agentId, resolvedPath } }: PendingApproval): string | undefined {
  if (nodeId == null || agentId != null) return undefined;
  const program = printable(resolvedPath ?? "<program>");
  return `That was for this one run, because it belongs to no agent. For good: saltgate approvals allowlist add ${program} --node ${nodeId.slice(0, 12)}`;
}

/** A question to an owner, with everything that he should see before he answers. Each fact is one line. */
export function questionText(
  { id, request, expiresAtMs }: PendingApproval,
  nowMs: number,
  nodeNames: ReadonlyMap<string, string>,
): string {
  const { nodeId } = request;
  const node = nodeId == null ? undefined : `${nodeNames.get(nodeId) ?? "node"} (${nodeId.slice(0, 12)})`;
  const seconds = Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1_000));
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ["where", node ?? request.host],
    ["folder", request.cwd],
    ["program", request.resolvedPath],
    ["script", request.scriptPath],
    ["variables", request.envNames?.join(", ")],
    ["agent", request.agentId],
    ["session", request.sessionKey],
    ["warning", request.warningText],
    ["answer within", `${seconds} s`],
    ["id", id],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value == null || value === "" ? [] : [`  ${name}: ${printable(value)}`],
  );
  return [`May this run?  ${printable(request.command)}`, ...lines].join("\n");
}
