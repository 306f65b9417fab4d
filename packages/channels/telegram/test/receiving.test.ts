import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ChannelRig } from "../../../../tooling/emulators/src/suite/channel-rig.ts";
import { startTelegramWorld } from "../../../../tooling/emulators/src/telegram/telegram-world.ts";
import { adapter } from "../src/index.ts";

test("[telegram:quiet] polling: two hours of silence are no failure", async () => {
  await using world = await startTelegramWorld(adapter);
  await using rig = await ChannelRig.connected(world);
  const told = rig.statuses.length;
  for (let polls = 0; polls < 288; polls += 1) {
    await world.untilListening();
    world.clock.advance(25_000);
    world.bot.queue.endPoll();
    await world.telegram.calls.untilCalled("getUpdates", polls + 3);
  }
  await world.untilListening();
  const later = rig.statuses.slice(told);
  expect(
    later.every(
      ({ health, connected, reconnectAttempts }) => health === "connected" && connected && reconnectAttempts === 0,
    ),
  ).toBe(true);
  expect(rig.status.lastTransportAtMs).toBe(world.clock.now());
  expect(world.telegram.calls.of("getMe")).toHaveLength(1);
});

test("[telegram:conflict] polling: another program is waited for, told of once, and never fought", async () => {
  await using world = await startTelegramWorld(adapter);
  world.telegram.faults.add({ kind: "conflict", method: "getUpdates", times: 3 });
  await using rig = await ChannelRig.open(world);
  void rig.start();
  for (let round = 1; round <= 3; round += 1) {
    await world.clock.untilWaiting(30_000, 60_000);
    expect(rig.status).toMatchObject({ connected: false, health: "reconnecting", reconnectAttempts: round });
    expect(rig.status.lastError).toContain("Another program");
    expect(world.telegram.calls.of("getUpdates")).toHaveLength(round);
    world.clock.advance(60_000);
    await world.telegram.calls.untilCalled("getUpdates", round + 1);
  }
  await rig.until(({ connected }) => connected);
  expect(rig.lines.filter((line) => line.includes("Another program"))).toHaveLength(1);
});

test("[telegram:conflict] polling: a webhook that is in the way is taken away, and what waits is kept", async () => {
  await using world = await startTelegramWorld(adapter);
  world.bot.webhook = { url: "http://127.0.0.1:1/", secret: undefined };
  world.say({ text: "kept" });
  await using rig = await ChannelRig.connected(world);
  await rig.inbox.until(1);
  expect(world.bot.webhook).toBeUndefined();
  expect(world.telegram.calls.of("deleteWebhook")).toMatchObject([{ params: { drop_pending_updates: false } }]);
});

test("[telegram:rate] polling: being told to wait is honoured to the second", async () => {
  await using world = await startTelegramWorld(adapter);
  world.telegram.faults.add({ kind: "rate", method: "getUpdates", retryAfterS: 42 });
  await using rig = await ChannelRig.open(world);
  void rig.start();
  await world.clock.untilWaiting(42_000, 42_000);
  world.clock.advance(41_999);
  expect(world.telegram.calls.of("getUpdates")).toHaveLength(1);
  world.clock.advance(1);
  await rig.until(({ connected }) => connected);
});

test("[telegram:errors] polling: when Telegram is away it is asked again, more and more slowly, and nothing is lost", async () => {
  await using world = await startTelegramWorld(adapter);
  await using rig = await ChannelRig.connected(world);
  await world.untilListening();
  world.telegram.faults.add({ kind: "error-before", method: "getUpdates", times: 2 });
  world.telegram.faults.add({ kind: "cut-before", method: "getUpdates", times: 1 });
  world.say({ text: "one" });
  await rig.inbox.until(1);
  // 2 s, 3.6 s and 6.48 s, and an eighth of each more by the chance of a half.
  for (const ms of [2_250, 4_050, 7_290]) {
    await world.clock.untilWaiting(ms, ms);
    expect(rig.status).toMatchObject({ connected: false, health: "reconnecting" });
    world.clock.advance(ms);
  }
  await rig.until(({ connected }) => connected);
  world.say({ text: "two" });
  await rig.inbox.until(2);
  expect(rig.inbox.taken).toHaveLength(2);
});

