import type { Delivery } from "@saltgate/channel";
import { expect, test } from "vitest";
import { ChannelRig } from "../../../../tooling/emulators/src/suite/channel-rig.ts";
import { startTelegramWorld } from "../../../../tooling/emulators/src/telegram/telegram-world.ts";
import { adapter } from "../src/index.ts";

async function startRig() {
  const world = await startTelegramWorld(adapter);
  const rig = await ChannelRig.connected(world);
  return {
    ...world,
    rig,
    async heard(count: number) {
      await rig.inbox.until(count);
    },
    async [Symbol.asyncDispose]() {
      await rig.stop();
      await world.vanish();
    },
  };
}

const text = (to: string, words: string, more: object = {}): Delivery => ({
  id: words,
  target: { to },
  content: { kind: "text", text: words, ...more },
});

/** Sends what nobody hears the answer of. Returns what was kept before. */
async function lose(at: Awaited<ReturnType<typeof startRig>>, delivery: Delivery): Promise<unknown> {
  const handle: unknown = JSON.parse(JSON.stringify(at.rig.connection.handleFor?.(delivery)));
  at.breakSending("answer-lost");
  await expect(at.rig.connection.send(delivery, at.rig.signal)).rejects.toMatchObject({ kind: "unknown-outcome" });
  return handle;
}

test("[telegram:reconcile] reconcile: after a restart, the handle alone is enough", async () => {
  await using at = await startRig();
  at.say({ text: "q" });
  await at.heard(1);
  const lost = text(at.person.direct, "lost");
  const handle = await lose(at, lost);
  await at.rig.stop();
  at.say({ text: "hello?" });
  await using fresh = await ChannelRig.open({ ...at, inbox: at.rig.inbox });
  expect(await fresh.connection.reconcile?.(lost, handle, fresh.signal)).toEqual({
    outcome: "sent",
    receipt: { messageId: "2" },
  });
});

test("[telegram:reconcile] reconcile: the highest ids are carried over a restart with the cursor", async () => {
  await using at = await startRig();
  for (let count = 1; count <= 5; count += 1) at.say({ text: "q" });
  at.say({ in: at.group, text: "g" });
  await at.heard(6);
  await at.rig.stop();
  await using fresh = await ChannelRig.connected({ ...at, inbox: at.rig.inbox });
  expect(fresh.connection.handleFor?.(text(at.person.direct, "x"))).toEqual({ after: 5 });
  expect(fresh.connection.handleFor?.(text(at.group, "x"))).toEqual({ after: 1 });
  expect(fresh.connection.handleFor?.(text(at.forum!.group, "x"))).toEqual({});
  expect(fresh.connection.handleFor?.(text(at.forum!.group, "x", { replyToId: "40" }))).toEqual({ after: 40 });
});

test("[telegram:reconcile] reconcile: asking changes nothing, not even buttons", async () => {
  await using at = await startRig();
  at.say({ text: "q" });
  await at.heard(1);
  const buttons = [[{ text: "Yes", value: "y" }]];
  const lost = text(at.person.direct, "with buttons", { buttons });
  const handle = await lose(at, lost);
  const before = at.telegram.shown(at.ann.id);
  expect(await at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).toMatchObject({ outcome: "sent" });
  expect(at.telegram.shown(at.ann.id)).toEqual(before);
  expect(before.messages.at(-1)?.buttons).toEqual([[{ text: "Yes", data: "y" }]]);
});

test("[telegram:reconcile] reconcile: what was delivered or written by others in between is not taken for it", async () => {
  await using at = await startRig();
  at.say({ in: at.group, text: "q" });
  await at.heard(1);
  const lost = text(at.group, "never sent");
  const handle = at.rig.connection.handleFor?.(lost);
  await at.rig.connection.send(text(at.group, "another"), at.rig.signal);
  at.say({ in: at.group, text: "between" });
  await at.heard(2);
  expect(await at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).toEqual({ outcome: "not-sent" });
});

