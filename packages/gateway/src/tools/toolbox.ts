import {
  type AgentRuntimeOptions,
  type AgentSettings,
  agentTools,
  createHostExec,
  denialOf,
  type SessionExecLimits,
  type SessionRecord,
  type Tool,
  type ToolsQuestion,
} from "@saltgate/agent";
import type { ExecApprovalsFile, ExecAsk, ExecSecurity } from "@saltgate/exec-policy";
import type { SqlTransaction } from "@saltgate/store";
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

/** How many sessions, each started by the next one, are looked through. */
const maxSpawnDepth = 16;

/** What a session was set to for commands, and those that started it: a task may not do more than whoever gave it. */
function execLimitsOf(sql: SqlTransaction, sessionKey: string, { runtime }: ToolboxOptions): SessionExecLimits[] {
  const found: SessionExecLimits[] = [];
  let key: string | undefined = sessionKey;
  for (let depth = 0; key !== undefined && depth < maxSpawnDepth; depth += 1) {
    const record: SessionRecord | undefined = runtime.sessions.get(sql, key);
    const { execAsk: ask, execHost: host, execSecurity: security } = record?.settings ?? {};
    // Only these words come into a session.
    found.push({ host, ask: ask as ExecAsk | undefined, security: security as ExecSecurity | undefined });
    key = record?.spawnedBy;
  }
  return found;
}

function hostExec(view: ToolHost, options: ToolboxOptions): ReturnType<typeof createHostExec> {
  return createHostExec({
    approvals: options.approvalsFile,
    view,
    limits: () => options.rules().exec,
    sessionLimits: (sessionKey) => options.database.read((sql) => execLimitsOf(sql, sessionKey, options)),
    async ask({ canAllowAlways, plan, policy, reason }, context) {
      const more = canAllowAlways ? "" : " It can't be allowed for always.";
      const about = { host: "gateway", security: policy.security, ask: policy.ask, warningText: `${reason}.${more}` };
      return (await tellingModel(() => askOwner(plan, about, context, options))).decision;
    },
    skillBins: () => Promise.resolve(options.skillBins()),
  });
}
