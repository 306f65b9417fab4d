import fc from "fast-check";
import { expect, test } from "vitest";
import { denialOf, type ToolPolicyQuestion, type ToolPolicyRules } from "../../src/index.ts";

const open: ToolPolicyQuestion = {
  principal: { isOwner: true },
  model: { provider: "anthropic", model: "opus" },
  isSubagent: false,
};
const ownerTools = ["read", "write", "edit", "exec", "nodes", "sessions_list", "sessions_history", "sessions_send"];
const names = [...ownerTools, "sessions_spawn", "agents_list", "message", "session_status"];
const tool = (name: string) => ({ name, groups: [], ownerOnly: ownerTools.includes(name) });
const has = (question: Partial<ToolPolicyQuestion>): string[] =>
  names.filter((name) => denialOf(tool(name), { ...open, ...question }) === undefined);

test("[tools:policy] policy: without rules the owner has every tool", () => expect(has({})).toEqual(names));

test("[tools:owner-only] policy: others have none of the owner's tools, and no rule but the dangerous one gives them any", () => {
  const others = { principal: { isOwner: false } };
  const rest = ["sessions_spawn", "agents_list", "message", "session_status"];
  expect(has(others)).toEqual(rest);
  expect(
    has({ ...others, global: { allow: ["*"], alsoAllow: ["exec"] }, conversation: { alsoAllow: ["exec"] } }),
  ).toEqual(rest);
  expect(has({ ...others, forNonOwners: ["exec"] })).toEqual(["exec", ...rest]);
  expect(has({ ...others, forNonOwners: ["group:fs"] })).toEqual(["read", "write", "edit", ...rest]);
  for (const vague of ["*", "e*", "group:*"]) expect(has({ ...others, forNonOwners: [vague] }), vague).toEqual(rest);
  expect(has({ ...others, forNonOwners: ["exec"], global: { deny: ["exec"] } })).toEqual(rest);
});

test("[tools:policy] policy: profiles choose, and alsoAllow adds to them", () => {
  expect(has({ global: { profile: "minimal" } })).toEqual(["session_status"]);
  expect(has({ global: { profile: "messaging" } })).toEqual([
    "sessions_list",
    "sessions_history",
    "sessions_send",
    "message",
    "session_status",
  ]);
  expect(has({ global: { profile: "coding" } })).not.toContain("message");
  expect(has({ global: { profile: "full" } })).toEqual(names);
  expect(has({ global: { profile: "minimal", alsoAllow: ["Message"] } })).toEqual(["message", "session_status"]);
  expect(has({ global: { profile: "minimal" }, agent: { profile: "coding", alsoAllow: ["nodes"] } })).toContain(
    "nodes",
  );
});

test("[tools:policy] policy: names, groups, patterns and other words for a tool mean it, in upper or lower case", () => {
  expect(has({ global: { allow: ["BASH"] } })).toEqual(["exec"]);
  expect(has({ global: { allow: ["group:fs", "sessions_*"] } })).toEqual([
    "read",
    "write",
    "edit",
    "sessions_list",
    "sessions_history",
    "sessions_send",
    "sessions_spawn",
  ]);
  expect(has({ global: { allow: ["*_l*st"] } })).toEqual(["sessions_list", "agents_list"]);
  expect(has({ global: { allow: ["re", "ead", "*x*x*"] } })).toEqual([]);
  expect(
    denialOf(
      { name: "lobster", groups: ["group:plugins", "shop"], ownerOnly: false },
      { ...open, global: { deny: ["group:plugins"] } },
    ),
  ).toBe("global");
});

test("[tools:policy] policy: the provider's rules count for its models, the model's instead of them", () => {
  const byProvider = { Anthropic: { deny: ["exec"] }, "anthropic/opus": { deny: ["read"] } };
  expect(denialOf(tool("read"), { ...open, global: { byProvider } })).toBe("provider");
  expect(denialOf(tool("exec"), { ...open, global: { byProvider } })).toBeUndefined();
  expect(denialOf(tool("exec"), { ...open, model: { provider: "anthropic", model: "x" }, agent: { byProvider } })).toBe(
    "agent-provider",
  );
  expect(has({ global: { byProvider }, model: { provider: "local", model: "x" } })).toEqual(names);
  expect(
    has({ agent: { byProvider: { local: { profile: "minimal" } } }, model: { provider: "local", model: "x" } }),
  ).toEqual(["session_status"]);
});

