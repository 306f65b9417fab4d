import type { SqliteDatabase } from "@saltgate/store";
import { describe, expect, test } from "vitest";
import { conversationKey, Inbox, type InboxLimits } from "../src/index.ts";
import { account, makeDirectory, message, openDatabase } from "./worlds.ts";

const key = "telegram|main|42";

interface World {
  readonly database: SqliteDatabase;
  readonly inbox: Inbox;
  readonly arrived: string[];
  readonly at: { nowMs: number };
  readonly accept: (...events: Parameters<typeof message>[0][]) => Promise<void>;
}

async function makeInbox(limits: Partial<InboxLimits> = {}, directory?: string): Promise<World> {
  const database = openDatabase(directory ?? (await makeDirectory()));
  const arrived: string[] = [];
  const at = { nowMs: 1_800_000_000_000 };
  const inbox = new Inbox({ database, now: () => at.nowMs, limits, arrived: (some) => arrived.push(...some) });
  const accept = (...events: Parameters<typeof message>[0][]): Promise<void> =>
    inbox.port(account).accept({ events: events.map((n) => message(n)) });
  return { database, inbox, arrived, at, accept };
}

const idsOf = async ({ inbox }: World, conversation = key): Promise<string[]> =>
  (await inbox.waiting(conversation, 1_000)).map(({ event }) => event.nativeId);

async function settle({ database, inbox }: World, conversation = key): Promise<void> {
  const rows = await inbox.waiting(conversation, 1_000);
  await database.write((sql) =>
    inbox.settle(
      sql,
      rows.map(({ seq }) => seq),
    ),
  );
}

