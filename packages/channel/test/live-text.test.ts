import { describe, expect, test } from "vitest";
import { ChannelError, type Delivery, type Receipt } from "../src/index.ts";
import { type CourierWorld, makeCourier, noHurry, settled } from "./worlds.ts";

const key = "answer";

async function shown({ outbox }: CourierWorld) {
  const row = await outbox.find(key);
  if (row === undefined) throw new Error("no row");
  return row;
}

/** A platform that shows what it was told, message by message. */
function showing(world: CourierWorld): Map<string, string> {
  const screen = new Map<string, string>();
  world.connection.answer = async ({ id, content }) => {
    if (content.kind === "edit") {
      if (!screen.has(content.messageId)) throw new ChannelError("gone", "message to edit not found");
      screen.set(content.messageId, content.text);
      return { messageId: content.messageId };
    }
    const messageId = `m-${world.connection.sent.length}-${id.slice(0, 4)}`;
    screen.set(messageId, "text" in content ? content.text : "");
    return { messageId };
  };
  return screen;
}

async function startLive(text = "Hel"): Promise<{ world: CourierWorld; screen: Map<string, string> }> {
  const world = await makeCourier();
  const screen = showing(world);
  await world.say(text, "1", { key, live: true });
  await settled();
  return { world, screen };
}

