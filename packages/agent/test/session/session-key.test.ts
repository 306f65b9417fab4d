import fc from "fast-check";
import { expect, test } from "vitest";
import {
  agentIdOf,
  directSessionKey,
  isAgentId,
  isMainSessionKey,
  mainSessionKey,
  parseSessionKey,
  resolveSessionKey,
  roomSessionKey,
  sessionKindOf,
  sessionTypeOf,
  threadSessionKey,
} from "../../src/index.ts";

const anyId = fc.oneof(
  fc.string({ minLength: 1, maxLength: 300 }),
  fc.stringMatching(/^[a-z0-9:%@._-]{1,20}$/),
  fc.constantFrom("a:dm:b", "dm", "thread", "a:thread:5", "%3a", "%h", "group:x", "%=alice", "1:topic:2"),
);
const scopes = fc.constantFrom("per-peer", "per-channel-peer", "per-account-channel-peer", "main");
const same = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase();

test("[sessions:keys] session key: the documented forms", () => {
  const peer = { agentId: "Home", channel: "telegram", accountId: "default", peerId: "123" };
  expect(directSessionKey(peer, { scope: "main" })).toBe("agent:home:main");
  expect(directSessionKey(peer, { scope: "per-peer" })).toBe("agent:home:dm:123");
  expect(directSessionKey(peer, { scope: "per-channel-peer" })).toBe("agent:home:telegram:dm:123");
  expect(directSessionKey(peer, { scope: "per-account-channel-peer" })).toBe("agent:home:telegram:default:dm:123");
  const group = roomSessionKey({ agentId: "main", channel: "telegram", kind: "group", id: "-100200" });
  expect(threadSessionKey(group, "7", "topic")).toBe("agent:main:telegram:group:-100200:topic:7");
  expect(roomSessionKey({ agentId: "main", channel: "slack", kind: "channel", id: "C0123" })).toBe(
    "agent:main:slack:channel:c0123",
  );
  expect([
    sessionKindOf(group),
    sessionKindOf("agent:main:main"),
    sessionKindOf("global"),
    sessionKindOf("unknown"),
  ]).toEqual(["group", "direct", "global", "unknown"]);
  expect([sessionTypeOf(group), sessionTypeOf(`${group}:topic:7`), sessionTypeOf("agent:main:main")]).toEqual([
    "group",
    "thread",
    "dm",
  ]);
  expect([isMainSessionKey("agent:x:main"), isMainSessionKey("agent:x:dm:main"), isMainSessionKey("main")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("[sessions:keys] session key: what a request means", () => {
  const rules = { defaultAgentId: "main" };
  const keyOf = (text: string, more = {}) => resolveSessionKey(text, { ...rules, ...more });
  expect(keyOf("main")).toEqual({ ok: true, key: "agent:main:main", agentId: "main" });
  expect(keyOf("MAIN", { agentId: "Work" })).toEqual({ ok: true, key: "agent:work:main", agentId: "work" });
  expect(keyOf("agent:work:main", { mainKey: "home" })).toEqual({ ok: true, key: "agent:work:home", agentId: "work" });
  expect(keyOf("home", { mainKey: "home" })).toEqual({ ok: true, key: "agent:main:home", agentId: "main" });
  expect(keyOf("cron:j1")).toEqual({ ok: true, key: "agent:main:cron:j1", agentId: "main" });
  expect(keyOf("node-abc")).toEqual({ ok: true, key: "agent:main:node-abc", agentId: "main" });
  expect(keyOf("agent:work:dm:1", { agentId: "main" })).toMatchObject({ ok: false });
  for (const bad of [
    "",
    " ",
    "a b",
    "agent:work:",
    "agent::main",
    "agent:wo rk:x",
    "x::y",
    "a\u202eb",
    "x".repeat(513),
  ])
    expect(keyOf(bad), JSON.stringify(bad)).toMatchObject({ ok: false });
});

test("[sessions:keys] session key: whatever the ids are, a key is lower case, bounded, and read back as it was built", () => {
  fc.assert(
    fc.property(anyId, anyId, anyId, anyId, scopes, (agentId, channel, accountId, peerId, scope) => {
      const key = threadSessionKey(directSessionKey({ agentId, channel, accountId, peerId }, { scope }), accountId);
      expect(key).toBe(key.toLowerCase());
      expect(parseSessionKey(key.slice(0, 512))?.agentId).toBe(agentIdOf(agentId));
      expect(isAgentId(agentIdOf(agentId))).toBe(true);
      expect(sessionKindOf(key)).toBe("direct");
    }),
  );
});

test("[sessions:own-key] session key: no key of one peer is another's, whatever characters their ids have", () => {
  fc.assert(
    fc.property(anyId, anyId, anyId, anyId, (a, b, channel, other) => {
      fc.pre(!same(a, b) && !same(channel, other) && a.trim() !== "" && b.trim() !== "");
      const agentId = "main";
      const accountId = "default";
      const links = { alice: ["telegram:1"], "%=bob": ["x"], [other]: ["nobody's"] };
      for (const identityLinks of [{}, links]) {
        const keys = [a, b].flatMap((peerId) => [
          directSessionKey({ agentId, channel, accountId, peerId }, { scope: "per-channel-peer", identityLinks }),
          directSessionKey(
            { agentId, channel, accountId, peerId },
            { scope: "per-account-channel-peer", identityLinks },
          ),
          directSessionKey({ agentId, channel, accountId, peerId }, { scope: "per-peer", identityLinks }),
          roomSessionKey({ agentId, channel, kind: "group", id: peerId }),
          roomSessionKey({ agentId, channel, kind: "channel", id: peerId }),
          threadSessionKey(roomSessionKey({ agentId, channel, kind: "group", id: peerId }), "7", "topic"),
        ]);
        expect(new Set([...keys, mainSessionKey(agentId)]).size).toBe(keys.length + 1);
      }
    }),
  );
});

test("[sessions:own-key] session key: linked ids are one person, and an id that spells the person's name is somebody else", () => {
  const identityLinks = { alice: ["telegram:1", "+4915"] };
  const keyOf = (channel: string, peerId: string) =>
    directSessionKey({ agentId: "main", channel, accountId: "default", peerId }, { scope: "per-peer", identityLinks });
  expect(keyOf("telegram", "1")).toBe("agent:main:dm:alice");
  expect(keyOf("whatsapp", "+4915")).toBe("agent:main:dm:alice");
  expect(keyOf("discord", "1")).toBe("agent:main:dm:1");
  expect(keyOf("discord", "Alice")).toBe("agent:main:dm:%=alice");
});
