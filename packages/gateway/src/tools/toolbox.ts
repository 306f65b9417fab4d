import {
  type AgentRuntimeOptions,
  type AgentSettings,
  agentTools,
  createHostExec,
  denialOf,
  type Tool,
  type ToolsQuestion,
} from "@saltgate/agent";
import type { ExecApprovalsFile } from "@saltgate/exec-policy";
import { tellingModel } from "./failure-for-model.ts";
import { createMessagePort, type MessagePortOptions } from "./message-port.ts";
import { createNodesPort, type NodesPortOptions } from "./nodes-port.ts";
import { askOwner } from "./run-asker.ts";
import { createSessionsPort, type SessionsPortOptions } from "./sessions-port.ts";
import type { ToolHost, ToolRules } from "./tool-rules.ts";

export interface ToolboxOptions extends NodesPortOptions, Omit<MessagePortOptions, "sessions">, SessionsPortOptions {
  readonly rules: () => ToolRules;
  readonly settings: () => AgentSettings;
  readonly host: ToolHost | undefined;
  readonly approvalsFile: ExecApprovalsFile;
  readonly skillBins: () => readonly string[];
}

/** Every tool of a gateway, wired, and which of them each run has. */
export function createToolbox(options: ToolboxOptions): AgentRuntimeOptions["toolsFor"] {
  const { host, rules, runtime, settings } = options;
  const tools = agentTools({
    ...(host !== undefined && { exec: { port: hostExec(host, options), timeoutMs: () => rules().exec.timeoutMs } }),
    nodes: createNodesPort(options),
    message: createMessagePort({ ...options, sessions: runtime.sessions }),
    sessions: {
      port: createSessionsPort(options),
      reach: () => ({
        agentToAgent: rules().agentToAgent,
        allowAgents: rules().allowAgents,
        agents: settings().agents.map(({ id, name }) => ({ id, ...(name !== undefined && { name }) })),
      }),
    },
  });
  return (question) => tools.filter((tool) => isFor(tool, question, rules()));
}

/** Whether a run has a tool. With a rule for one of the models that it may think with, the strictest counts. Pure. */
function isFor({ description, groups, ownerOnly }: Tool, question: ToolsQuestion, rules: ToolRules): boolean {
  const { agentId, models, principal, rules: conversation, spawnedBy } = question;
  return models.every(
    (model) =>
      denialOf(
        { name: description.name, groups, ownerOnly },
        {
          principal,
          model,
          global: rules.global,
          agent: rules.agent(agentId),
          conversation,
          isSubagent: spawnedBy !== undefined,
          subagent: rules.subagent,
          forNonOwners: rules.forNonOwners,
        },
      ) === undefined,
  );
}

function hostExec(view: ToolHost, options: ToolboxOptions): ReturnType<typeof createHostExec> {
  return createHostExec({
    approvals: options.approvalsFile,
    view,
    limits: () => options.rules().exec,
    async ask({ canAllowAlways, plan, policy, reason }, context) {
      const more = canAllowAlways ? "" : " It can't be allowed for always.";
      const about = { host: "gateway", security: policy.security, ask: policy.ask, warningText: `${reason}.${more}` };
      return (await tellingModel(() => askOwner(plan, about, context, options))).decision;
    },
    skillBins: () => Promise.resolve(options.skillBins()),
  });
}
