import type { QueueRules } from "./queue/queue-settings.ts";
import type { SpendLimits } from "./queue/spend-limits.ts";
import type { ResetRules } from "./session/reset-policy.ts";
import { defaultRetention, type RetentionLimits } from "./session/retention.ts";
import type { AgentBinding } from "./session/routing.ts";
import type { SendRules } from "./session/send-policy.ts";
import type { DmScope, IdentityLinks } from "./session/session-key.ts";
import type { ThinkingLevel } from "./session/session-settings.ts";

/** Models to think with, as `provider/model`: the first, and those that take its place while it can't. */
export interface ModelChain {
  readonly primary: string;
  readonly fallbacks: readonly string[];
}

/** One agent. */
export interface AgentProfile {
  readonly id: string;
  readonly name?: string;
  readonly identity?: {
    readonly name?: string;
    readonly emoji?: string;
    readonly theme?: string;
    readonly avatar?: string;
  };
  /** Its folder: an absolute, real path. */
  readonly workspace: string;
  readonly model?: ModelChain;
  readonly thinking?: ThinkingLevel;
  /** Of a whole run, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Everything that configuration says about agents and conversations. Read anew for each decision. */
export interface AgentSettings {
  readonly agents: readonly AgentProfile[];
  readonly defaultAgentId: string;
  readonly bindings: readonly AgentBinding[];
  readonly model: ModelChain;
  /** Short names of models. */
  readonly modelAliases: Readonly<Record<string, string>>;
  /** The only models that a session may choose; empty: all that there are. */
  readonly allowedModels: readonly string[];
  /** Absent: `low` for models that reason. */
  readonly thinking?: ThinkingLevel | undefined;
  /** Of a whole run, in milliseconds. */
  readonly timeoutMs: number;
  /** Steps of one run at most: each is one message of the model. */
  readonly maxSteps: number;
  /** A backend that says nothing for so long has failed, in milliseconds. */
  readonly silenceMs: number;
  /** Runs at the same time, of all sessions together. */
  readonly concurrency: { readonly main: number; readonly subagent: number; readonly cron: number };
  /** A turn that has waited for so long isn't run any more, in milliseconds. */
  readonly turnMaxAgeMs: number;
  /** How often a run is begun again after the gateway died in it. */
  readonly maxAttempts: number;
  /** Turns that may wait in all sessions together; more are refused. */
  readonly maxOpenTurns: number;
  readonly session: {
    readonly mainKey: string;
    readonly dmScope: DmScope;
    readonly identityLinks: IdentityLinks;
    readonly reset: ResetRules;
    readonly resetTriggers: readonly string[];
    readonly sendPolicy: SendRules;
  };
  readonly queue: QueueRules;
  readonly limits: SpendLimits;
  /** How much of any model's context a conversation may fill, in tokens; absent: what the model takes. */
  readonly contextTokens?: number | undefined;
  /** Of each file of its folder an agent is told so much, in characters. */
  readonly workspaceFileChars: number;
  readonly retention: RetentionLimits;
  /** Stands before every answer that is delivered, e.g. `[{identity.name}]`. */
  readonly responsePrefix: string | undefined;
}

/** The model that is always there. */
export const builtInModel = "saltgate/built-in";

/** The settings of an empty configuration. @param workspace of the one agent `main` */
export function defaultAgentSettings(workspace: string): AgentSettings {
  return {
    agents: [{ id: "main", workspace }],
    defaultAgentId: "main",
    bindings: [],
    model: { primary: builtInModel, fallbacks: [] },
    modelAliases: {},
    allowedModels: [],
    timeoutMs: 600_000,
    maxSteps: 50,
    workspaceFileChars: 20_000,
    silenceMs: 120_000,
    concurrency: { main: 4, subagent: 8, cron: 1 },
    turnMaxAgeMs: 86_400_000,
    maxAttempts: 5,
    maxOpenTurns: 10_000,
    session: {
      mainKey: "main",
      dmScope: "main",
      identityLinks: {},
      reset: { standard: { mode: "daily", atHour: 4 }, byType: {}, byChannel: {} },
      resetTriggers: [],
      sendPolicy: { standard: "allow", rules: [] },
    },
    queue: {
      mode: "collect",
      byChannel: {},
      debounceMs: 1_000,
      debounceMsByChannel: {},
      cap: 20,
      drop: "summarize",
    },
    limits: { agent: {}, agents: {}, sender: {} },
    retention: defaultRetention,
    responsePrefix: undefined,
  };
}

/** Whether a session may choose a model, `provider/model`. */
export function mayChooseModel({ allowedModels }: Pick<AgentSettings, "allowedModels">, name: string): boolean {
  return allowedModels.length === 0 || allowedModels.includes(name);
}

/** How hard an agent thinks with a model, where neither its session nor what it was asked says so. */
export function usualThinking(
  settings: AgentSettings,
  agentId: string,
  model: { readonly reasoning?: boolean } | undefined,
): ThinkingLevel {
  return agentOf(settings, agentId)?.thinking ?? settings.thinking ?? (model?.reasoning === true ? "low" : "off");
}

/** The agent of an id; `undefined` when it isn't configured. */
export function agentOf(settings: AgentSettings, id: string): AgentProfile | undefined {
  return settings.agents.find((agent) => agent.id === id);
}
