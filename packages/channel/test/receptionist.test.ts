import { describe, expect, test } from "vitest";
import {
  defaultGatheringRules,
  type GatheringRules,
  gather,
  Inbox,
  type InboxRow,
  NotNowError,
  Receptionist,
  type ReceptionistOptions,
} from "../src/index.ts";
import { account, ManualClock, makeDirectory, makeLogger, message, openDatabase, settled } from "./worlds.ts";

const isCommand = (text: string): boolean => text.startsWith("/");
const file = { kind: "image", ref: "f1" } as const;

function rowsOf(...parts: (Parameters<typeof message>[1] & { atMs?: number })[]): [InboxRow, ...InboxRow[]] {
  const rows = parts.map(({ atMs = 0, ...change }, index) => ({
    ...account,
    seq: index + 1,
    event: message(index + 1, change),
    receivedAtMs: atMs,
    attempts: 0,
  }));
  return rows as unknown as [InboxRow, ...InboxRow[]];
}

function taken(rows: [InboxRow, ...InboxRow[]], nowMs: number, rules: Partial<GatheringRules> = {}) {
  const gathered = gather(rows, nowMs, { ...defaultGatheringRules, ...rules }, isCommand);
  if (gathered.do === "wait") return gathered.ms;
  const { event } = gathered;
  return { parts: gathered.rows.length, text: event.kind === "message" ? event.text : "", event };
}

describe("gathering", () => {
  test("[channels:gathering] gathering: without a reason to wait nobody waits", () => {
    expect(taken(rowsOf({ text: "a" }), 0)).toMatchObject({ parts: 1, text: "a" });
    expect(taken(rowsOf({ text: "/stop" }), 0, { debounceMs: 1_000 })).toMatchObject({ parts: 1 });
    expect(taken(rowsOf({ text: "a", media: [file] }), 0, { debounceMs: 1_000 })).toMatchObject({ parts: 1 });
  });

  test("[channels:gathering] gathering: a command for another bot is no part of what is for us", () => {
    const mentions = { canDetect: true, explicit: false, any: false, implicit: false };
    const theirs = { text: "/ask@other_bot", mentions: { ...mentions, isForAnother: true } };
    expect(taken(rowsOf(theirs, { text: "a" }), 0, { debounceMs: 1_000 })).toMatchObject({ parts: 1 });
    expect(taken(rowsOf({ text: "a" }, theirs), 0, { debounceMs: 1_000 })).toMatchObject({ parts: 1, text: "a" });
  });

  test("[channels:gathering] gathering: an album is one message with all its files", () => {
    const part = { albumId: "x", text: "", media: [file] };
    expect(taken(rowsOf({ ...part, text: "look" }), 100)).toBe(400);
    expect(taken(rowsOf({ ...part, text: "look" }, { ...part, atMs: 100 }), 599)).toBe(1);
    const whole = taken(rowsOf({ ...part, text: "look" }, { ...part, atMs: 100 }), 600);
    expect(whole).toMatchObject({ parts: 2, text: "look", event: { media: [file, file], messageId: "2" } });
    expect(taken(rowsOf(part, { ...part, albumId: "y" }), 0)).toMatchObject({ parts: 1 });
    expect(taken(rowsOf(part, { ...part, sender: { id: "8", isSelf: false, isBot: false } }), 0)).toMatchObject({
      parts: 1,
    });
  });

  test("[channels:gathering] gathering: a text that the platform cut is put together, within its bounds", () => {
    const long = { text: "x".repeat(4_096) };
    expect(taken(rowsOf(long), 1_499)).toBe(1);
    expect(taken(rowsOf(long), 1_500)).toMatchObject({ parts: 1 });
    expect(taken(rowsOf(long, { text: "end", atMs: 1_500 }), 1_500)).toMatchObject({
      parts: 2,
      text: `${long.text}end`,
    });
    expect(taken(rowsOf(long, { text: "late", atMs: 1_501 }), 1_501)).toMatchObject({ parts: 1 });
    const many = Array.from({ length: 15 }, () => long);
    expect(taken(rowsOf(...many), 0)).toMatchObject({ parts: 12 });
    expect(taken(rowsOf(...many.slice(0, 12)), 0)).toMatchObject({ parts: 12 });
    expect(taken(rowsOf(...many), 0, { maxChars: 10_000 })).toMatchObject({ parts: 2 });
    expect(taken(rowsOf(long, { text: "/stop" }), 0)).toMatchObject({ parts: 1 });
  });

  test("[channels:gathering] gathering: what somebody writes in several messages is one, by line", () => {
    const rules = { debounceMs: 1_000 };
    expect(taken(rowsOf({ text: "a" }), 999, rules)).toBe(1);
    const both = rowsOf(
      { text: "a", mentions: { canDetect: true, explicit: true, any: true, implicit: false } },
      { text: "b", atMs: 900 },
    );
    expect(taken(both, 1_899, rules)).toBe(1);
    expect(taken(both, 1_900, rules)).toMatchObject({
      parts: 2,
      text: "a\nb",
      event: { mentions: { explicit: true } },
    });
    expect(taken(rowsOf({ text: "a" }, { text: "b", media: [file] }), 0, rules)).toMatchObject({ parts: 1 });
    expect(taken(rowsOf({ text: "a" }, { text: "b", forwardedFrom: { name: "Eve" } }), 0, rules)).toMatchObject({
      parts: 1,
    });
  });

  test("[channels:gathering] gathering: a clock that was set back makes nobody wait", () => {
    expect(taken(rowsOf({ text: "a", atMs: 1_000_000 }), 0, { debounceMs: 1_000 })).toMatchObject({ parts: 1 });
  });
});

