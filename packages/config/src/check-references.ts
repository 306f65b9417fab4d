import { configuredAgents } from "./configured-agents.ts";
import type { Meaning } from "./meaning.ts";
import type { Config } from "./schema.ts";

type Warning = Meaning["warnings"][number];

/**
 * Names that lead nowhere: agents of bindings, models of agents, and aliases that stand for two models. The gateway runs with
 * them, and what they concern is answered by nobody, so they are told at the start. Pure.
 */
export function checkReferences(config: Config): readonly Warning[] {
  return [...boundToNobody(config), ...modelsThatAreNone(config), ...aliasesOfTwo(config)];
}

function boundToNobody(config: Config): readonly Warning[] {
  const ids = configuredAgents(config).map(({ id }) => id);
  return config.bindings.flatMap(({ agentId }, index) => {
    const path = `bindings[${index}].agentId`;
    if (ids.includes(agentId.trim().toLowerCase())) return [];
    const message = `"${path}" names the agent "${agentId}", which "agents.list" doesn't have: nobody answers what this binding takes. There are: ${ids.join(", ")}.`;
    return [{ path, message }];
  });
}

function modelsThatAreNone({ agents, models }: Config): readonly Warning[] {
  const choices = [
    ["agents.defaults.model", agents.defaults.model] as const,
    ...agents.list.map(({ model }, index) => [`agents.list[${index}].model`, model] as const),
  ];
  const aliases = Object.values(agents.defaults.models).flatMap(({ alias }) => alias?.toLowerCase() ?? []);
  const known = Object.entries(models.providers).flatMap(([provider, { models: rows }]) =>
    rows.map(({ id }) => ({ provider, id })),
  );
  return choices.flatMap(([path, choice]) => {
    const names = typeof choice === "string" ? [choice] : [choice?.primary ?? [], choice?.fallbacks ?? []].flat();
    return names.flatMap((name): readonly Warning[] => {
      const word = name.trim().toLowerCase();
      if (aliases.includes(word) || known.filter(({ id }) => id.toLowerCase() === word).length === 1) return [];
      const slash = word.indexOf("/");
      if (slash <= 0 || slash === word.length - 1)
        return [
          {
            path,
            message: `"${path}" names "${name}", which is no model: write provider/model, or an alias of "agents.defaults.models".`,
          },
        ];
      const provider = word.slice(0, slash);
      const rows = known.filter((row) => row.provider === provider);
      if (rows.length === 0 || rows.some(({ id }) => id.toLowerCase() === word.slice(slash + 1))) return [];
      const list = `models.providers.${provider}.models`;
      return [
        {
          path,
          message: `"${path}" names "${name}", which "${list}" doesn't list, so it can't be asked. Add it there.`,
        },
      ];
    });
  });
}

function aliasesOfTwo({ agents }: Config): readonly Warning[] {
  const rows = Object.entries(agents.defaults.models).flatMap(([model, { alias }]) =>
    alias === undefined ? [] : [{ model, alias, word: alias.toLowerCase() }],
  );
  return rows.flatMap(({ alias, model, word }, index) => {
    const first = rows.findIndex((row) => row.word === word);
    if (first === index) return [];
    const path = "agents.defaults.models";
    const message = `"${path}" gives the alias "${alias}" to ${rows[first]?.model} and to ${model}: it means the first. Give each its own.`;
    return [{ path, message }];
  });
}