test("[telegram:reconcile] reconcile: private chats and basic groups count together, and only the right chat's message is found", async () => {
  await using at = await startRig();
  const basic = at.telegram.world.addChat({ kind: "group", title: "Small" });
  at.say({ text: "q" });
  await at.heard(1);
  const lost = text(String(basic.id), "into the group");
  const handle = await lose(at, lost);
  const elsewhere = text(at.person.direct, "not this one");
  expect(await at.rig.connection.reconcile?.(elsewhere, handle, at.rig.signal)).toEqual({ outcome: "not-sent" });
  expect(await at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).toEqual({
    outcome: "sent",
    receipt: { messageId: "2" },
  });
});

test("[telegram:reconcile] reconcile: where Telegram doesn't let us look it is unknown, and isn't asked for again and again", async () => {
  await using at = await startRig();
  const basic = at.telegram.world.addChat({ kind: "group", title: "Small" });
  at.say({ text: "q" });
  await at.heard(1);
  const lost = text(String(basic.id), "lost");
  const handle = await lose(at, lost);
  at.telegram.people.migrate({ chat: basic.id, by: at.ann.id });
  expect(await at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).toEqual({
    outcome: "unknown",
    why: expect.stringContaining("upgraded to a supergroup"),
  });
});

test("[telegram:reconcile] reconcile: where not everything could be looked at, it is unknown and never not sent", async () => {
  await using at = await startRig();
  at.say({ in: at.group, text: "q" });
  await at.heard(1);
  const lost = text(at.group, "lost");
  const handle = at.rig.connection.handleFor?.(lost);
  // A hundred messages that we aren't shown, as in groups where a bot sees only what is meant for it.
  const box = at.telegram.world.box(at.bot, at.chats.group);
  box.lastId += 100;
  at.breakSending("answer-lost");
  await expect(at.rig.connection.send(lost, at.rig.signal)).rejects.toMatchObject({ kind: "unknown-outcome" });
  at.say({ in: at.group, text: "still there?" });
  await at.heard(2);
  expect(await at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).toMatchObject({ outcome: "unknown" });
  expect(at.telegram.calls.of("editMessageReplyMarkup")).toHaveLength(64);
});

test("[telegram:reconcile] reconcile: without anything to begin from, and in channels, it is unknown", async () => {
  await using at = await startRig();
  const lost = text(at.person.direct, "first of all");
  expect(at.rig.connection.handleFor?.(lost)).toEqual({});
  expect(await at.rig.connection.reconcile?.(lost, {}, at.rig.signal)).toMatchObject({ outcome: "unknown" });
  expect(await at.rig.connection.reconcile?.(lost, "damaged", at.rig.signal)).toMatchObject({ outcome: "unknown" });
  const channel = at.telegram.world.addChat({ kind: "channel" });
  const post = text(String(channel.id), "post");
  expect(await at.rig.connection.reconcile?.(post, { after: 1 }, at.rig.signal)).toMatchObject({ outcome: "unknown" });
});

test("[telegram:reconcile] reconcile: of two topics of one group, a message of one is never taken for that of the other", async () => {
  await using at = await startRig();
  const { group, topic } = at.forum!;
  at.chats.forum.topics.set(78, "Kitchen");
  at.say({ in: group, topic, text: "q" });
  await at.heard(1);
  const { connection, signal } = at.rig;
  const garden = { ...text(group, "garden"), target: { to: group, threadId: topic } };
  const kitchen = { ...text(group, "kitchen"), target: { to: group, threadId: "78" } };
  const first = connection.handleFor?.(garden);
  at.breakSending("request-lost");
  await expect(connection.send(garden, signal)).rejects.toMatchObject({ kind: "unknown-outcome" });
  const second = await lose(at, kitchen);
  // Only the second is there, and nothing tells which it is.
  expect(await connection.reconcile?.(garden, first, signal)).toMatchObject({ outcome: "unknown" });
  expect(await connection.reconcile?.(kitchen, second, signal)).toMatchObject({ outcome: "unknown" });
  // Once a later message was heard of, what is looked for comes after it.
  await connection.send({ ...text(group, "later"), target: { to: group, threadId: topic } }, signal);
  const again = { ...text(group, "again"), target: { to: group, threadId: "78" } };
  expect(await connection.reconcile?.(again, await lose(at, again), signal)).toMatchObject({ outcome: "sent" });
  // After a restart nobody knows any more what was on its way together.
  await using fresh = await ChannelRig.open({ ...at, inbox: at.rig.inbox });
  await at.rig.stop();
  expect(second).toMatchObject({ isShared: true });
  expect(await fresh.connection.reconcile?.(kitchen, second, fresh.signal)).toMatchObject({ outcome: "unknown" });
});