describe("live text", () => {
  test("[channels:live-text] live text: it is sent with its beginning, edited as it grows, and ends as it shall be", async () => {
    const { world, screen } = await startLive();
    expect(await shown(world)).toMatchObject({ state: "live" });
    world.courier.grow(key, "Hello");
    await settled();
    world.courier.grow(key, "Hello, wor");
    await settled();
    expect(world.ended).toEqual([]);
    await world.finish(key, "Hello, world.");
    expect([...screen.values()]).toEqual(["Hello, world."]);
    expect(world.connection.texts).toEqual(["Hel", "Hello", "Hello, wor", "Hello, world."]);
    expect(world.ended.map(({ state }) => state)).toEqual(["sent"]);
  });

  test("[channels:live-text] live text: its owner can't give it up while it grows, and it ends as one message", async () => {
    const { world, screen } = await startLive();
    const { id } = await shown(world);
    expect(await world.outbox.discard(id)).toBe(false);
    await world.finish(key, "Hello, world.");
    expect([...screen.values()]).toEqual(["Hello, world."]);
  });

  test("[channels:live-text] live text: in a group a long answer leaves room for its end, and for what follows it", async () => {
    const rate = { perSecond: 30, perConversationMs: 1_000, perGroupPerMinute: 20, perEditMs: 1_000 };
    const world = await makeCourier({ rate });
    showing(world);
    await world.say("0", "-100", { key, live: true });
    await settled();
    for (let word = 1; word <= 45; word += 1) {
      world.courier.grow(key, `${word}`);
      await world.clock.advance(1_000);
    }
    expect(world.connection.texts.length).toBeGreaterThan(8);
    await world.finish(key, "the end");
    await world.say("the second part", "-100");
    await world.clock.advance(1_000);
    expect(world.connection.texts.slice(-2)).toEqual(["the end", "the second part"]);
  });

  test("[channels:live-text] live text: one that never grew isn't edited into itself, and its end is heard", async () => {
    const { world } = await startLive("All of it.");
    await world.finish(key, "All of it.");
    expect(world.connection.texts).toEqual(["All of it."]);
    expect(world.ended.map(({ state }) => state)).toEqual(["sent"]);
  });

  test("[channels:live-text] live text: what ends as it began is shown so, though it had grown meanwhile", async () => {
    const { world, screen } = await startLive("Hel");
    world.courier.grow(key, "Hello, I was interrup");
    await settled();
    await world.finish(key, "Hel");
    expect([...screen.values()]).toEqual(["Hel"]);
  });

  test("[channels:live-text] live text: finished before it was sent, it is sent once and whole", async () => {
    let isConnected = false;
    const world = await makeCourier({ isConnected: () => isConnected });
    await world.say("Hel", "1", { key, live: true });
    world.courier.grow(key, "Hello");
    await world.finish(key, "Hello, world.");
    isConnected = true;
    world.courier.nudge();
    await settled();
    expect(world.connection.texts).toEqual(["Hello, world."]);
    expect(await shown(world)).toMatchObject({ state: "sent", live: false });
  });

  test("[channels:live-text] live text: finished while it is being sent, it is edited afterwards", async () => {
    const world = await makeCourier();
    const answer = Promise.withResolvers<Receipt>();
    world.connection.answer = () => answer.promise;
    await world.say("Hel", "1", { key, live: true });
    await settled();
    await world.finish(key, "Hello, world.");
    expect(world.connection.texts).toEqual(["Hel"]);
    answer.resolve({ messageId: "1" });
    await settled();
    expect(world.connection.sent.map(({ content }) => content)).toEqual([
      { kind: "text", text: "Hel" },
      { kind: "edit", messageId: "1", text: "Hello, world." },
    ]);
    expect(world.ended.map(({ state }) => state)).toEqual(["sent"]);
  });

  test("[channels:live-text] live text: finished while nobody knows whether it was sent, it is asked about in its time", async () => {
    const world = await makeCourier();
    let asked = 0;
    world.connection.answer = async ({ content }) => {
      if (content.kind === "text") throw new ChannelError("unknown-outcome", "nobody answered");
      return { messageId: "1" };
    };
    world.connection.reconcile = async () => {
      asked += 1;
      return { outcome: "sent", receipt: { messageId: "1" } };
    };
    await world.say("Hel", "1", { key, live: true });
    await settled();
    await world.finish(key, "Hello, world.");
    await world.clock.advance(2_999);
    expect(asked).toBe(0);
    await world.clock.advance(1);
    expect(world.connection.texts).toEqual(["Hel", "Hello, world."]);
    expect(await shown(world)).toMatchObject({ state: "sent", receipt: { messageId: "1" } });
  });

  test("[channels:live-text] live text: finished while a pause runs, the pause isn't cut short", async () => {
    const world = await makeCourier();
    const answer = world.connection.answer;
    world.connection.answer = async () => {
      world.connection.answer = answer;
      throw new ChannelError("transient", "away", { retryAfterMs: 5_000 });
    };
    await world.say("Hel", "1", { key, live: true });
    await settled();
    await world.finish(key, "Hello, world.");
    await world.clock.advance(4_999);
    expect(world.connection.texts).toEqual(["Hel"]);
    await world.clock.advance(1);
    expect(world.connection.texts).toEqual(["Hel", "Hello, world."]);
  });

  test("[channels:live-text] live text: finished after a restart, its message is edited and no second one sent", async () => {
    const { world } = await startLive();
    world.courier.grow(key, "Hello");
    await settled();
    const next = await world.again();
    const live = await next.database.read((sql) => next.outbox.liveOf(sql, "no such run"));
    expect(live).toEqual([]);
    await next.finish(key, "Hello, world.");
    await next.clock.advance(3_000);
    expect(next.connection.texts).toEqual(["Hel", "Hello", "Hello, world."]);
    expect(next.connection.sent.at(-1)?.content.kind).toBe("edit");
  });

  test("[channels:live-text] live text: the live texts of a run are found after a restart", async () => {
    const world = await makeCourier();
    const live = { channel: "telegram", accountId: "main", target: { to: "1" }, live: true, runId: "run-1" };
    await world.database.write((sql) =>
      world.outbox.add(sql, { ...live, key, content: { kind: "text", text: "Hel" } }),
    );
    const next = await world.again();
    const rows = await next.database.read((sql) => next.outbox.liveOf(sql, "run-1"));
    expect(rows.map((row) => row.key)).toEqual([key]);
  });

  test("[channels:live-text] live text: its message was deleted meanwhile, so it is sent afresh, once", async () => {
    const { world, screen } = await startLive();
    screen.clear();
    await world.finish(key, "Hello, world.");
    expect([...screen.values()]).toEqual(["Hello, world."]);
    expect(world.ended.map(({ state }) => state)).toEqual(["sent"]);
  });

  test("[channels:live-text] live text: one that is gone isn't edited again and again while it grows", async () => {
    const { world, screen } = await startLive();
    screen.clear();
    for (const text of ["Hello", "Hello,", "Hello, w"]) {
      world.courier.grow(key, text);
      await settled();
    }
    expect(world.connection.texts).toEqual(["Hel", "Hello"]);
    await world.finish(key, "Hello, world.");
    expect([...screen.values()]).toEqual(["Hello, world."]);
  });

  test("[channels:live-text] live text: its end waits for a step that is on its way, and comes after it", async () => {
    const { world, screen } = await startLive();
    const slow = Promise.withResolvers<void>();
    const show = world.connection.answer;
    world.connection.answer = async (delivery, signal) => {
      if (delivery.content.kind === "edit" && delivery.content.text === "Hello") await slow.promise;
      return await show(delivery, signal);
    };
    world.courier.grow(key, "Hello");
    await settled();
    await world.finish(key, "Hello, world.");
    expect(world.connection.texts).toEqual(["Hel", "Hello"]);
    slow.resolve();
    await settled();
    expect([...screen.values()]).toEqual(["Hello, world."]);
  });

  test("[channels:live-text] live text: a step that may still be carried out doesn't come after the end", async () => {
    const { world } = await startLive();
    const show = world.connection.answer;
    world.connection.answer = async (delivery, signal) => {
      if (delivery.content.kind === "edit" && delivery.content.text === "Hello") throw new Error("socket hang up");
      return await show(delivery, signal);
    };
    world.courier.grow(key, "Hello");
    await settled();
    await world.finish(key, "Hello, world.");
    await world.clock.advance(2_999);
    expect(world.connection.texts).toEqual(["Hel", "Hello"]);
    await world.clock.advance(1);
    expect(world.connection.texts).toEqual(["Hel", "Hello", "Hello, world."]);
  });

  test("[channels:live-text] live text: steps keep the pace of edits, and the newest words count", async () => {
    const world = await makeCourier({ rate: { ...noHurry, perEditMs: 1_000 } });
    showing(world);
    await world.say("a", "1", { key, live: true });
    await settled();
    for (const text of ["ab", "abc", "abcd", "abcde"]) {
      world.courier.grow(key, text);
      await settled();
    }
    await world.clock.advance(999);
    expect(world.connection.texts).toEqual(["a", "ab"]);
    await world.clock.advance(1);
    expect(world.connection.texts).toEqual(["a", "ab", "abcde"]);
  });

  test("[channels:live-text] live text: while it grows, what follows in its conversation isn't held up, nor sent at the same time", async () => {
    const { world } = await startLive();
    let atOnce = 0;
    let most = 0;
    const show = world.connection.answer;
    world.connection.answer = async (delivery: Delivery, signal) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await settled(2);
      atOnce -= 1;
      return await show(delivery, signal);
    };
    world.courier.grow(key, "Hello");
    await world.say("a file is on its way", "1");
    await settled(60);
    expect(world.connection.texts.toSorted()).toEqual(["Hel", "Hello", "a file is on its way"]);
    expect(most).toBe(1);
  });

  test("[channels:live-text] live text: only texts grow, and only while they do", async () => {
    const { world } = await startLive();
    await world.finish(key, "Done.");
    expect(await world.database.write((sql) => world.outbox.finish(sql, key, "Again."))).toBe(false);
    expect(await world.database.write((sql) => world.outbox.finish(sql, "nothing", "Again."))).toBe(false);
    const poll = { kind: "poll", question: "?", options: ["a", "b"], maxSelections: 1 } as const;
    const row = { channel: "telegram", accountId: "main", key: "poll", target: { to: "1" }, content: poll, live: true };
    await world.database.write((sql) => world.outbox.add(sql, row));
    expect(await world.database.write((sql) => world.outbox.finish(sql, "poll", "text"))).toBe(false);
  });
});
