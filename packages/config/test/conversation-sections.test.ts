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
