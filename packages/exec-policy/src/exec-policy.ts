import type { ApprovalsFile, ExecPolicyView } from "@saltgate/protocol";
import type { AllowlistEntry } from "./allowlist-entry.ts";
import { allowlistOf, settingsOf } from "./approvals-document.ts";

/** What runs without asking: nothing, what the list names, everything. */
export type ExecSecurity = ExecPolicyView["security"];
/** When somebody is asked. */
export type ExecAsk = ExecPolicyView["ask"];

/** The rules of a host for one agent. */
export interface ExecPolicy {
  readonly security: ExecSecurity;
  readonly ask: ExecAsk;
  /** Whether programs of skills count as listed. */
  readonly autoAllowSkills: boolean;
  /** The entries of `*`, then the agent's own. */
  readonly allowlist: readonly AllowlistEntry[];
  /** The same for the wire: with where each rule comes from, and what is wrong with the file if something is. */
  readonly view: ExecPolicyView;
}

const strictFirst: readonly ExecSecurity[] = ["deny", "allowlist", "full"];
const askingLeast: readonly ExecAsk[] = ["off", "on-miss", "always"];

/**
 * The rules of an approvals file for one agent: the agent's own part, then `*`, then `defaults`, then what is built in
 * (security `deny`, ask `on-miss`, no skills). No agent: `*`, `defaults`, built in.
 */
export function policyOf(file: ApprovalsFile, agentId: string | null): ExecPolicy {
  const { values, sources } = settingsOf(file, agentId);
  const { security, ask, autoAllowSkills } = values;
  return {
    security,
    ask,
    autoAllowSkills,
    allowlist: allowlistOf(file, agentId),
    view: { security, ask, autoAllowSkills, sources },
  };
}

/** The rules of a host whose file can't be used: nothing runs (rule R-57). */
export function denyingPolicy(problem: string): ExecPolicy {
  const sources = { security: "damaged file", ask: "damaged file", autoAllowSkills: "damaged file" };
  const rules = { security: "deny", ask: "always", autoAllowSkills: false } as const;
  return { ...rules, allowlist: [], view: { ...rules, sources, problem } };
}

/**
 * Both at once: the lower security, the higher ask, skills only where both allow them. The allowlist is the first
 * policy's: the second may narrow what a host allows, and never adds to it. The sources say which of them won; the
 * first one does where they agree.
 */
export function combinePolicies(first: ExecPolicy, second: ExecPolicy): ExecPolicy {
  const bySecurity = strictFirst.indexOf(second.security) < strictFirst.indexOf(first.security) ? second : first;
  const byAsk = askingLeast.indexOf(second.ask) > askingLeast.indexOf(first.ask) ? second : first;
  const bySkills = first.autoAllowSkills && !second.autoAllowSkills ? second : first;
  const { security } = bySecurity;
  const { ask } = byAsk;
  const { autoAllowSkills } = bySkills;
  const problem = first.view.problem ?? second.view.problem;
  const sources = {
    ...second.view.sources,
    ...first.view.sources,
    security: bySecurity.view.sources["security"] ?? "unknown",
    ask: byAsk.view.sources["ask"] ?? "unknown",
    autoAllowSkills: bySkills.view.sources["autoAllowSkills"] ?? "unknown",
  };
  return {
    security,
    ask,
    autoAllowSkills,
    allowlist: first.allowlist,
    view: { security, ask, autoAllowSkills, sources, ...(problem === undefined ? {} : { problem }) },
  };
}