describe("inbox", () => {
  test("[channels:inbox-once] inbox: each event once, whatever is repeated, also after it was dealt with and the file reopened", async () => {
    const directory = await makeDirectory();
    const world = await makeInbox({}, directory);
    await world.accept(1, 1, 2);
    await world.accept(2, 3, 1);
    expect(await idsOf(world)).toEqual(["update:1", "update:2", "update:3"]);
    expect(world.arrived).toEqual([key, key]);
    await settle(world);
    await world.accept(1, 2, 3);
    expect(await idsOf(world)).toEqual([]);
    await world.database.close();
    const next = await makeInbox({}, directory);
    await next.accept(3, 1);
    expect(await idsOf(next)).toEqual([]);
    expect(next.arrived).toEqual([]);
    await next.inbox.port({ ...account, accountId: "other" }).accept({ events: [message(1)] });
    expect(next.arrived).toEqual(["telegram|other|42"]);
  });

  test("[channels:inbox-durable] inbox: what was accepted is there after reopening, and so is its cursor", async () => {
    const directory = await makeDirectory();
    const world = await makeInbox({}, directory);
    expect(await world.inbox.port(account).cursor()).toBeUndefined();
    await world.inbox.port(account).accept({ events: [message(1)], cursor: "7" });
    await world.database.close();
    const next = await makeInbox({}, directory);
    expect(await next.inbox.port(account).cursor()).toBe("7");
    expect(await next.inbox.port({ ...account, accountId: "other" }).cursor()).toBeUndefined();
    expect(await next.inbox.waitingConversations()).toEqual([key]);
    expect((await next.inbox.waiting(key, 1))[0]?.event).toEqual(message(1));
  });

  test("[channels:inbox-full] inbox: a full one refuses the whole batch, keeps what it had, and its cursor", async () => {
    const world = await makeInbox({ maxWaiting: 3 });
    await world.inbox.port(account).accept({ events: [message(1), message(2)], cursor: "2" });
    const events = [message(3), message(4)];
    await expect(world.inbox.port(account).accept({ events, cursor: "4" })).rejects.toThrow(/inbox is full/);
    expect(await idsOf(world)).toEqual(["update:1", "update:2"]);
    expect(await world.inbox.port(account).cursor()).toBe("2");
    expect(world.arrived).toEqual([key]);
    await settle(world);
    await world.inbox.port(account).accept({ events, cursor: "4" });
    expect(await idsOf(world)).toEqual(["update:3", "update:4"]);
  });

  test("[channels:inbox-full] inbox: bytes are bounded too, and what was dealt with takes none", async () => {
    const world = await makeInbox({ maxBytes: 3_000 });
    const big = (n: number) => ({ events: [message(n, { text: "x".repeat(2_000) })] });
    await world.inbox.port(account).accept(big(1));
    await expect(world.inbox.port(account).accept(big(2))).rejects.toThrow(/inbox is full/);
    await settle(world);
    expect(await world.inbox.filling()).toEqual({ waiting: 0, bytes: 0, remembered: 1, aside: 0 });
    await world.inbox.port(account).accept(big(2));
  });

  test("[channels:inbox-aside] inbox: what is too large, malformed, or can't be written is set aside once, and holds nothing up", async () => {
    const world = await makeInbox({ maxEventBytes: 1_000 });
    const aside = [{ nativeId: "update:9", reason: "no chat", raw: "{}" }];
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    const broken = message(8, { media: [{ kind: "image", ref: cyclic }] });
    for (let time = 0; time < 2; time += 1) {
      const events = [message(1), message(2, { text: "y".repeat(1_000) }), broken, message(3)];
      await world.inbox.port(account).accept({ events, aside });
    }
    expect(await idsOf(world)).toEqual(["update:1", "update:3"]);
    expect((await world.inbox.aside(10)).map(({ nativeId, reason }) => [nativeId, reason])).toEqual([
      ["update:9", "no chat"],
      ["update:8", "not an event that can be written down"],
      ["update:2", "larger than 1000 bytes"],
    ]);
  });

  test("[channels:inbox-aside] inbox: what is set aside never keeps out what comes in", async () => {
    const world = await makeInbox({ maxBytes: 50_000, maxAttempts: 1 });
    const raw = "ü".repeat(200_000);
    for (let n = 0; n < 30; n += 1) {
      await world.inbox.port(account).accept({ events: [], aside: [{ nativeId: `a${n}`, reason: "?", raw }] });
      await world.inbox.port(account).accept({ events: [message(n, { text: "z".repeat(10_000) })] });
      const [row] = await world.inbox.waiting(key, 1);
      expect(await world.inbox.failed(row?.seq ?? -1, "poison")).toBe(false);
    }
    expect(await world.inbox.filling()).toMatchObject({ waiting: 0, bytes: 0, aside: 60 });
    const kept = await world.database.read((sql) =>
      sql.get<{ most: number }>("SELECT max(length(CAST(event AS BLOB))) AS most FROM inbox_rows"),
    );
    expect(kept?.most).toBeLessThanOrEqual(65_536 + 2);
  });

  test("[channels:inbox-aside] inbox: a thousand are kept aside, the oldest go first", async () => {
    const world = await makeInbox();
    for (let batch = 0; batch < 13; batch += 1) {
      const aside = Array.from({ length: 100 }, (_, n) => ({ nativeId: `${batch}-${n}`, reason: "?", raw: "" }));
      await world.inbox.port(account).accept({ events: [], aside });
    }
    expect((await world.inbox.filling()).aside).toBe(1_000);
    expect((await world.inbox.aside(1))[0]?.nativeId).toBe("12-99");
  });

  test("[channels:inbox-attempts] inbox: a row is tried so many times, and what was dealt with isn't set aside any more", async () => {
    const world = await makeInbox({ maxAttempts: 3 });
    await world.accept(1, 2);
    const [first, second] = await world.inbox.waiting(key, 2);
    const fail = (seq = -1) => world.inbox.failed(seq, "no reason");
    expect([await fail(first?.seq), await fail(first?.seq), await fail(first?.seq)]).toEqual([true, true, false]);
    expect(await idsOf(world)).toEqual(["update:2"]);
    await settle(world);
    for (let n = 0; n < 5; n += 1) expect(await fail(second?.seq)).toBe(true);
    expect(await world.inbox.filling()).toMatchObject({ aside: 1, remembered: 1 });
  });

  test("[channels:inbox-context] inbox: context is kept for its conversation, at most so much of it, and taken once", async () => {
    const world = await makeInbox();
    await world.accept(1, 2, 3, 4, 5);
    const rows = await world.inbox.waiting(key, 10);
    for (const { seq } of rows.slice(0, 4))
      await world.database.write((sql) => world.inbox.keepAsContext(sql, key, [seq], 3));
    expect(await idsOf(world)).toEqual(["update:5"]);
    const take = () =>
      world.database.write((sql) => world.inbox.takeContext(sql, key, 2).map(({ event }) => event.nativeId));
    expect(await take()).toEqual(["update:3", "update:4"]);
    expect(await take()).toEqual([]);
    await world.accept(1, 2, 3, 4);
    expect(await idsOf(world)).toEqual(["update:5"]);
    await world.accept(6);
    const [, last] = await world.inbox.waiting(key, 2);
    await world.database.write((sql) => world.inbox.keepAsContext(sql, key, [last?.seq ?? -1], 0));
    expect(await take()).toEqual([]);
  });

  test("[channels:inbox-context] inbox: context of many groups makes room for what waits, oldest first", async () => {
    const world = await makeInbox({ maxBytes: 50_000 });
    for (let n = 0; n < 120; n += 1) {
      const conversation = { kind: "group", id: `-${n}` } as const;
      await world.inbox.port(account).accept({ events: [message(n, { conversation, text: "c".repeat(500) })] });
      const name = conversationKey(account, conversation);
      const rows = await world.inbox.waiting(name, 1);
      await world.database.write((sql) =>
        world.inbox.keepAsContext(
          sql,
          name,
          rows.map(({ seq }) => seq),
          50,
        ),
      );
    }
    const { bytes } = await world.inbox.filling();
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(50_000);
    await world.inbox.port(account).accept({ events: [message("big", { text: "b".repeat(45_000) })] });
    expect(await idsOf(world)).toEqual(["update:big"]);
  });

  test("[channels:inbox-sweep] inbox: ids are remembered for their time, at most so many, also when batches are large", async () => {
    const world = await makeInbox({ maxRemembered: 300, rememberMs: 1_000_000 });
    for (let batch = 0; batch < 20; batch += 1) {
      await world.accept(...Array.from({ length: 100 }, (_, n) => `${batch}-${n}`));
      await settle(world);
    }
    expect((await world.inbox.filling()).remembered).toBeLessThanOrEqual(400);
    await world.accept("19-99", "19-0");
    expect(await idsOf(world)).toEqual([]);
    world.at.nowMs += 1_000_001;
    for (let n = 0; n < 14; n += 1) await world.accept(`tick-${n}`);
    expect((await world.inbox.filling()).remembered).toBe(0);
  });

  test("[channels:inbox-order] inbox: eight conversations that are mixed keep their order, each in its own", async () => {
    const world = await makeInbox();
    const events = Array.from({ length: 200 }, (_, n) =>
      message(n, { conversation: { kind: "direct", id: `c${(n * 5) % 8}` }, text: String(n) }),
    );
    for (let at = 0; at < events.length; at += 7)
      await world.inbox.port(account).accept({ events: events.slice(at, at + 7) });
    for (let one = 0; one < 8; one += 1) {
      const ids = await idsOf(world, `telegram|main|c${one}`);
      expect(ids).toEqual(
        events.filter(({ conversation }) => conversation.id === `c${one}`).map(({ nativeId }) => nativeId),
      );
    }
    expect(await world.inbox.waitingConversations()).toHaveLength(8);
    expect((await world.inbox.waitingConversations())[0]).toBe("telegram|main|c0");
  });

  test("[channels:inbox-order] inbox: no id of one conversation is the name of another", () => {
    const names = [
      conversationKey(account, { id: "a|b" }),
      conversationKey(account, { id: "a", threadId: "b" }),
      conversationKey(account, { id: "a%7Cb" }),
      conversationKey({ ...account, accountId: "main|a" }, { id: "b" }),
    ];
    expect(new Set(names).size).toBe(4);
    expect(conversationKey(account, { to: "a", threadId: "b" })).toBe(names[1]);
  });
});