interface World {
  readonly clock: ManualClock;
  readonly inbox: Inbox;
  readonly handled: string[];
  readonly receptionist: Receptionist;
  accept(id: string, text: string, more?: Parameters<typeof message>[1]): Promise<void>;
}

async function makeReceptionist(
  change: Partial<ReceptionistOptions> & {
    on?: (text: string) => Promise<void> | void;
    rules?: Partial<GatheringRules>;
  } = {},
): Promise<World> {
  const { on, rules, ...options } = change;
  const clock = new ManualClock();
  const database = openDatabase(await makeDirectory());
  const handled: string[] = [];
  let count = 0;
  const inbox: Inbox = new Inbox({ database, now: () => clock.now(), arrived: (some) => receptionist.arrived(some) });
  const receptionist = new Receptionist({
    inbox,
    handle: async (event, rows) => {
      const text = "text" in event ? (event.text ?? "") : "";
      await on?.(text);
      await database.write((sql) =>
        inbox.settle(
          sql,
          rows.map(({ seq }) => seq),
        ),
      );
      handled.push(text);
    },
    rulesFor: () => ({ ...defaultGatheringRules, ...rules }),
    isCommand,
    clock,
    random: () => 0,
    logger: makeLogger(),
    ...options,
  });
  return {
    clock,
    inbox,
    handled,
    receptionist,
    async accept(id, text, more = {}) {
      count += 1;
      const event = message(count, { conversation: { kind: "direct", id }, text, ...more });
      await inbox.port(account).accept({ events: [event] });
    },
  };
}