test("[telegram:duplicates] polling: repeated and mixed-up updates are taken in order, with their own ids", async () => {
  await using world = await startTelegramWorld(adapter);
  world.bot.queue.twist("out-of-order");
  for (const text of ["one", "two", "three"]) world.say({ text });
  await using rig = await ChannelRig.connected(world);
  await rig.inbox.until(3);
  expect(rig.inbox.taken.map((event) => "text" in event && event.text)).toEqual(["one", "two", "three"]);
  await world.untilListening();
  world.bot.queue.twist("duplicate");
  world.say({ text: "four" });
  await rig.inbox.until(4);
  expect(rig.inbox.taken).toHaveLength(5);
  expect(rig.inbox.events).toHaveLength(4);
});

test("[telegram:one-poll] polling: two accounts with one token are an error of whoever comes second, never two polls", async () => {
  await using world = await startTelegramWorld(adapter);
  await using first = await ChannelRig.connected(world);
  await using second = await ChannelRig.open(world);
  const running = second.start();
  await world.clock.untilWaiting(15_000, 15_000);
  world.clock.advance(15_000);
  await expect(running).rejects.toMatchObject({ kind: "config", fix: expect.stringContaining("bot of its own") });
  expect(first.status.running).toBe(true);
  expect(world.overlaps()).toBe(0);
});

test("[telegram:one-poll] polling: a stop ends a batch that can't be written, in bounded time", async () => {
  await using world = await startTelegramWorld(adapter);
  await using rig = await ChannelRig.connected(world);
  const release = rig.inbox.hold();
  world.say({ text: "stuck" });
  await rig.inbox.untilMet(() => rig.inbox.offered === 1);
  const stopped = rig.stop();
  await world.clock.untilWaiting(10_000, 10_000);
  world.clock.advance(10_000);
  await stopped;
  expect(rig.status).toMatchObject({ running: false, health: "stopped" });
  release();
});

test("[telegram:notices] receiving: what people do to messages arrives, and says whether the message is ours", async () => {
  await using world = await startTelegramWorld(adapter);
  await using rig = await ChannelRig.connected(world);
  const { people } = world.telegram;
  const target = { to: world.person.direct };
  const ours = await rig.connection.send({ id: "d", target, content: { kind: "text", text: "hi" } }, rig.signal);
  const theirs = Number(world.say({ text: "helo" }));
  people.edit({ chat: world.ann.id, message: theirs, text: "hello" });
  people.react({ chat: world.ann.id, message: Number(ours.messageId), from: world.ann.id, emoji: ["👍"] });
  people.react({ chat: world.ann.id, message: theirs, from: world.ann.id, emoji: ["🔥"] });
  people.react({ chat: world.ann.id, message: Number(ours.messageId), from: world.ann.id, emoji: [] });
  people.botMember({ chat: world.chats.group.id, by: world.ann.id });
  await rig.inbox.until(6);
  expect(rig.inbox.events).toMatchObject([
    { kind: "message", text: "helo" },
    { kind: "edit", text: "hello", messageId: String(theirs), isOurs: false },
    { kind: "reaction", emoji: "👍", isOurs: true },
    { kind: "reaction", emoji: "🔥", isOurs: false },
    { kind: "reaction", emoji: "👍", isRemoval: true, isOurs: true },
    { kind: "membership", isOurs: true, conversation: { id: world.group } },
  ]);
});

test("[telegram:webhook] webhook: what Telegram brings is taken with its secret, and brought again until it is on the disk", async () => {
  await using world = await startTelegramWorld(adapter);
  let rig: ChannelRig | undefined;
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const answer = await rig?.connection.receiveWebhook?.({ headers, body: Buffer.concat(chunks) });
      statuses.push(answer?.status ?? 500);
      response.writeHead(answer?.status ?? 500).end(answer?.body);
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/telegram-webhook`;
    const section = { ...(world.section as object), webhookUrl, webhookSecret: "0123456789abcdef" };
    rig = await ChannelRig.connected({ ...world, section });
    rig.inbox.failNext(1);
    world.say({ text: "hello" });
    await rig.inbox.until(1);
    expect(rig.inbox.events).toMatchObject([{ kind: "message", text: "hello" }]);
    await world.telegram.calls.until(() => world.held() === 0);
    expect(statuses).toEqual([503, 200]);
    expect(world.telegram.calls.of("getUpdates")).toEqual([]);
    await rig.stop();
    // It stays: what comes meanwhile waits at Telegram.
    expect(world.bot.webhook?.url).toBe(webhookUrl);
  } finally {
    await rig?.stop();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});
