import { type Config, decodeConfig } from "@saltgate/config";
import { expect, test } from "vitest";
import { agentSettingsOf } from "../src/service/agent-settings.ts";
import { toolRulesOf } from "../src/service/tool-rules.ts";

const places = { stateDir: "/state", homedir: "/home/ann" };

async function configOf(written: object): Promise<Config> {
  const decoded = await decodeConfig(JSON.stringify(written), { env: {}, fileName: "saltgate.json" });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded));
  return decoded.config;
}

test("[config:conversation] settings: what is configured about agents is what runs go by", async () => {
  const settings = agentSettingsOf(
    await configOf({
      models: {
        firstByteTimeoutMs: 280_000,
        providers: {
          lan: {
            baseUrl: "http://127.0.0.1:11434/v1",
            api: "openai-completions",
            models: [{ id: "m" }, { id: "big" }],
          },
        },
      },
      agents: {
        defaults: {
          model: { primary: "big", fallbacks: ["quick"] },
          models: { "lan/m": { alias: "quick" }, "lan/big": {} },
          contextTokens: 8_000,
          bootstrapMaxChars: 500,
          timeoutSeconds: 60,
        },
        list: [
          { id: "main", default: true },
          {
            id: "gardener",
            name: "Fern",
            workspace: "~/garden",
            model: "lan/m",
            limits: { runsPerDay: 5, costUsdPerDay: 0.5 },
          },
        ],
      },
      session: {
        dmScope: "per-peer",
        idleMinutes: 30,
        limits: { agent: { runsPerDay: 100, tokensPerDay: 9_000 }, sender: { runsPerHour: 3 } },
      },
    }),
    places,
  );
  expect(settings).toMatchObject({
    model: { primary: "lan/big", fallbacks: ["lan/m"] },
    modelAliases: { quick: "lan/m" },
    allowedModels: ["lan/m", "lan/big"],
    contextTokens: 8_000,
    workspaceFileChars: 500,
    timeoutMs: 60_000,
    limits: {
      agents: {
        main: { runsPerDay: 100, tokensPerDay: 9_000 },
        gardener: { runsPerDay: 5, tokensPerDay: 9_000, costUsdPerDay: 0.5 },
      },
      sender: { runsPerHour: 3 },
    },
    defaultAgentId: "main",
    agents: [
      { id: "main", workspace: "/state/workspace" },
      {
        id: "gardener",
        name: "Fern",
        workspace: "/home/ann/garden",
        model: { primary: "lan/m", fallbacks: ["lan/m"] },
      },
    ],
    session: { dmScope: "per-peer", reset: { standard: { mode: "idle", idleMinutes: 30 } } },
  });
  // A model that says nothing is given up by who speaks with it, before the run gives that up.
  expect(settings.silenceMs).toBeGreaterThan(280_000);
});

test("[config:conversation] settings: without any, there is one agent, and it thinks with what is built in", async () => {
  expect(agentSettingsOf(await configOf({}), places)).toMatchObject({
    agents: [{ id: "main", workspace: "/state/workspace" }],
    model: { primary: "saltgate/built-in", fallbacks: [] },
    allowedModels: [],
  });
});

test("[config:conversation] tool rules: what is configured about tools is what runs have", async () => {
  const rules = toolRulesOf(
    await configOf({
      tools: {
        profile: "coding",
        deny: ["exec"],
        byProvider: { lan: { allow: ["read"] } },
        dangerouslyAllowForNonOwners: ["read"],
        exec: { security: "allowlist", timeoutSec: 5 },
        subagents: { tools: { deny: ["write"] } },
        agentToAgent: { enabled: true, allow: ["main"] },
      },
      agents: { list: [{ id: "main", tools: { allow: ["nodes"] }, subagents: { allowAgents: ["*"] } }] },
    }),
  );
  expect(rules).toMatchObject({
    global: { profile: "coding", deny: ["exec"], byProvider: { lan: { allow: ["read"] } } },
    forNonOwners: ["read"],
    subagent: { deny: ["write"] },
    exec: { security: "allowlist", timeoutMs: 5_000 },
    agentToAgent: { enabled: true, allow: ["main"] },
  });
  expect(rules.agent("main")).toMatchObject({ allow: ["nodes"] });
  expect(rules.agent("nobody")).toBeUndefined();
  expect(rules.allowAgents("main")).toEqual(["*"]);
});
