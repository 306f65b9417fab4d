import type { ModelProvider } from "./models-options.ts";

const KNOWN = [
  {
    id: "anthropic",
    api: "anthropic-messages",
    baseUrl: "https://api.anthropic.com/v1",
    variable: "ANTHROPIC_API_KEY",
  },
  { id: "openai", api: "openai-completions", baseUrl: "https://api.openai.com/v1", variable: "OPENAI_API_KEY" },
  {
    id: "openrouter",
    api: "openai-completions",
    baseUrl: "https://openrouter.ai/api/v1",
    variable: "OPENROUTER_API_KEY",
  },
  {
    id: "gemini",
    api: "openai-completions",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    variable: "GEMINI_API_KEY",
  },
  { id: "zai", api: "openai-completions", baseUrl: "https://api.z.ai/api/paas/v4", variable: "ZAI_API_KEY" },
] as const;

/**
 * Providers whose key is in the environment and that aren't configured: they serve every model that is asked of them.
 * Pure. What is configured under the same id stays as it is, and gets the key of the environment when it names none.
 */
export function withWellKnownProviders(
  configured: readonly ModelProvider[],
  env: Readonly<Record<string, string | undefined>>,
): readonly ModelProvider[] {
  const keyOf = new Map<string, string | undefined>(KNOWN.map(({ id, variable }) => [id, env[variable]]));
  const addressOf = new Map<string, string>(KNOWN.map(({ id, baseUrl }) => [id, baseUrl]));
  const completed = configured.map((provider) => {
    const key = keyOf.get(provider.id);
    // Only at the service's own address: a key from the environment goes nowhere else.
    const isItsOwn = sameOrigin(provider.baseUrl, addressOf.get(provider.id));
    return provider.apiKey === undefined && key && isItsOwn ? { ...provider, apiKey: key } : provider;
  });
  const added = KNOWN.filter(({ id }) => !configured.some((one) => one.id === id)).flatMap(({ variable, ...known }) => {
    const apiKey = env[variable];
    return apiKey ? [{ ...known, apiKey, models: [] }] : [];
  });
  return [...completed, ...added];
}

function sameOrigin(left: string, right: string | undefined): boolean {
  return right !== undefined && URL.canParse(left) && new URL(left).origin === new URL(right).origin;
}
