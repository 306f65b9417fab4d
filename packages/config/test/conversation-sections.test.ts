import { expect, test } from "vitest";
import { decodeConfig } from "../src/index.ts";

const decode = (text: string) => decodeConfig(text, { fileName: "saltgate.json", env: {} });

test("[config:conversation] config: what says how conversations go is read, with every default filled in", async () => {
  const empty = await decode("{}");
  expect(empty).toMatchObject({
    ok: true,
    config: {
      bindings: [],
      session: { dmScope: "main", mainKey: "main", identityLinks: {}, limits: { agent: {}, sender: {} } },
      messages: { queue: { mode: "collect", debounceMs: 1_000, cap: 20, drop: "summarize" } },
    },
  });
  const full = await decode(`{
    session: {
      dmScope: "per-channel-peer", identityLinks: { ann: ["telegram:1"] }, reset: { mode: "idle", idleMinutes: 30 },
      resetByType: { group: { mode: "off" } }, resetByChannel: { slack: { mode: "daily", atHour: 0 } },
      sendPolicy: { default: "deny", rules: [{ action: "allow", match: { channel: "telegram", chatType: "direct" } }] },
      limits: { sender: { runsPerHour: 30, costUsdPerDay: 0.5 } },
    },
    messages: { queue: { mode: "steer", byChannel: { telegram: "followup" } }, groupChat: { mentionPatterns: ["\\\\bsalt\\\\b"] } },
    agents: { list: [{ id: "work" }] },
    bindings: [{ agentId: "work", match: { channel: "slack", peer: { kind: "channel", id: "C1" } } }],
  }`);
  expect(full).toMatchObject({ ok: true, warnings: [] });
});

test.each([
  ["{ session: { dmScope: 'per-person' } }", "session.dmScope"],
  ["{ session: { reset: { atHour: 24 } } }", "session.reset"],
  ["{ session: { limits: { agent: { runsPerHour: 0 } } } }", "session.limits.agent.runsPerHour"],
  ["{ messages: { queue: { cap: 0 } } }", "messages.queue.cap"],
  ["{ messages: { queue: { modus: 'steer' } } }", "messages.queue.modus"],
  ["{ bindings: [{ agentId: 'Work!', match: { channel: 'slack' } }] }", "bindings"],
  ["{ bindings: [{ agentId: 'work', match: {} }] }", "bindings"],
])("[config:conversation] config: %s is refused, and the message names the key", async (text, path) => {
  const decoded = await decode(text);
  expect(decoded.ok).toBe(false);
  if (!decoded.ok) expect(decoded.problems.map(({ message }) => message).join()).toContain(path);
});

test.each([
  [
    "{ bindings: [{ agentId: 'wrok', match: { channel: 'slack' } }] }",
    /bindings\[0\]\.agentId.*"wrok".*There are: main/,
  ],
  ["{ agents: { defaults: { model: 'gpt' } } }", /agents\.defaults\.model.*"gpt".*write provider\/model/],
  [
    "{ agents: { list: [{ id: 'a', model: { primary: 'o/y', fallbacks: ['o/x', 'x'] } }] }, models: { providers: { o: { baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'x' }] } } } }",
    /agents\.list\[0\]\.model.*"o\/y".*models\.providers\.o\.models/,
  ],
  ["{ agents: { defaults: { models: { 'o/x': { alias: 'a' }, 'o/y': { alias: 'A' } } } } }", /"A" to o\/x and to o\/y/],
])("[config:conversation] config: %s runs, and is told that a name leads nowhere", async (text, words) => {
  const decoded = await decode(text);
  expect(decoded.ok).toBe(true);
  expect(decoded.warnings.map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
});

test("[config:conversation] config: models by alias, by their name alone and of services that list none are no mistake", async () => {
  const decoded = await decode(`{
    agents: { defaults: { model: { primary: "Big", fallbacks: ["x", "anthropic/anything"] }, models: { "o/y": { alias: "big" } } } },
    models: { providers: { o: { baseUrl: "http://127.0.0.1:1/v1", models: [{ id: "x" }, { id: "y" }] } } },
  }`);
  expect(decoded).toMatchObject({ ok: true, warnings: [] });
});
