import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ALL, chatPlace } from "../support/chat-place.ts";
import { startWorld } from "../support/world.ts";

test("[chat:glance] health and status: tell channels, agents and sessions as they are", async () => {
  await using place = await chatPlace();
  const missing = [
    { id: "discord", problem: "channels.discord is configured, and this version has no adapter for it" },
  ];
  await using world = await place.open({ telegram: { dmPolicy: "open", allowFrom: ["*"] }, missing });
  const wire = await world.operator(4, ALL);
  place.telegram.people.say({ from: place.ann.id, text: "hello" });
  await place.telegram.untilSent(place.ann.id, 1);
  const { payload: health } = await wire.request("health", { probe: true });
  const recent = { key: "agent:main:main", updatedAt: expect.any(Number), age: expect.any(Number) };
  expect(health).toMatchObject({
    ok: false,
    phase: "degraded",
    problems: [missing[0]?.problem],
    channelOrder: ["telegram"],
    channelLabels: { telegram: "Telegram" },
    channels: { telegram: { connected: true, accounts: { default: { accountId: "default", health: "connected" } } } },
    defaultAgentId: "main",
    agents: [{ agentId: "main", isDefault: true, sessions: { count: 1, recent: [recent] } }],
    sessions: { count: 1, recent: [recent] },
  });
  expect(JSON.stringify(health)).not.toContain(place.bot.token);
  const { payload: status } = await wire.request("status", {});
  const session = { key: "agent:main:main", agentId: "main", model: "emulated/m", contextTokens: null, flags: [] };
  expect(status).toMatchObject({
    heartbeat: { defaultAgentId: "main", agents: [{ agentId: "main", enabled: false }] },
    channelSummary: ["Telegram: connected"],
    sessions: {
      count: 1,
      defaults: { model: "emulated/m", contextTokens: null },
      recent: [session],
      byAgent: [{ agentId: "main", count: 1, recent: [session] }],
    },
  });
});

test("[R-19] conversations: below admin, no answer and no event names a path of the gateway's disk", async () => {
  await using place = await chatPlace();
  await using world = await place.open({ telegram: {} });
  const owner = await world.operator(4, ALL);
  const reader = await world.operator(3, ["operator.read", "operator.write"]);
  await reader.request("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "k1" });
  await reader.event("chat", ({ state }: { state: string }) => state === "final");
  const asked: [string, object][] = [
    ["health", { probe: true }],
    ["status", {}],
    ["sessions.list", {}],
    ["sessions.describe", { key: "main" }],
    ["chat.history", { sessionKey: "main" }],
    ["channels.status", { probe: true }],
    ["agents.list", {}],
    ["deliveries.list", {}],
  ];
  for (const [method, params] of asked) expect((await reader.request(method, params)).ok).toBe(true);
  await reader.event("health");
  const folder = join(place.workspace, "..");
  expect(JSON.stringify(reader.frames)).not.toContain(folder);
  expect((await owner.request("sessions.list", {})).payload).toMatchObject({ path: join(folder, "state.db") });
});

test("[chat:glance] health: a database that can't be used is a problem that is told, and the gateway answers all the same", async () => {
  // A folder stands where the file should be.
  const folder = await mkdtemp(join(tmpdir(), "saltgate-glance-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using world = await startWorld({ databaseFile: folder });
  const wire = world.dial();
  await wire.connect({ scopes: ALL });
  const look = async () => (await wire.request("health", { probe: true })).payload as { problems?: string[] };
  await expect.poll(async () => (await look()).problems?.join() ?? "").toContain("Conversations can't be used");
  expect(await look()).toMatchObject({ sessions: { count: 0 }, channels: {} });
  expect((await wire.request("status", {})).ok).toBe(true);
  const refused = await wire.request("chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "k" });
  expect(refused.ok).toBe(false);
});
