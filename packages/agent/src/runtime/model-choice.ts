import type { BackendErrorKind, ModelInfo, ModelRef } from "../backend.ts";
import { type AgentSettings, agentOf, type ModelChain } from "../settings.ts";

/** `provider/model`, split at the first slash; `undefined` without one. */
export function parseModelRef(text: string): ModelRef | undefined {
  const slash = text.indexOf("/");
  const [provider, model] = [text.slice(0, slash).trim().toLowerCase(), text.slice(slash + 1).trim()];
  return slash <= 0 || provider === "" || model === "" ? undefined : { provider, model };
}

/**
 * What is known of the model that an agent thinks with first.
 * @param chosen what its session chose instead of the agent's own
 */
export function modelInUse(
  settings: AgentSettings,
  agentId: string,
  chosen: string | undefined,
  models: readonly ModelInfo[],
): ModelInfo | undefined {
  const name = chosen ?? (agentOf(settings, agentId)?.model ?? settings.model).primary;
  return models.find((one) => modelName(one) === name);
}

/** A model as people write it. */
export function modelName({ model, provider }: ModelRef): string {
  return `${provider}/${model}`;
}

/** The full name that a word means: an alias, a complete name, or the only known model of that name. */
export function resolveModel(
  word: string,
  known: readonly ModelRef[],
  aliases: Readonly<Record<string, string>>,
): string | undefined {
  const text = word.trim();
  const alias = Object.entries(aliases).find(([name]) => name.toLowerCase() === text.toLowerCase())?.[1];
  if (alias !== undefined) return alias;
  const names = known.map(modelName);
  const exact = names.find((name) => name.toLowerCase() === text.toLowerCase());
  if (exact !== undefined) return exact;
  const bare = names.filter((name) => name.slice(name.indexOf("/") + 1).toLowerCase() === text.toLowerCase());
  return bare.length === 1 ? bare[0] : undefined;
}

/** Models that are left alone for a while, by name. */
export type Cooldowns = Readonly<
  Record<string, { readonly untilMs: number; readonly failures: number; readonly failedAtMs: number }>
>;

/** Failures after which another model is asked. What is wrong with the question itself is wrong for every model. */
const failsOver: ReadonlySet<BackendErrorKind> = new Set([
  "auth",
  "billing",
  "rate_limit",
  "timeout",
  "unavailable",
  "format",
]);
const minuteMs = 60_000;
const pausesMs = [minuteMs, 5 * minuteMs, 25 * minuteMs, 60 * minuteMs];
const billingPauseMs = 5 * 60 * minuteMs;
const dayMs = 24 * 60 * minuteMs;
/** Models whose failures are remembered; the oldest are forgotten. */
const maxCooldowns = 200;

/** Whether another model may answer after such a failure. */
export function mayFailOver(kind: BackendErrorKind): boolean {
  return failsOver.has(kind);
}

/** What is remembered after a failure. */
export function afterFailure(
  cooldowns: Cooldowns,
  model: string,
  failure: { readonly kind: BackendErrorKind; readonly retryAfterMs: number | undefined },
  nowMs: number,
): Cooldowns {
  if (!mayFailOver(failure.kind)) return cooldowns;
  const before = Object.hasOwn(cooldowns, model) ? cooldowns[model] : undefined;
  const failures = before === undefined || nowMs - before.failedAtMs > dayMs ? 1 : before.failures + 1;
  const usual =
    failure.kind === "billing"
      ? Math.min(billingPauseMs * 2 ** Math.min(failures - 1, 10), dayMs)
      : (pausesMs[Math.min(failures, pausesMs.length) - 1] ?? minuteMs);
  const untilMs = nowMs + Math.min(Math.max(failure.retryAfterMs ?? 0, usual), dayMs);
  const { [model]: _, ...others } = cooldowns;
  const kept = Object.entries(others)
    .toSorted(([, a], [, b]) => b.failedAtMs - a.failedAtMs)
    .slice(0, maxCooldowns - 1);
  return Object.fromEntries([...kept, [model, { untilMs, failures, failedAtMs: nowMs }]]);
}

/** It answered: what was remembered about it doesn't count any more. */
export function afterSuccess(cooldowns: Cooldowns, model: string): Cooldowns {
  if (!Object.hasOwn(cooldowns, model)) return cooldowns;
  const { [model]: _, ...others } = cooldowns;
  return others;
}

/**
 * The model to ask next: the first of the chain that wasn't tried and isn't left alone; if all are left alone, the first that wasn't tried.
 */
export function chooseModel(
  chain: ModelChain,
  tried: ReadonlySet<string>,
  cooldowns: Cooldowns,
  nowMs: number,
): string | undefined {
  const left = [...new Set([chain.primary, ...chain.fallbacks])].filter((model) => !tried.has(model));
  const isRested = (model: string) => !Object.hasOwn(cooldowns, model) || (cooldowns[model]?.untilMs ?? 0) <= nowMs;
  return left.find(isRested) ?? (tried.size === 0 ? left[0] : undefined);
}
