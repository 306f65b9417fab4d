import { expect, test } from "vitest";
import { type AgentBinding, type RouteQuestion, type RouteRules, routeTo } from "../../src/index.ts";

const rules: RouteRules = {
  bindings: [],
  defaultAgentId: "main",
  dmScope: "main",
  mainKey: "main",
  identityLinks: {},
};
const inGroup: RouteQuestion = {
  channel: "telegram",
  accountId: "default",
  isDefaultAccount: true,
  conversation: { kind: "group", id: "-5" },
  senderId: "9",
};
const direct: RouteQuestion = { ...inGroup, conversation: { kind: "direct", id: "9" } };
const bind = (agentId: string, match: Partial<AgentBinding["match"]>): AgentBinding => ({
  agentId,
  match: { channel: "telegram", ...match },
});

test("[sessions:routing] routing: without bindings the default agent answers", () => {
  expect(routeTo(direct, rules)).toEqual({
    agentId: "main",
    sessionKey: "agent:main:main",
    parentSessionKey: undefined,
    mainSessionKey: "agent:main:main",
    matchedBy: "default",
  });
  expect(routeTo(inGroup, rules).sessionKey).toBe("agent:main:telegram:group:-5");
});

test("[sessions:routing] routing: the most exact binding wins, whatever their order", () => {
  const bindings = [
    bind("channel", { accountId: "*" }),
    bind("account", {}),
    bind("team", { teamId: "t1" }),
    bind("guild", { guildId: "t1" }),
    bind("peer", { peer: { kind: "group", id: "-5" } }),
  ];
  const inSpace = { ...inGroup, conversation: { ...inGroup.conversation, spaceId: "T1" } };
  const order = ["peer", "guild", "team", "account", "channel"];
  for (let left = bindings; left.length > 0; left = left.slice(0, -1)) {
    const expected = order[bindings.length - left.length];
    for (const some of [left, left.toReversed()])
      expect(routeTo(inSpace, { ...rules, bindings: some })).toMatchObject({
        agentId: expected,
        matchedBy: `binding.${expected}`,
      });
  }
});

test("[sessions:routing] routing: a binding without an account is for the default account alone", () => {
  const bindings = [bind("work", {})];
  const elsewhere = { ...direct, accountId: "second", isDefaultAccount: false };
  expect(routeTo(direct, { ...rules, bindings }).agentId).toBe("work");
  expect(routeTo(elsewhere, { ...rules, bindings }).agentId).toBe("main");
  expect(routeTo(elsewhere, { ...rules, bindings: [bind("work", { accountId: "Second" })] }).agentId).toBe("work");
  expect(routeTo({ ...direct, channel: "signal" }, { ...rules, bindings }).agentId).toBe("main");
});

test("[sessions:routing] routing: a binding of one kind of conversation isn't one of another, and an empty id binds nobody", () => {
  const bindings = [bind("work", { peer: { kind: "dm", id: "-5" } }), bind("none", { peer: { kind: "dm", id: "" } })];
  expect(routeTo(inGroup, { ...rules, bindings }).agentId).toBe("main");
  expect(
    routeTo({ ...direct, senderId: "", conversation: { kind: "direct", id: "" } }, { ...rules, bindings }).agentId,
  ).toBe("main");
});

test("[sessions:routing] routing: topics, threads, and threads that are conversations of their own", () => {
  const inTopic = { ...inGroup, conversation: { ...inGroup.conversation, threadId: "7" } };
  expect(routeTo(inTopic, rules)).toMatchObject({
    sessionKey: "agent:main:telegram:group:-5:topic:7",
    parentSessionKey: "agent:main:telegram:group:-5",
  });
  expect(
    routeTo({ ...inTopic, channel: "slack", conversation: { kind: "channel", id: "C1", threadId: "17.5" } }, rules),
  ).toMatchObject({ sessionKey: "agent:main:slack:channel:c1:thread:17.5" });
  const thread = {
    ...inGroup,
    channel: "discord",
    conversation: { kind: "channel" as const, id: "88", parentId: "5" },
  };
  const bindings = [{ agentId: "work", match: { channel: "discord", peer: { kind: "channel" as const, id: "5" } } }];
  expect(routeTo(thread, { ...rules, bindings })).toMatchObject({
    agentId: "work",
    sessionKey: "agent:work:discord:channel:88",
    parentSessionKey: "agent:work:discord:channel:5",
  });
  expect(routeTo({ ...direct, conversation: { kind: "direct", id: "9", threadId: "3" } }, rules).sessionKey).toBe(
    "agent:main:main:thread:3",
  );
});