describe("receptionist", () => {
  test("[channels:reception] receptionist: in order within a conversation, so many conversations at once", async () => {
    let now = 0;
    let most = 0;
    const world = await makeReceptionist({
      maxAtOnce: 3,
      on: async () => {
        now += 1;
        most = Math.max(most, now);
        await settled(3);
        now -= 1;
      },
    });
    for (let n = 0; n < 40; n += 1) await world.accept(`c${n % 8}`, `${n % 8}:${n}`);
    await settled(300);
    expect(most).toBe(3);
    for (let one = 0; one < 8; one += 1) {
      const own = world.handled.filter((text) => text.startsWith(`${one}:`));
      expect(own).toEqual([0, 1, 2, 3, 4].map((n) => `${one}:${n * 8 + one}`));
    }
    expect(world.receptionist.sizes()).toEqual({ queued: 0, busy: 0, paused: 0 });
  });

  test("[channels:reception] receptionist: what waited at the last end is taken up at the start", async () => {
    const world = await makeReceptionist();
    await world.receptionist.stop();
    await world.accept("a", "left over");
    const next = new Receptionist({
      inbox: world.inbox,
      handle: async (event) => {
        world.handled.push("text" in event ? (event.text ?? "") : "");
        await next.stop();
      },
      rulesFor: () => defaultGatheringRules,
      isCommand,
      clock: world.clock,
      random: () => 0,
      logger: makeLogger(),
    });
    await next.start();
    await expect.poll(() => world.handled).toEqual(["left over"]);
  });

  test("[channels:reception-poison] receptionist: what can't be dealt with is tried five times with growing pauses, then set aside, and others go on", async () => {
    const tries: number[] = [];
    const world = await makeReceptionist({
      on: (text) => {
        if (text !== "poison") return;
        tries.push(world.clock.elapsedMs);
        throw new Error("can't be dealt with");
      },
    });
    await world.accept("a", "poison");
    await world.accept("a", "behind it");
    await world.accept("b", "elsewhere");
    await settled();
    expect(world.handled).toEqual(["elsewhere"]);
    // Writing on doesn't use up the attempts of what has failed.
    for (let n = 0; n < 10; n += 1) await world.accept("a", `more ${n}`);
    await settled();
    expect(tries).toEqual([0]);
    await world.clock.advance(60_000);
    expect(tries).toEqual([0, 2_000, 5_600, 12_080, 23_744]);
    await world.clock.advance(60_000);
    expect(world.handled.slice(0, 3)).toEqual(["elsewhere", "behind it", "more 0"]);
    expect((await world.inbox.aside(5)).map(({ reason }) => reason)).toEqual(["can't be dealt with"]);
  });

  test("[channels:reception-poison] receptionist: what was put together fails together", async () => {
    const calm = await makeReceptionist({
      on: (text) => {
        if (text.startsWith("xxx")) throw new Error("too much");
      },
    });
    const events = [
      message("p1", { text: "x".repeat(4_096) }),
      message("p2", { text: "the end" }),
      message("p3", { text: "/next" }),
    ];
    await calm.inbox.port(account).accept({ events });
    await calm.clock.advance(120_000);
    expect(calm.handled).toEqual(["/next"]);
    expect(await calm.inbox.aside(5)).toHaveLength(2);
  });

  test.each([
    ["a store that can't be used", Object.assign(new Error("disk full"), { name: "StoreError" })],
    ["a gateway that takes nothing now", new NotNowError("too much waits")],
  ])("[channels:reception-poison] receptionist: %s doesn't count against a message", async (_, error) => {
    let tries = 0;
    const world = await makeReceptionist({
      on: () => {
        tries += 1;
        if (tries < 9) throw error;
      },
    });
    await world.accept("a", "kept");
    await world.clock.advance(120_000);
    expect(world.handled).toEqual(["kept"]);
    expect(await world.inbox.filling()).toMatchObject({ aside: 0 });
  });

  test("[channels:reception] receptionist: an album that comes in pieces is handled once, when it is whole", async () => {
    const world = await makeReceptionist();
    const part = { albumId: "x", media: [file] };
    await world.accept("a", "look", part);
    await world.clock.advance(400);
    await world.accept("a", "", part);
    await world.clock.advance(499);
    expect(world.handled).toEqual([]);
    await world.clock.advance(1);
    expect(world.handled).toEqual(["look"]);
  });

  test("[channels:reception] receptionist: what belongs together waits on though the clock was set", async () => {
    for (const byMs of [-86_400_000, 86_400_000]) {
      const world = await makeReceptionist({ rules: { debounceMs: 1_000 } });
      await world.accept("a", "one");
      await settled();
      world.clock.set(byMs);
      await world.clock.advance(1_000);
      expect(world.handled).toEqual(["one"]);
    }
  });

  test("[channels:reception] receptionist: stopping lets what was taken up end, takes up nothing new, and leaves no timer", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const world = await makeReceptionist({
      on: (text) => (text === "slow" ? promise : undefined),
      rules: { debounceMs: 5_000 },
    });
    await world.accept("a", "/never", {});
    await world.accept("b", "waiting for more");
    await settled();
    const busy = await makeReceptionist({ on: (text) => (text === "slow" ? promise : undefined) });
    await busy.accept("a", "slow");
    await busy.accept("a", "next");
    await settled();
    const stopped = Promise.all([world.receptionist.stop(), busy.receptionist.stop()]);
    resolve();
    await stopped;
    expect(busy.handled).toEqual(["slow"]);
    await busy.accept("c", "after the end");
    await settled();
    expect(busy.handled).toEqual(["slow"]);
    expect(world.clock.timers + busy.clock.timers).toBe(0);
  });
});
