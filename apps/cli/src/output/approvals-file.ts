import type { ApprovalsSnapshot } from "@saltgate/protocol";
import { printable } from "./printable.ts";
import { age, table } from "./table.ts";

/** An approvals file, as people read it: what holds, for whom, and which programs run without asking. */
export function approvalsText(owner: string, { path, exists, policy, file }: ApprovalsSnapshot, nowMs: number): string {
  const rules =
    policy === undefined
      ? []
      : [
          ["security", policy.security, policy.sources["security"] ?? ""],
          ["ask", policy.ask, policy.sources["ask"] ?? ""],
          ["skills run by themselves", policy.autoAllowSkills ? "yes" : "no", policy.sources["autoAllowSkills"] ?? ""],
        ];
  const entries = Object.entries(file.agents ?? {}).flatMap(([agent, { allowlist = [] }]) =>
    allowlist.map(({ pattern, lastUsedAt, lastUsedCommand }) => [
      agent,
      pattern,
      lastUsedAt === undefined ? "never" : `${age(lastUsedAt, nowMs)} ago`,
      lastUsedCommand ?? "",
    ]),
  );
  const own = Object.entries(file.agents ?? {}).flatMap(([agent, { security, ask }]) =>
    security === undefined && ask === undefined ? [] : [[agent, security ?? "", ask ?? ""]],
  );
  return [
    `What may run on ${owner}: ${printable(path)}${exists ? "" : " (not there yet, so these are the built-in rules)"}`,
    policy?.problem !== undefined && `Nothing runs: ${printable(policy.problem)}`,
    rules.length > 0 && table(["Rule", "Holds", "From"], rules),
    own.length > 0 && `Agents with rules of their own\n${table(["Agent", "Security", "Ask"], own)}`,
    entries.length > 0
      ? `Runs without asking (${entries.length})\n${table(["Agent", "Program", "Used", "Last as"], entries)}`
      : "No program runs without asking.",
  ]
    .filter((section) => typeof section === "string")
    .join("\n\n");
}
