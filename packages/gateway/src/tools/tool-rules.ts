import type { SessionReach, ToolPolicyLayer, ToolPolicyRules } from "@saltgate/agent";
import type { ExecAsk, ExecSecurity, HostView } from "@saltgate/exec-policy";

/** What the configuration says about the tools of agents. */
export interface ToolRules {
  readonly global: ToolPolicyLayer;
  readonly agent: (agentId: string) => ToolPolicyLayer | undefined;
  /** For agents that agents started. */
  readonly subagent: ToolPolicyRules;
  /** Tools of the owner that other people's runs have too. */
  readonly forNonOwners: readonly string[];
  readonly exec: {
    readonly security?: ExecSecurity | undefined;
    readonly ask?: ExecAsk | undefined;
    readonly timeoutMs: number;
  };
  readonly agentToAgent: SessionReach["agentToAgent"];
  readonly allowAgents: SessionReach["allowAgents"];
}

/** The host that commands of agents run on; without one there is no `exec`. */
export type ToolHost = Omit<HostView, "defaultCwd">;

/** The rules of an empty configuration. */
export const defaultToolRules: ToolRules = {
  global: {},
  agent: () => undefined,
  subagent: {},
  forNonOwners: [],
  exec: { timeoutMs: 1_800_000 },
  agentToAgent: { enabled: false, allow: [] },
  allowAgents: () => [],
};
