import type { Usage } from "@saltgate/agent";
import type { ModelCost } from "./models-options.ts";
import type { SdkUsage } from "./sdk-model.ts";

/**
 * What a provider counted. `input` is what was read anew; what came from its cache or went into it is counted apart.
 * `undefined` when it counted nothing. Pure.
 */
export function usageOf({ inputTokens, outputTokens }: SdkUsage, cost: ModelCost | undefined): Usage | undefined {
  const { total, cacheRead, cacheWrite } = inputTokens;
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  const input = inputTokens.noCache ?? (total === undefined ? undefined : Math.max(0, total - cached));
  const output = outputTokens.total;
  if (input === undefined && output === undefined) return undefined;
  const counted: Usage = {
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    totalTokens: (input ?? 0) + cached + (output ?? 0),
  };
  return cost === undefined ? counted : { ...counted, costUsd: costOf(counted, cost) };
}

function costOf(usage: Usage, cost: ModelCost): number {
  const dollars =
    (usage.input ?? 0) * (cost.input ?? 0) +
    (usage.output ?? 0) * (cost.output ?? 0) +
    (usage.cacheRead ?? 0) * (cost.cacheRead ?? 0) +
    (usage.cacheWrite ?? 0) * (cost.cacheWrite ?? 0);
  // To a millionth of a cent: sums of many runs stay readable.
  return Math.round(dollars * 100) / 100 / 1_000_000;
}