test("[telegram:reconcile] reconcile: when Telegram makes us wait, the search goes on where it was", async () => {
  await using at = await startRig();
  at.say({ text: "q" });
  await at.heard(1);
  const lost = text(at.person.direct, "lost");
  const handle = at.rig.connection.handleFor?.(lost);
  at.telegram.faults.add({ kind: "rate", method: "editMessageReplyMarkup", after: 40, retryAfterS: 5 });
  await expect(at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).rejects.toMatchObject({
    kind: "rate",
    retryAfterMs: 5_000,
  });
  expect(await at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).toEqual({ outcome: "not-sent" });
  expect(at.telegram.calls.of("editMessageReplyMarkup")).toHaveLength(41 + 24);
});

test("[telegram:reconcile] reconcile: when Telegram can't be asked, that is said", async () => {
  await using at = await startRig();
  at.say({ text: "q" });
  await at.heard(1);
  const lost = text(at.person.direct, "lost");
  const handle = await lose(at, lost);
  await at.vanish();
  await expect(at.rig.connection.reconcile?.(lost, handle, at.rig.signal)).rejects.toMatchObject({
    name: "ChannelError",
    kind: "transient",
  });
});

test("[telegram:reconcile] reconcile: edits, reactions and deletions may simply be said again", async () => {
  await using at = await startRig();
  for (const content of [
    { kind: "edit", messageId: "1", text: "x" },
    { kind: "react", messageId: "1", emoji: "👍" },
    { kind: "unsend", messageId: "1" },
  ] as const) {
    const delivery = { id: "d", target: { to: at.person.direct }, content };
    expect(await at.rig.connection.reconcile?.(delivery, {}, at.rig.signal)).toEqual({ outcome: "not-sent" });
  }
});

test("[telegram:reconcile] reconcile: after a restart, an earlier message of ours is not taken for a lost one", async () => {
  await using at = await startRig();
  at.say({ text: "q" });
  await at.heard(1);
  await at.rig.connection.send(text(at.person.direct, "first part"), at.rig.signal);
  await at.rig.stop();
  await using fresh = await ChannelRig.connected({ ...at, inbox: at.rig.inbox });
  const second = text(at.person.direct, "second part");
  const handle: unknown = JSON.parse(JSON.stringify(fresh.connection.handleFor?.(second)));
  expect(handle).toEqual({ after: 2 });
  at.breakSending("request-lost");
  await expect(fresh.connection.send(second, fresh.signal)).rejects.toMatchObject({ kind: "unknown-outcome" });
  expect(await fresh.connection.reconcile?.(second, handle, fresh.signal)).toEqual({ outcome: "not-sent" });
});

test("[telegram:reconcile] reconcile: messages that came before a restart need not be looked at after it", async () => {
  await using at = await startRig();
  at.say({ text: "q" });
  await at.heard(1);
  const lost = text(at.person.direct, "lost");
  const handle = await lose(at, lost);
  for (let count = 1; count <= 100; count += 1) at.say({ text: "hello?" });
  await at.heard(101);
  await at.rig.stop();
  await using fresh = await ChannelRig.connected({ ...at, inbox: at.rig.inbox });
  const never = text(at.person.direct, "never sent");
  expect(await fresh.connection.reconcile?.(lost, handle, fresh.signal)).toMatchObject({ outcome: "sent" });
  expect(await fresh.connection.reconcile?.(never, handle, fresh.signal)).toEqual({ outcome: "not-sent" });
});
