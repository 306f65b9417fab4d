import { join, resolve } from "node:path";
import {
  type AgentProfile,
  type AgentSettings,
  builtInModel,
  defaultAgentSettings,
  type ModelChain,
  resolveModel,
} from "@saltgate/agent";
import { type Config, type ConfiguredAgent, configuredAgents } from "@saltgate/config";
import { given } from "../given.ts";

/** Where agents live when the configuration doesn't say. */
export interface AgentPlaces {
  readonly stateDir: string;
  readonly homedir: string;
}

/** What the configuration says about agents and conversations, as the runtime wants it. Pure. */
export function agentSettingsOf(config: Config, places: AgentPlaces): AgentSettings {
  const { agents, bindings, messages, models, session } = config;
  const usual = defaultAgentSettings(join(places.stateDir, "workspace"));
  const aliases = Object.fromEntries(
    Object.entries(agents.defaults.models).flatMap(([model, { alias }]) =>
      alias === undefined ? [] : [[alias, model]],
    ),
  );
  const known = Object.entries(models.providers).flatMap(([provider, { models: rows }]) =>
    rows.map(({ id }) => ({ provider, model: id })),
  );
  const [first] = known;
  const fallback = first === undefined ? builtInModel : `${first.provider}/${first.model}`;
  const nameOf = (word: string): string => resolveModel(word, known, aliases) ?? word;
  const chainOf = (choice: ConfiguredAgent["model"]): ModelChain => ({
    primary: nameOf(choice.primary ?? fallback),
    fallbacks: choice.fallbacks.map(nameOf),
  });
  const all = configuredAgents(config);
  const [defaultAgent] = all;
  return {
    ...usual,
    agents: all.map((agent) => profileOf(agent, chainOf(agent.model), places)),
    defaultAgentId: defaultAgent?.id ?? usual.defaultAgentId,
    bindings,
    model: defaultAgent === undefined ? { primary: fallback, fallbacks: [] } : chainOf(defaultAgent.model),
    modelAliases: aliases,
    allowedModels: Object.keys(agents.defaults.models).map(nameOf),
    thinking: agents.defaults.thinkingDefault,
    timeoutMs: agents.defaults.timeoutSeconds * 1_000,
    // The backend gives up first, and says better why.
    silenceMs: Math.max(models.firstByteTimeoutMs, models.idleTimeoutMs) + 15_000,
    concurrency: {
      ...usual.concurrency,
      main: agents.defaults.maxConcurrent,
      subagent: agents.defaults.subagents.maxConcurrent,
    },
    session: {
      mainKey: session.mainKey,
      dmScope: session.dmScope,
      identityLinks: session.identityLinks,
      reset: {
        standard: resetPolicyOf(session.reset, session.idleMinutes) ?? usual.session.reset.standard,
        byType: given(mapValues(session.resetByType ?? {}, (policy) => resetPolicyOf(policy, undefined))),
        byChannel: given(mapValues(session.resetByChannel, (policy) => resetPolicyOf(policy, undefined))) as never,
      },
      resetTriggers: session.resetTriggers,
      sendPolicy: {
        standard: session.sendPolicy?.default ?? "allow",
        rules: session.sendPolicy?.rules ?? [],
      },
    },
    queue: messages.queue,
    limits: {
      ...session.limits,
      // What an agent doesn't say of itself holds for it as for all.
      agents: Object.fromEntries(all.map(({ id, limits }) => [id, { ...session.limits.agent, ...given(limits) }])),
    },
    contextTokens: agents.defaults.contextTokens,
    workspaceFileChars: agents.defaults.bootstrapMaxChars,
    responsePrefix: messages.responsePrefix,
  };
}

function profileOf(agent: ConfiguredAgent, model: ModelChain, places: AgentPlaces): AgentProfile {
  const usual = agent.isDefault ? "workspace" : `workspace-${agent.id}`;
  return {
    id: agent.id,
    name: agent.name,
    workspace:
      agent.workspace === undefined
        ? join(places.stateDir, usual)
        : resolve(places.homedir, agent.workspace.replace(/^~(?=$|[\\/])/, places.homedir)),
    model,
    ...(agent.identity !== undefined && { identity: given(agent.identity) }),
  };
}

type Written = Config["session"]["reset"];

/** `idleMinutes` alone means that only silence ends a conversation. */
function resetPolicyOf(
  written: Written,
  idleMinutes: number | undefined,
): AgentSettings["session"]["reset"]["standard"] | undefined {
  if (written === undefined) return idleMinutes === undefined ? undefined : { mode: "idle", idleMinutes };
  const { mode = written.idleMinutes !== undefined && written.atHour === undefined ? "idle" : "daily" } = written;
  return { ...written, mode };
}

function mapValues<T, R>(values: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
