import type { Config } from "./schema.ts";

/** What agents think with, in the order in which it is tried. */
export interface ModelChoice {
  /** As it is written: `provider/model`, an alias or a bare name; `undefined` where nothing is configured. */
  readonly primary: string | undefined;
  readonly fallbacks: readonly string[];
}

type Entry = Config["agents"]["list"][number];

/** One agent, with what it has from the defaults. */
export interface ConfiguredAgent {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  /** As it is written, with `~`; `undefined`: the usual folder of this agent in the state folder. */
  readonly workspace: string | undefined;
  readonly model: ModelChoice;
  /** What agents that it starts think with. */
  readonly subagentModel: ModelChoice;
  /** Which agents it may start besides itself; `*` for all. */
  readonly allowAgents: readonly string[];
  /** What it may use up, where that differs from every agent's. */
  readonly limits: Entry["limits"];
  /** How it is shown. */
  readonly identity: Entry["identity"] | undefined;
  /** Its own tool rules, besides the global ones. */
  readonly tools: Entry["tools"] | undefined;
}

type Choice = Config["agents"]["defaults"]["model"];

/** The default agent where none is configured. */
const MAIN = "main";

/** Every agent, the default one first. Without any configured there is one, `main`. Pure. */
export function configuredAgents({ agents }: Pick<Config, "agents">): readonly ConfiguredAgent[] {
  const { defaults, list } = agents;
  const entries = list.length === 0 ? [{ id: MAIN }] : list;
  const defaultId = (list.find((one) => one.default === true) ?? entries[0])?.id;
  const all = entries.map((entry: Partial<Entry> & { readonly id: string }): ConfiguredAgent => {
    const isDefault = entry.id === defaultId;
    const model = choiceOf(entry.model, defaults.model);
    return {
      id: entry.id,
      name: entry.name ?? entry.id,
      isDefault,
      workspace: entry.workspace ?? (isDefault ? defaults.workspace : undefined),
      model,
      subagentModel: choiceOf(entry.subagents?.model, defaults.subagents.model, model.primary),
      allowAgents: entry.subagents?.allowAgents ?? defaults.subagents.allowAgents ?? [],
      limits: entry.limits ?? {},
      identity: entry.identity,
      tools: entry.tools,
    };
  });
  return all.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault));
}

/** The first that names a model decides about that; the first that names fallbacks about those. */
function choiceOf(...choices: readonly Choice[]): ModelChoice {
  const objects = choices.map((choice) => (typeof choice === "string" ? { primary: choice } : choice));
  return {
    primary: objects.find((one) => one?.primary !== undefined)?.primary,
    fallbacks: objects.find((one) => one?.fallbacks !== undefined)?.fallbacks ?? [],
  };
}
