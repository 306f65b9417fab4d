import { expect, test } from "vitest";
import { agentIdOf, maySend, queueModeOf, type ResetPolicy } from "../../src/index.ts";
import { askOf, emptyLanes, laneOf, nextOf, releaseOf } from "../../src/queue/run-lanes.ts";
import { exceededLimit } from "../../src/queue/spend-limits.ts";
import { afterFailure, afterSuccess, chooseModel, resolveModel } from "../../src/runtime/model-choice.ts";
import { lastDailyBoundary, resetPolicyOf, staleBecause } from "../../src/session/reset-policy.ts";

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();

test("[sessions:stale] reset policy: a day ends at its hour by the local clock, silence after its minutes, and what comes first counts", () => {
  const daily: ResetPolicy = { mode: "daily" };
  expect(lastDailyBoundary(at(21, 3, 59), 4)).toBe(at(20, 4));
  expect(lastDailyBoundary(at(21, 4), 4)).toBe(at(21, 4));
  expect(staleBecause(daily, at(21, 3), at(21, 3, 59))).toBeUndefined();
  expect(staleBecause(daily, at(21, 3), at(21, 4))).toBe("daily");
  expect(staleBecause({ mode: "idle" }, at(21, 3), at(21, 4))).toBeUndefined();
  expect(staleBecause({ mode: "idle" }, at(21, 3), at(21, 4, 1))).toBe("idle");
  expect(staleBecause({ mode: "daily", idleMinutes: 5 }, at(21, 5), at(21, 5, 6))).toBe("idle");
  expect(staleBecause({ mode: "off", idleMinutes: 1 }, 0, at(21, 5))).toBeUndefined();
});

test("[sessions:stale] reset policy: the channel's wins over the kind's, and that over the standard", () => {
  const rules = {
    standard: { mode: "daily" },
    byType: { group: { mode: "off" } },
    byChannel: { slack: { mode: "idle" } },
  } as const;
  expect(resetPolicyOf(rules, "dm", "telegram")).toEqual({ mode: "daily" });
  expect(resetPolicyOf(rules, "group", "telegram")).toEqual({ mode: "off" });
  expect(resetPolicyOf(rules, "group", "Slack")).toEqual({ mode: "idle" });
  expect(resetPolicyOf(rules, "dm", "constructor")).toEqual({ mode: "daily" });
});

test("[sessions:send-policy] send policy: the session's own wins, then a rule that denies, then one that allows, then the standard", () => {
  const session = { key: "agent:main:telegram:group:1", channel: "telegram", chatType: "group", override: undefined };
  const deny = { action: "deny", match: { chatType: "group" } } as const;
  const allow = { action: "allow", match: { keyPrefix: "agent:main:" } } as const;
  expect(maySend({ standard: "deny", rules: [] }, session)).toBe(false);
  expect(maySend({ standard: "deny", rules: [allow] }, session)).toBe(true);
  expect(maySend({ standard: "allow", rules: [allow, deny] }, session)).toBe(false);
  expect(maySend({ standard: "allow", rules: [deny] }, { ...session, override: "allow" })).toBe(true);
  expect(maySend({ standard: "allow", rules: [deny] }, { ...session, chatType: "direct" })).toBe(true);
});

test("[runs:limits] spend limits: what is used up is said in words, and nothing is limited that isn't named", () => {
  const spent = { runsLastHour: 3, runsLastDay: 10, tokensLastDay: 500, costUsdLastDay: 1 };
  expect(exceededLimit({}, spent, "It")).toBeUndefined();
  expect(
    exceededLimit({ runsPerHour: 4, runsPerDay: 11, tokensPerDay: 501, costUsdPerDay: 1.01 }, spent, "It"),
  ).toBeUndefined();
  expect(exceededLimit({ runsPerHour: 3 }, spent, "It")).toBe("It has used up its 3 runs of an hour");
  expect(exceededLimit({ runsPerDay: 10 }, spent, "It")).toContain("runs of a day");
  expect(exceededLimit({ tokensPerDay: 500 }, spent, "It")).toContain("tokens");
  expect(exceededLimit({ costUsdPerDay: 1 }, spent, "It")).toContain("dollars");
});