test("[tools:policy] policy: the first step that takes a tool away is the reason", () => {
  const deny: ToolPolicyRules = { deny: ["exec"] };
  const reasons = (["global", "agent", "conversation", "sender"] as const).map((step) =>
    denialOf(tool("exec"), { ...open, [step]: deny }),
  );
  expect(reasons).toEqual(["global", "agent", "conversation", "sender"]);
  expect(denialOf(tool("exec"), { ...open, global: { profile: "minimal", deny: ["exec"] }, agent: deny })).toBe(
    "profile",
  );
});

test("[tools:policy] policy: agents that agents started reach no sessions, unless their rules name a tool", () => {
  expect(has({ isSubagent: true })).toEqual(["read", "write", "edit", "exec", "nodes", "message"]);
  expect(has({ isSubagent: true, subagent: { allow: ["sessions_list", "read"] } })).toEqual(["read", "sessions_list"]);
  expect(has({ isSubagent: true, subagent: { allow: ["*"] } })).not.toContain("sessions_list");
  expect(has({ isSubagent: true, subagent: { deny: ["exec"] } })).not.toContain("exec");
});

const entry = fc.oneof(
  fc.constantFrom(...names, "*", "group:fs", "group:sessions", "s*", "*e*"),
  fc.string({ maxLength: 8 }),
);
const list = fc.option(fc.array(entry, { maxLength: 4 }), { nil: undefined });
const rules: fc.Arbitrary<ToolPolicyRules> = fc.record({
  profile: fc.constantFrom(undefined, "minimal" as const, "coding" as const, "messaging" as const, "full" as const),
  allow: list,
  alsoAllow: list,
  deny: list,
});
const layer = fc.record({
  allow: list,
  alsoAllow: list,
  deny: list,
  profile: fc.constantFrom(undefined, "coding" as const),
});
const questions: fc.Arbitrary<ToolPolicyQuestion> = fc.record({
  principal: fc.record({ isOwner: fc.boolean() }),
  model: fc.constant({ provider: "anthropic", model: "opus" }),
  global: rules.chain((one) =>
    fc
      .option(layer, { nil: undefined })
      .map((by) => ({ ...one, byProvider: by === undefined ? {} : { anthropic: by } })),
  ),
  agent: rules,
  conversation: rules,
  sender: rules,
  isSubagent: fc.boolean(),
  subagent: rules,
  forNonOwners: list,
});

test("[tools:deny-wins] policy: whatever else is said, a tool that any step denies isn't there", () => {
  fc.assert(
    fc.property(
      questions,
      fc.constantFrom(...names),
      fc.constantFrom("global", "agent", "conversation", "sender"),
      (question, name, step) => {
        const before = question[step as "sender"];
        const denied = { ...question, [step]: { ...before, deny: [...(before?.deny ?? []), name.toUpperCase()] } };
        expect(denialOf(tool(name), denied)).toBeDefined();
      },
    ),
  );
});

test("[tools:policy] policy: conversation, sender and sub-agent rules only ever take away", () => {
  fc.assert(
    fc.property(questions, (question) => {
      const { conversation: _, sender: __, ...without } = question;
      const wide = has({ ...without, isSubagent: false });
      for (const name of has(question)) expect(wide).toContain(name);
    }),
  );
});

test("[tools:owner-only] policy: for everybody but the owner, only what is named is there, whatever the rules", () => {
  fc.assert(
    fc.property(questions, (question) => {
      const allowed = has({ ...question, principal: { isOwner: false }, forNonOwners: ["edit", "*"] });
      expect(allowed.filter((name) => ownerTools.includes(name) && name !== "edit")).toEqual([]);
    }),
  );
});
