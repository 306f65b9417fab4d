import { describe, expect, test } from "vitest";
import { ChannelError, type Delivery, MediaShelf, Pacer, type Receipt } from "../src/index.ts";
import { account, type CourierWorld, makeCourier, makeDirectory, noHurry, settled } from "./worlds.ts";

const transient = (): ChannelError => new ChannelError("transient", "the platform is away");
const unknown = (): ChannelError => new ChannelError("unknown-outcome", "nobody answered");

/** Answers the first so many attempts with an error, and then as it should. */
function failing(times: number, error: () => Error): (delivery: Delivery) => Promise<Receipt> {
  let left = times;
  return async ({ id }) => {
    left -= 1;
    if (left >= 0) throw error();
    return { messageId: `m-${id}` };
  };
}

async function rowOf({ outbox }: CourierWorld, key: string) {
  const row = await outbox.find(key);
  if (row === undefined) throw new Error(`no row ${key}`);
  return row;
}

describe("courier", () => {
  test("[channels:outbox-order] courier: messages of a conversation go in order, whatever fails, and others aren't held up", async () => {
    const world = await makeCourier();
    world.connection.answer = async ({ id, target, content }) => {
      const isFirst = world.connection.sent.filter((one) => one.id === id).length === 1;
      if (target.to === "1" && isFirst && "text" in content && content.text !== "c") throw transient();
      return { messageId: id };
    };
    for (const text of ["a", "b", "c"]) await world.say(text, "1");
    await world.say("other", "2");
    await settled();
    expect(world.connection.texts).toEqual(["a", "other"]);
    await world.clock.advance(10_000);
    expect(world.connection.texts).toEqual(["a", "other", "a", "b", "b", "c"]);
    expect(world.ended.map(({ state }) => state)).toEqual(["sent", "sent", "sent", "sent"]);
  });

  test("[channels:outbox-once] courier: a key is one delivery, whatever is added under it again", async () => {
    const world = await makeCourier();
    const first = await world.say("once", "1", { key: "answer:1" });
    expect(await world.say("twice", "1", { key: "answer:1" })).toBe(first);
    await settled();
    expect(await world.say("thrice", "1", { key: "answer:1" })).toBe(first);
    await settled();
    expect(world.connection.texts).toEqual(["once"]);
  });

  test("[channels:pace] courier: what goes into the topics of one group keeps the group's pace", async () => {
    const world = await makeCourier({ rate: { ...noHurry, perGroupPerMinute: 3 } });
    await world.database.write((sql) => {
      for (const threadId of ["1", "2", "3", "4", "5"])
        world.outbox.add(sql, {
          ...account,
          key: threadId,
          target: { to: "-100", threadId },
          content: { kind: "text", text: threadId },
        });
    });
    await world.say("elsewhere", "-200");
    await expect.poll(() => world.connection.texts).toEqual(["1", "2", "3", "elsewhere"]);
    await world.clock.advance(60_000);
    expect(world.connection.texts).toEqual(["1", "2", "3", "elsewhere", "4", "5"]);
  });

  test("[channels:outbox-rate] courier: the platform's wait holds for the whole account, to the millisecond", async () => {
    const world = await makeCourier();
    const startedAtMs = world.clock.elapsedMs;
    const attempts: [string, number][] = [];
    let isFirst = true;
    world.connection.answer = async ({ id, target }) => {
      attempts.push([target.to, world.clock.elapsedMs - startedAtMs]);
      if (isFirst) {
        isFirst = false;
        throw new ChannelError("rate", "too fast", { retryAfterMs: 7_654_321 });
      }
      return { messageId: id };
    };
    await world.say("a", "1");
    await settled();
    await world.say("b", "2");
    await world.clock.advance(7_654_320);
    expect(attempts).toEqual([["1", 0]]);
    await world.clock.advance(1);
    expect(attempts).toEqual([
      ["1", 0],
      ["1", 7_654_321],
      ["2", 7_654_321],
    ]);
  });

  test("[channels:outbox-rate] courier: the platform's wait outlives a restart and a new connection", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, () => new ChannelError("rate", "too fast", { retryAfterMs: 60_000 }));
    await world.say("a", "1");
    await settled();
    await world.clock.advance(10_000);
    const next = await world.again();
    await next.say("b", "2", { key: "b" });
    await next.clock.advance(49_999);
    expect(next.connection.texts).toEqual(["a"]);
    await next.clock.advance(1);
    expect(next.connection.texts).toEqual(["a", "a", "b"]);

    const pacer = new Pacer(noHurry, 0);
    pacer.pauseUntil(world.clock.now() + 5_000);
    const other = await makeCourier({ pacer });
    await other.say("a");
    await settled();
    expect(other.connection.texts).toEqual([]);
  });

  test("[channels:outbox-backoff] courier: a head that waits for its time isn't hidden by what waits behind it", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, transient);
    await world.say("a", "1");
    await settled();
    await world.say("b", "1");
    await settled();
    expect(world.connection.texts).toEqual(["a"]);
    await world.clock.advance(999);
    expect(world.connection.texts).toEqual(["a"]);
    await world.clock.advance(1);
    expect(world.connection.texts).toEqual(["a", "a", "b"]);
  });

  test("[channels:outbox-backoff] courier: pauses grow, are on the disk, and survive reopening", async () => {
    let world = await makeCourier();
    world.connection.answer = failing(3, transient);
    await world.say("a", "1", { key: "a" });
    await world.clock.advance(1_000);
    expect(world.connection.sent).toHaveLength(2);
    world = await world.again();
    await world.clock.advance(1_999);
    expect(world.connection.sent).toHaveLength(2);
    await world.clock.advance(1);
    expect(world.connection.sent).toHaveLength(3);
    await world.clock.advance(3_999);
    expect(world.connection.sent).toHaveLength(3);
    await world.clock.advance(1);
    expect(world.connection.sent).toHaveLength(4);
    expect(await rowOf(world, "a")).toMatchObject({ state: "sent", attempts: 4, error: undefined });
  });

  test("[channels:outbox-clock] courier: a clock that is set back a year doesn't hold a message up, nor wake it too early", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, transient);
    await world.say("a", "1");
    await settled();
    world.clock.set(-365 * 86_400_000);
    world.courier.nudge();
    await world.clock.advance(999);
    expect(world.connection.sent).toHaveLength(1);
    await world.clock.advance(1);
    expect(world.connection.sent).toHaveLength(2);
    expect(world.ended).toHaveLength(1);
  });

  test("[channels:outbox-clock] courier: a clock that is set back between an attempt and its note doesn't hold a message up", async () => {
    const jumps = [-365 * 86_400_000];
    const world: CourierWorld = await makeCourier({
      // Asked for when it is decided how long it waits, which is written down after that.
      random: () => {
        world.clock.set(jumps.pop() ?? 0);
        return 0;
      },
    });
    world.connection.answer = failing(1, transient);
    await world.say("a", "1");
    await settled();
    await world.clock.advance(1_000);
    expect(world.connection.sent).toHaveLength(2);
  });

  test("[channels:outbox-clock] courier: a clock that was set back while nobody ran doesn't hold a message up", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, transient);
    await world.say("a", "1");
    await settled();
    world.clock.set(-365 * 86_400_000);
    const next = await world.again();
    await next.clock.advance(1_000);
    expect(next.connection.sent).toHaveLength(2);
  });

  test("[channels:outbox-unknown] courier: what nobody heard of is asked about after three seconds, and not sent again when it is there", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, unknown);
    world.connection.reconcile = async (delivery, handle) => {
      world.connection.asked.push({ delivery, handle });
      return { outcome: "sent", receipt: { messageId: "found" } };
    };
    await world.say("a", "1", { key: "a" });
    await world.say("b", "1");
    await world.clock.advance(2_999);
    expect(world.connection.asked).toEqual([]);
    expect(world.connection.texts).toEqual(["a"]);
    await world.clock.advance(1);
    expect(world.connection.asked).toHaveLength(1);
    expect(world.connection.texts).toEqual(["a", "b"]);
    expect(await rowOf(world, "a")).toMatchObject({ state: "sent", receipt: { messageId: "found" } });
  });

  test("[channels:outbox-unknown] courier: a clock that is set forward has nobody asked too early", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, unknown);
    world.connection.reconcile = async (delivery, handle) => {
      world.connection.asked.push({ delivery, handle });
      return { outcome: "not-sent" };
    };
    await world.say("a", "1");
    await settled();
    world.clock.set(3_600_000);
    world.courier.nudge();
    await world.clock.advance(2_999);
    expect(world.connection.asked).toEqual([]);
    await world.clock.advance(1);
    expect(world.connection.asked).toHaveLength(1);
  });

  test("[channels:outbox-unknown] courier: what is known not to be there is sent again, with the same id", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1, unknown);
    world.connection.reconcile = async () => ({ outcome: "not-sent" });
    const id = await world.say("a", "1");
    await world.clock.advance(3_000);
    expect(world.connection.sent.map((one) => one.id)).toEqual([id, id]);
    expect(world.ended.map(({ state }) => state)).toEqual(["sent"]);
  });

  test("[channels:outbox-unknown] courier: what can't be known waits for its owner, and what is behind it goes on", async () => {
    for (const world of [
      await makeCourier({ reconciling: "none" }),
      await makeCourier().then((made) => {
        made.connection.reconcile = async () => ({ outcome: "unknown", why: "its history is gone" });
        return made;
      }),
    ]) {
      world.connection.answer = failing(1, () => new Error("an error that nobody classified"));
      await world.say("a", "1", { key: "a" });
      await world.say("b", "1");
      await world.clock.advance(3_000);
      expect(world.connection.texts).toEqual(["a", "b"]);
      const row = await rowOf(world, "a");
      expect(row).toMatchObject({ state: "unknown", errorKind: "unknown-outcome" });
      expect(row.error).toMatch(/can't be asked|history is gone/);
      await world.clock.advance(86_400_000);
      expect(world.connection.texts).toEqual(["a", "b"]);
    }
  });

  test("[channels:outbox-unknown] courier: asking is repeated with growing pauses, and ends with the time of the message", async () => {
    const world = await makeCourier();
    const askedAtMs: number[] = [];
    world.connection.answer = failing(1, unknown);
    world.connection.reconcile = async () => {
      askedAtMs.push(world.clock.elapsedMs);
      throw transient();
    };
    await world.say("a", "1", { key: "a", ttlMs: 60_000 });
    await world.clock.advance(120_000);
    expect(askedAtMs).toEqual([3_000, 4_000, 6_000, 10_000, 18_000, 34_000]);
    expect(await rowOf(world, "a")).toMatchObject({ state: "unknown", error: "the platform is away" });
    expect(world.connection.sent).toHaveLength(1);
  });

  test("[channels:outbox-unknown] courier: a platform that knows repeats by their id gets it again", async () => {
    const world = await makeCourier({ reconciling: "idempotent" });
    world.connection.answer = failing(1, unknown);
    const id = await world.say("a", "1");
    await world.clock.advance(1_000);
    expect(world.connection.sent.map((one) => one.id)).toEqual([id, id]);
  });

  test("[channels:outbox-unknown] courier: after a crash during an attempt it is found out, with the handle of the attempt", async () => {
    const world = await makeCourier();
    Object.assign(world.connection, { handleFor: ({ id }: Delivery) => ({ nonce: `n-${id}` }) });
    world.connection.answer = () => new Promise(() => undefined);
    const id = await world.say("a", "1", { key: "a" });
    await settled();
    const next = await world.again();
    next.connection.reconcile = async (delivery, handle) => {
      next.connection.asked.push({ delivery, handle });
      return { outcome: "sent", receipt: { messageId: "found" } };
    };
    await next.clock.advance(3_000);
    expect(next.connection.asked.map(({ handle }) => handle)).toEqual([{ nonce: `n-${id}` }]);
    expect(next.connection.sent).toHaveLength(1);
    expect(await rowOf(next, "a")).toMatchObject({ state: "sent" });
  });

  test("[channels:outbox-noted] courier: a message that went out isn't called failed because the disk was full", async () => {
    const world = await makeCourier();
    const settle = world.outbox.settle.bind(world.outbox);
    let failures = 2;
    world.outbox.settle = async (...values) => {
      failures -= 1;
      if (failures >= 0) throw new Error("disk full");
      return await settle(...values);
    };
    await world.say("a", "1", { key: "a" });
    await world.clock.advance(10_000);
    expect(world.connection.texts).toEqual(["a"]);
    expect(await rowOf(world, "a")).toMatchObject({ state: "sent", attempts: 1 });
    expect(world.ended.map(({ state }) => state)).toEqual(["sent"]);
  });

  test("[channels:outbox-noted] courier: nothing is sent whose attempt can't be noted", async () => {
    const world = await makeCourier();
    const begin = world.outbox.begin.bind(world.outbox);
    let attempts = 0;
    world.outbox.begin = async () => {
      attempts += 1;
      throw new Error("disk full");
    };
    await world.say("a", "1");
    await world.clock.advance(5_000);
    expect(world.connection.sent).toEqual([]);
    expect(attempts).toBeGreaterThan(3);
    expect(attempts).toBeLessThan(8);
    world.outbox.begin = begin;
    await world.clock.advance(1_000);
    expect(world.connection.texts).toEqual(["a"]);
  });

  test("[channels:outbox-noted] courier: what is given up between being looked at and being sent isn't sent", async () => {
    const world = await makeCourier();
    const begin = world.outbox.begin.bind(world.outbox);
    world.outbox.begin = async (...values) => {
      expect(await world.outbox.discard(id)).toBe(true);
      return await begin(...values);
    };
    const id = await world.say("a", "1");
    await settled();
    expect(world.connection.sent).toEqual([]);
  });

  test("[channels:outbox-expiry] courier: what can't be sent in its time is for its owner, and says why", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(1_000, transient);
    await world.say("a", "1", { key: "a", ttlMs: 10_000 });
    await world.clock.advance(60_000);
    expect(await rowOf(world, "a")).toMatchObject({ state: "expired", error: "the platform is away" });
    expect(world.ended.map(({ state }) => state)).toEqual(["expired"]);
    expect((await world.outbox.filling()).dead).toBe(1);

    let isConnected = false;
    const away = await makeCourier({ isConnected: () => isConnected });
    await away.say("b", "1", { key: "b", ttlMs: 10_000 });
    await away.clock.advance(60_000);
    isConnected = true;
    away.courier.nudge();
    await settled();
    expect(away.connection.sent).toEqual([]);
    expect(await rowOf(away, "b")).toMatchObject({
      state: "expired",
      error: "its time ran out before it could be sent",
    });
  });

  test("[channels:outbox-expiry] courier: its owner sends a dead letter again, or gives it up for good", async () => {
    const world = await makeCourier();
    world.connection.answer = failing(2, () => new ChannelError("refused", "the chat was deleted"));
    const first = await world.say("a", "1", { key: "a" });
    const second = await world.say("b", "1", { key: "b" });
    await settled();
    expect(await rowOf(world, "a")).toMatchObject({
      state: "failed",
      error: "the chat was deleted",
      errorKind: "refused",
    });
    expect((await world.outbox.list(["failed", "unknown", "expired"], 10)).map(({ id }) => id)).toEqual([
      second,
      first,
    ]);
    expect(await world.outbox.discard(second)).toBe(true);
    expect(await world.outbox.discard(second)).toBe(false);
    expect(await world.outbox.retry(first)).toMatchObject({ state: "waiting", attempts: 0, error: undefined });
    expect(await world.outbox.retry(first)).toBeUndefined();
    world.courier.nudge();
    await settled();
    expect(world.connection.texts).toEqual(["a", "b", "a"]);
    expect(await rowOf(world, "a")).toMatchObject({ state: "sent" });
    expect(await world.outbox.discard(first)).toBe(false);
  });

  test("[channels:outbox-auth] courier: refused credentials end all attempts and lose nothing", async () => {
    for (const kind of ["auth", "config"] as const) {
      const world = await makeCourier();
      world.connection.answer = failing(1, () => new ChannelError(kind, "the token was revoked", { fix: "a new one" }));
      await world.say("a", "1", { key: "a" });
      await settled();
      await world.say("b", "2", { key: "b" });
      await world.clock.advance(3_600_000);
      expect(world.connection.texts).toEqual(["a"]);
      expect(world.blocked).toHaveLength(1);
      expect(await rowOf(world, "a")).toMatchObject({
        state: "waiting",
        error: "the token was revoked",
        errorKind: kind,
      });
      const next = await world.again();
      await next.clock.advance(300_000);
      expect(next.connection.texts.toSorted()).toEqual(["a", "a", "b"]);
    }
  });

  test("[channels:outbox-file] courier: a file that isn't there any more is a dead letter, and what is behind it goes on", async () => {
    const shelf = new MediaShelf({ directory: await makeDirectory(), now: () => 0 });
    const world = await makeCourier({
      file: async ({ mediaId, ...file }) => ({ ...file, bytes: await shelf.get(mediaId) }),
    });
    const file = { kind: "image", fileName: "a.png", mimeType: "image/png" } as const;
    for (const [key, mediaId] of [
      ["gone", "3f2b8c1e-0000-4000-8000-000000000000"],
      ["never", "../../state.db"],
    ] as const) {
      const content = { kind: "media", file: { ...file, mediaId } } as const;
      await world.database.write((sql) => world.outbox.add(sql, { ...account, key, target: { to: "1" }, content }));
    }
    await world.say("behind", "1");
    await expect.poll(() => world.connection.texts).toEqual(["behind"]);
    for (const key of ["gone", "never"]) {
      const row = await rowOf(world, key);
      expect(row).toMatchObject({ state: "failed", errorKind: "file" });
      expect(row.error).toBe("the file that belongs to it isn't there any more");
    }
  });

  test("[channels:outbox-file] courier: a file that may not be sent is a dead letter that says why, and what is behind it goes on", async () => {
    const world = await makeCourier({
      file: () => Promise.reject(new ChannelError("refused", "The path is outside the workspace.")),
    });
    const file = { kind: "image", fileName: "a.png", mimeType: "image/png", mediaId: "x" } as const;
    await world.database.write((sql) =>
      world.outbox.add(sql, { ...account, key: "a", target: { to: "1" }, content: { kind: "media", file } }),
    );
    await world.say("behind", "1");
    await expect.poll(() => world.connection.texts).toEqual(["behind"]);
    expect(await rowOf(world, "a")).toMatchObject({
      state: "failed",
      errorKind: "file",
      error: "The path is outside the workspace.",
    });
  });

  test("[channels:outbox-file] courier: a disk that can't read now is asked again, with pauses", async () => {
    let failures = 2;
    const world = await makeCourier({
      file: async ({ kind, fileName, mimeType }) => {
        failures -= 1;
        if (failures >= 0) throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
        return { kind, fileName, mimeType, bytes: new Uint8Array(3) };
      },
    });
    const file = { kind: "image", fileName: "a.png", mimeType: "image/png", mediaId: "x" } as const;
    await world.database.write((sql) =>
      world.outbox.add(sql, { ...account, key: "a", target: { to: "1" }, content: { kind: "media", file } }),
    );
    world.courier.nudge();
    await settled();
    expect(world.connection.sent).toEqual([]);
    await world.clock.advance(60_000);
    expect(world.connection.sent).toHaveLength(1);
  });

  test("[channels:outbox-stop] courier: stopping lets what is on its way finish and starts nothing new", async () => {
    const world = await makeCourier();
    const answer = Promise.withResolvers<Receipt>();
    world.connection.answer = () => answer.promise;
    await world.say("a", "1", { key: "a" });
    await settled();
    await world.say("b", "2", { key: "b" });
    const stopped = world.courier.stop(new Promise(() => undefined));
    answer.resolve({ messageId: "1" });
    await stopped;
    expect(await rowOf(world, "a")).toMatchObject({ state: "sent" });
    world.courier.nudge();
    await settled();
    expect(world.clock.timers).toBe(0);
    expect(world.courier.sizes().inFlight).toBe(0);
  });

  test("[channels:outbox-stop] courier: what doesn't finish in time is cut, and found out later", async () => {
    const world = await makeCourier();
    let wasCut = false;
    world.connection.answer = (_, signal) => {
      signal.addEventListener("abort", () => {
        wasCut = true;
      });
      return new Promise(() => undefined); // an adapter that doesn't listen
    };
    await world.say("a", "1", { key: "a" });
    await settled();
    await world.courier.stop(Promise.resolve());
    expect(wasCut).toBe(true);
    expect(await rowOf(world, "a")).toMatchObject({ state: "unsure" });
  });

  test("[channels:outbox-order] courier: conversations that must keep their pace don't hold up a hundred behind them", async () => {
    const rate = { ...noHurry, perConversationMs: 60_000 };
    const world = await makeCourier({ rate });
    for (let n = 0; n < 100; n += 1) await world.say("first", `paced-${n}`);
    await settled(200);
    expect(world.connection.sent).toHaveLength(100);
    for (let n = 0; n < 100; n += 1) await world.say("second", `paced-${n}`);
    await world.say("free", "other");
    await settled(50);
    expect(world.connection.texts.at(-1)).toBe("free");
    expect(world.connection.sent).toHaveLength(101);
    await world.clock.advance(60_000, 200);
    expect(world.connection.sent).toHaveLength(201);
  });
});
