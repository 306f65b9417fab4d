import { expect, test } from "vitest";
import { planReload } from "../src/index.ts";

test("[config:reload-plan] reload: the same configuration needs nothing", () => {
  const config = { gateway: { port: 1, trustedProxies: ["10.0.0.1"] } };
  expect(planReload(config, structuredClone(config))).toEqual({ changed: [], action: "none", channels: [] });
});

test.each([
  [{ gateway: { port: 1 } }, { gateway: { port: 2 } }, "gateway.port", "gateway"],
  [{ gateway: {} }, { gateway: { auth: { token: "t" } } }, "gateway.auth.token", "gateway"],
  [{ logging: { level: "info" } }, { logging: { level: "debug" } }, "logging.level", "live"],
  [{}, { gateway: { controlUi: { allowedOrigins: ["https://x"] } } }, "gateway.controlUi.allowedOrigins", "live"],
  [
    { gateway: { nodes: { denyCommands: ["a"] } } },
    { gateway: { nodes: { denyCommands: [] } } },
    "gateway.nodes.denyCommands",
    "live",
  ],
  [
    { gateway: { remote: { url: "wss://a" } } },
    { gateway: { remote: { url: "wss://b" } } },
    "gateway.remote.url",
    "live",
  ],
  [{ meta: { lastTouchedAt: "1" } }, { meta: { lastTouchedAt: "2" } }, "meta.lastTouchedAt", "none"],
  [{ agents: { list: [] } }, {}, "agents.list", "live"],
  [{ broadcast: { "1@g.us": ["a"] } }, { broadcast: { "1@g.us": ["b"] } }, "broadcast.1@g.us", "gateway"],
  [{ cron: {} }, {}, "cron", "live"],
  [{}, { unheardOf: 1 }, "unheardOf", "gateway"],
])("[config:reload-plan] reload: from %j to %j changes %s, which means %s", (previous, next, path, effect) => {
  expect(planReload(previous, next)).toEqual({ changed: [{ path, effect }], action: effect, channels: [] });
});

test("[config:reload-plan] reload: a changed channel restarts that channel and no other", () => {
  const channels = { telegram: { botToken: "a" }, slack: { appToken: "b" } };
  const plan = planReload({ channels }, { channels: { ...channels, telegram: { botToken: "c" } } });
  expect(plan).toMatchObject({ action: "channel", channels: ["telegram"] });
  expect(planReload({ channels }, { channels: { ...channels, defaults: { groupPolicy: "open" } } }).channels).toEqual([
    "*",
  ]);
  const accounts = { work: { botToken: "d" } };
  const account = planReload({ channels }, { channels: { ...channels, telegram: { botToken: "a", accounts } } });
  expect(account).toMatchObject({ action: "channel", channels: ["telegram"] });
});

test("[config:reload-plan] reload: the strongest effect decides", () => {
  const previous = { logging: { level: "info" }, gateway: { port: 1 }, channels: { telegram: { x: 1 } } };
  const next = { logging: { level: "warn" }, gateway: { port: 2 }, channels: { telegram: { x: 2 } } };
  expect(planReload(previous, next).action).toBe("gateway");
});
