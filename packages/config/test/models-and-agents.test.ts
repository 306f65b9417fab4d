import { expect, test } from "vitest";
import {
  configuredAgents,
  type DecodedConfig,
  decodeConfig,
  explain,
  planReload,
  type RefusedConfig,
} from "../src/index.ts";

const decode = (text: string, env: Record<string, string> = {}): Promise<DecodedConfig | RefusedConfig> =>
  decodeConfig(text, { fileName: "saltgate.json", env });

async function good(text: string, env: Record<string, string> = {}): Promise<DecodedConfig> {
  const decoded = await decode(text, env);
  if (!decoded.ok) throw new Error(decoded.problems.map(({ message }) => message).join("\n"));
  return decoded;
}

const problems = async (text: string): Promise<string[]> => {
  const decoded = await decode(text);
  return decoded.ok ? [] : decoded.problems.map(({ message }) => message);
};

test("[models:config] models: a provider has an address, a way to speak, a key from the environment, and models", async () => {
  const text = `{ models: { providers: { "my.server": {
    baseUrl: "http://127.0.0.1:11434/v1", apiKey: "\${MY_KEY}",
    models: [{ id: "llama3.3:70b", contextWindow: 131072, input: ["text", "image"], cost: { input: 0.5 } }] } } } }`;
  const { config, warnings } = await good(text, { MY_KEY: "s-key" });
  expect(warnings).toEqual([]);
  expect(config.models).toEqual({
    mode: "merge",
    firstByteTimeoutMs: 120_000,
    idleTimeoutMs: 120_000,
    providers: {
      "my.server": {
        baseUrl: "http://127.0.0.1:11434/v1",
        api: "openai-completions",
        apiKey: "s-key",
        models: [{ id: "llama3.3:70b", contextWindow: 131_072, input: ["text", "image"], cost: { input: 0.5 } }],
      },
    },
  });
  expect((await decode(text)).ok).toBe(false);
});

test("[models:config] models: what is off is said with its path and what it must be", async () => {
  expect(await problems('{ models: { providers: { a: { baseUrl: "ftp://x" } } } }')).toEqual([
    'saltgate.json line 1: "models.providers.a.baseUrl" must be an address that begins with http:// or https://, without a user name, ? and #.',
  ]);
  expect(await problems('{ models: { providers: { a: { baseUrl: "http://h/v1?key=s-key" } } } }')).toEqual([
    expect.not.stringContaining("s-key"),
  ]);
  expect(await problems('{ models: { providers: { a: { baseURL: "http://h/v1" } } } }')).toContain(
    'saltgate.json line 1: unknown key "models.providers.a.baseURL". Did you mean "models.providers.<id>.baseUrl"?',
  );
  expect(await problems('{ models: { providers: { "A b": { baseUrl: "http://h" } } } }')).toEqual([
    'saltgate.json line 1: "models.providers.A b" has a name that can\'t be used here.',
  ]);
  expect(
    await problems('{ models: { providers: { a: { baseUrl: "http://h", api: "google-generative-ai" } } } }'),
  ).toEqual([expect.stringContaining('must be "openai-completions" or "anthropic-messages"')]);
});

test("[models:config] models: a key that would travel in plain text is warned of", async () => {
  const warned = async (host: string): Promise<boolean> => {
    const { warnings } = await good(
      `{ models: { providers: { a: { baseUrl: "http://${host}/v1", apiKey: "k1234" } } } }`,
    );
    return warnings.some(({ message }) => message.includes("can be read on the way"));
  };
  for (const host of ["127.0.0.1:1", "192.168.1.4", "100.64.0.1", "ollama:11434", "box.local", "[::1]:1", "[fd00::1]"])
    expect(await warned(host), host).toBe(false);
  for (const host of ["api.example.com", "8.8.8.8", "172.32.0.1", "[2001:db8::1]"])
    expect(await warned(host), host).toBe(true);
});

test("[models:config] models: a change takes effect at once, and every entry is explained", () => {
  const provider = { baseUrl: "http://h/v1", models: [{ id: "a" }] };
  const next = { models: { providers: { x: { ...provider, models: [{ id: "b" }] } } } };
  expect(planReload({ models: { providers: { x: provider } } }, next).action).toBe("live");
  expect(planReload({}, next).action).toBe("live");
  expect(explain("models.providers.some.dotted.name.apiKey")).toMatchObject({ kind: "key", sensitive: true });
  expect(explain("agents.list[3].tools.deny")).toMatchObject({ kind: "key", path: "agents.list[].tools.deny" });
});

test("[models:config] agents: without any there is one, called main", async () => {
  expect(configuredAgents((await good("{}")).config)).toEqual([
    {
      id: "main",
      name: "main",
      isDefault: true,
      workspace: undefined,
      model: { primary: undefined, fallbacks: [] },
      subagentModel: { primary: undefined, fallbacks: [] },
      allowAgents: [],
      limits: {},
      identity: undefined,
      tools: undefined,
    },
  ]);
});

test("[models:config] agents: what an agent doesn't say comes from the defaults, the default agent comes first", async () => {
  const { config } = await good(`{ agents: {
    defaults: { workspace: "~/w", model: { primary: "a/m", fallbacks: ["b/m"] }, subagents: { allowAgents: ["*"] } },
    list: [{ id: "work", model: "c/m", tools: { deny: ["exec"] } }, { id: "home", default: true, name: "Home" }] } }`);
  expect(configuredAgents(config)).toMatchObject([
    { id: "home", name: "Home", isDefault: true, workspace: "~/w", model: { primary: "a/m", fallbacks: ["b/m"] } },
    {
      id: "work",
      isDefault: false,
      workspace: undefined,
      model: { primary: "c/m", fallbacks: ["b/m"] },
      subagentModel: { primary: "c/m" },
      allowAgents: ["*"],
      tools: { deny: ["exec"] },
    },
  ]);
});

test("[models:config] agents: two of one id, two defaults, and both kinds of allowances are refused", async () => {
  expect(await problems('{ agents: { list: [{ id: "a" }, { id: "a" }] } }')).toEqual([
    'saltgate.json line 1: "agents.list" has the agent "a" twice.',
  ]);
  expect(await problems('{ agents: { list: [{ id: "a", default: true }, { id: "b", default: true }] } }')).toHaveLength(
    1,
  );
  expect(await problems('{ tools: { allow: ["read"], alsoAllow: ["exec"] } }')).toEqual([
    expect.stringContaining("keep one of them"),
  ]);
  expect(
    await problems('{ agents: { list: [{ id: "a", tools: { byProvider: { x: { allow: [], alsoAllow: [] } } } }] } }'),
  ).toEqual([expect.stringContaining("agents.list[0].tools.byProvider.x.alsoAllow")]);
});