test("[runs:one-per-session] run lanes: each lane has its own room, and who asked first comes first", () => {
  const limits = { main: 1, subagent: 1, cron: 1 };
  expect(["agent:a:main", "agent:a:subagent:1", "agent:a:cron:j", "global"].map(laneOf)).toEqual([
    "main",
    "subagent",
    "cron",
    "main",
  ]);
  const first = nextOf(["agent:a:x", "agent:a:y", "agent:a:cron:j"].reduce(askOf, emptyLanes), limits);
  expect(first?.sessionKey).toBe("agent:a:x");
  const second = nextOf(first!.state, limits);
  expect(second?.sessionKey).toBe("agent:a:cron:j");
  expect(nextOf(second!.state, limits)).toBeUndefined();
  expect(nextOf(releaseOf(second!.state, "agent:a:x"), limits)?.sessionKey).toBe("agent:a:y");
});

test("[runs:failover] model choice: failures cost a growing while, an answer forgives, and what is wrong with the question costs nothing", () => {
  const chain = { primary: "a/1", fallbacks: ["b/2"] };
  const failure = { kind: "rate_limit", retryAfterMs: undefined } as const;
  let cooldowns = afterFailure({}, "a/1", failure, 0);
  expect(cooldowns["a/1"]?.untilMs).toBe(60_000);
  expect(chooseModel(chain, new Set(), cooldowns, 1)).toBe("b/2");
  expect(chooseModel(chain, new Set(), cooldowns, 60_000)).toBe("a/1");
  for (const until of [5, 25, 60, 60]) {
    cooldowns = afterFailure(cooldowns, "a/1", failure, 0);
    expect(cooldowns["a/1"]?.untilMs).toBe(until * 60_000);
  }
  expect(afterFailure({}, "a/1", { ...failure, retryAfterMs: 600_000 }, 0)["a/1"]?.untilMs).toBe(600_000);
  expect(afterFailure({}, "a/1", { kind: "billing", retryAfterMs: undefined }, 0)["a/1"]?.untilMs).toBe(5 * 3_600_000);
  expect(afterFailure({}, "a/1", { kind: "refusal", retryAfterMs: undefined }, 0)).toEqual({});
  expect(afterSuccess(cooldowns, "a/1")).toEqual({});
  const both = afterFailure(cooldowns, "b/2", failure, 0);
  expect(chooseModel(chain, new Set(), both, 1)).toBe("a/1");
  expect(chooseModel(chain, new Set(["a/1"]), both, 1)).toBeUndefined();
  let many = {};
  for (let n = 0; n < 500; n++) many = afterFailure(many, `m/${n}`, failure, n);
  expect(Object.keys(many)).toHaveLength(200);
});

test("[runs:commands] model choice: a word means an alias, a whole name, or the only model of that name", () => {
  const known = [
    { provider: "a", model: "x" },
    { provider: "b", model: "x" },
    { provider: "b", model: "y/z" },
  ];
  expect(resolveModel("Fast", known, { fast: "b/y/z" })).toBe("b/y/z");
  expect(resolveModel("A/X", known, {})).toBe("a/x");
  expect(resolveModel("y/z", known, {})).toBe("b/y/z");
  expect(resolveModel("x", known, {})).toBeUndefined();
  expect(resolveModel("none", known, {})).toBeUndefined();
});

test("[sessions:keys] names: agents' ids and queue modes in all their spellings", () => {
  expect(["Home Lab!", "  ", "-x", "ünï"].map(agentIdOf)).toEqual(["home-lab-", "main", "x", "n-"]);
  expect(["queue", "steer+backlog", "abort", "constructor"].map(queueModeOf)).toEqual([
    "steer",
    "steer",
    "interrupt",
    undefined,
  ]);
});
