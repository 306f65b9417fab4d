import {
  type AgentRuntime,
  type AgentSettings,
  agentIdOf,
  mayChooseModel,
  modelName,
  resolveSessionKey,
} from "@saltgate/agent";
import { RequestError } from "../dispatch/outcome.ts";
import { given } from "../given.ts";
import { requireAgent } from "./asked-turn.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about agents and models need. */
export interface AgentMethodsOptions {
  readonly runtime: AgentRuntime;
  readonly settings: () => AgentSettings;
}

type AgentMethods = Pick<Handlers, "agents.list" | "agent.identity.get" | "models.list">;

/** Handlers of the methods about agents, and the models that they think with. */
export function agentMethods({ runtime, settings }: AgentMethodsOptions): AgentMethods {
  return {
    "agents.list"() {
      const { agents, defaultAgentId, session } = settings();
      return {
        defaultId: defaultAgentId,
        mainKey: session.mainKey,
        scope: "per-sender",
        agents: agents.map(({ id, identity, name }) => ({
          id,
          ...given({ name: name ?? identity?.name, identity: identity && given(identity) }),
        })),
      };
    },
    "agent.identity.get"({ agentId, sessionKey }) {
      const { agents, defaultAgentId, session } = settings();
      const ofKey =
        sessionKey === undefined
          ? undefined
          : resolveSessionKey(sessionKey, { defaultAgentId, mainKey: session.mainKey, agentId });
      if (ofKey?.ok === false) throw new RequestError("INVALID_PARAMS", ofKey.reason);
      const id = ofKey?.agentId ?? (agentId === undefined ? defaultAgentId : agentIdOf(agentId));
      const agent = agents.find((candidate) => candidate.id === id);
      const name = agent?.identity?.name ?? agent?.name ?? "Assistant";
      const { avatar = name.slice(0, 1).toUpperCase(), emoji } = agent?.identity ?? {};
      return { agentId: id, name, avatar, ...given({ emoji }) };
    },
    "models.list"({ agentId }) {
      const current = settings();
      if (agentId !== undefined) requireAgent(agentId, current);
      return {
        models: runtime
          .models()
          .filter((one) => mayChooseModel(current, modelName(one)))
          .map(({ contextWindow, model, name, provider, reasoning }) => ({
            id: model,
            name,
            provider,
            ...given({ contextWindow, reasoning }),
          })),
      };
    },
  };
}
