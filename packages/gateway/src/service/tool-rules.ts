import { type Config, configuredAgents } from "@saltgate/config";
import type { ToolRules } from "../tools/tool-rules.ts";

/** What the configuration says about the tools of agents. Pure. */
export function toolRulesOf(config: Config): ToolRules {
  const { tools } = config;
  const agents = new Map(configuredAgents(config).map((agent) => [agent.id, agent]));
  const { agentToAgent, dangerouslyAllowForNonOwners: forNonOwners, exec, subagents } = tools;
  const { allow, alsoAllow, byProvider, deny, profile } = tools;
  return {
    global: { allow, alsoAllow, byProvider, deny, profile },
    agent: (agentId) => agents.get(agentId)?.tools,
    subagent: subagents.tools,
    forNonOwners,
    exec: { security: exec.security, ask: exec.ask, timeoutMs: exec.timeoutSec * 1_000 },
    agentToAgent,
    allowAgents: (agentId) => agents.get(agentId)?.allowAgents ?? [],
  };
}
