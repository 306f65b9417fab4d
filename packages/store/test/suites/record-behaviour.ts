import { afterEach, expect, test } from "vitest";
import type { RecordStore, TableShape } from "../../src/index.ts";

/** One engine under test. Every call of `open` sees the same state. */
export interface RecordEngine {
  readonly open: () => Promise<RecordStore>;
  readonly remove: () => Promise<void>;
  /** The clock of its stores. */
  readonly clock: { nowMs: number };
}

const text: TableShape<string> = {
  parse(json) {
    if (typeof json === "string") return json;
    throw new Error("expected a text");
  },
  maxRows: 3,
  maxBytes: 100,
};
const anything = { ...text, parse: (json: unknown): unknown => json };

/** What every engine promises of tables and logs. */
export function describeRecords(engineName: string, create: () => Promise<RecordEngine>): void {
  const engines: RecordEngine[] = [];
  const stores: RecordStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const engine of engines.splice(0)) await engine.remove();
  });
  async function openEngine() {
    const engine = await create();
    engines.push(engine);
    const reopen = async (): Promise<RecordStore> => {
      const store = await engine.open();
      stores.push(store);
      return store;
    };
    return { store: await reopen(), reopen, clock: engine.clock };
  }
  const titled = (behaviour: string): string => `${engineName}: ${behaviour}`;

  test(titled("a table gives back what was put, also after the store is opened again"), async () => {
    const { store, reopen } = await openEngine();
    const table = store.table("seen", text);
    await table.put("a", "1");
    await table.put("a", "2 ä 😀");
    expect(await (await reopen()).table("seen", text).get("a")).toBe("2 ä 😀");
    expect(await table.get("b")).toBeUndefined();
    expect(await table.occupancy()).toEqual({ rows: 1, bytes: 1 + 11 });
  });

  test(titled("[store:claimed-once] of those who add one key at once, exactly one adds it"), async () => {
    const { store, reopen } = await openEngine();
    const tables = [store.table("seen", text), store.table("seen", text), (await reopen()).table("seen", text)];
    const results = await Promise.all(tables.map((table, index) => table.add("key", `by ${index}`)));
    const winners = results.filter(({ added }) => added);
    expect(winners).toHaveLength(1);
    expect(new Set(results.map(({ value }) => value))).toEqual(new Set([winners[0]!.value]));
  });

  test(titled("a row exists until its expiry and not at it"), async () => {
    const { store, clock } = await openEngine();
    const table = store.table("seen", text);
    await table.put("a", "1", { expiresAtMs: clock.nowMs + 10 });
    clock.nowMs += 9;
    expect(await table.get("a")).toBe("1");
    expect(await table.add("a", "2")).toEqual({ added: false, value: "1" });
    clock.nowMs += 1;
    expect(await table.get("a")).toBeUndefined();
    expect(await table.delete("a")).toBe(false);
    expect(await table.add("a", "2")).toEqual({ added: true, value: "2" });
    expect((await table.occupancy()).rows).toBe(1);
  });

  test(
    titled("times are whole milliseconds, whatever the clock says, and an expiry that is no time is refused"),
    async () => {
      const { store, clock } = await openEngine();
      clock.nowMs += 0.75;
      const table = store.table("seen", text);
      await table.put("a", "1", { expiresAtMs: clock.nowMs + 1 });
      await table.put("b", "1", { expiresAtMs: Number.POSITIVE_INFINITY });
      expect([await table.get("a"), await table.get("b")]).toEqual(["1", "1"]);
      await store.log("audit", text).append("x");
      expect((await store.log("audit", text).read())[0]?.atMs).toBe(1_000);
      await expect(table.put("c", "1", { expiresAtMs: Number.NaN })).rejects.toMatchObject({ code: "invalid" });
    },
  );

  test(titled("deleting says whether there was such a row"), async () => {
    const { store } = await openEngine();
    const table = store.table("seen", text);
    await table.put("a", "1");
    expect([await table.delete("a"), await table.delete("a")]).toEqual([true, false]);
    expect(await table.occupancy()).toEqual({ rows: 0, bytes: 0 });
  });

  test(titled("[store:bounded] a table holds so many rows; expired ones go first, then the oldest"), async () => {
    const { store, clock } = await openEngine();
    const table = store.table("seen", text);
    await table.put("a", "1");
    await table.put("b", "2", { expiresAtMs: clock.nowMs + 1 });
    await table.put("c", "3");
    clock.nowMs += 1;
    await table.put("d", "4");
    expect(await Promise.all(["a", "b", "c", "d"].map((key) => table.get(key)))).toEqual(["1", undefined, "3", "4"]);
    await table.put("a", "again"); // the newest now
    await table.put("e", "5");
    expect(await Promise.all(["a", "c", "d", "e"].map((key) => table.get(key)))).toEqual([
      "again",
      undefined,
      "4",
      "5",
    ]);
    expect((await table.occupancy()).rows).toBe(3);
  });

  test(titled("[store:bounded] a table holds so many bytes, and refuses a row that alone has more"), async () => {
    const { store } = await openEngine();
    const table = store.table("seen", text);
    await table.put("a", "x".repeat(40));
    await table.put("b", "x".repeat(40));
    await table.put("c", "x".repeat(40));
    expect(await table.get("a")).toBeUndefined();
    expect((await table.occupancy()).bytes).toBe(86);
    await expect(table.put("d", "x".repeat(100))).rejects.toMatchObject({ code: "too-large" });
    expect(await table.get("c")).toBe("x".repeat(40));
  });

  test(titled("tables and logs of different names, or of one name, don't touch each other"), async () => {
    const { store } = await openEngine();
    await store.table("one", text).put("a", "1");
    await store.log("one", text).append("x");
    expect(await store.table("two", text).get("a")).toBeUndefined();
    expect(await store.log("two", text).read()).toEqual([]);
    expect(await store.table("one", text).occupancy()).toEqual({ rows: 1, bytes: 4 });
  });

  test.each(["", "x".repeat(1_025), "ä".repeat(513)])(titled("refuses a key of the wrong length"), async (key) => {
    const { store } = await openEngine();
    const table = store.table("seen", text);
    for (const call of [
      () => table.get(key),
      () => table.put(key, "1"),
      () => table.add(key, "1"),
      () => table.delete(key),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "invalid" });
    }
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(titled("refuses the bound %d"), async (bound) => {
    const { store } = await openEngine();
    const invalid = expect.objectContaining({ code: "invalid" });
    expect(() => store.table("seen", { ...text, maxRows: bound })).toThrow(invalid);
    expect(() => store.log("audit", { ...text, maxBytes: bound })).toThrow(invalid);
  });

  test(titled("a log gives back its entries in order, with their place and time"), async () => {
    const { store, reopen, clock } = await openEngine();
    const log = store.log("audit", text);
    expect(await log.append("a")).toBe(1);
    clock.nowMs += 5;
    expect(await log.append("b", "c")).toBe(3);
    const found = await (await reopen()).log("audit", text).read();
    expect(found).toEqual([
      { seq: 1, atMs: clock.nowMs - 5, entry: "a" },
      { seq: 2, atMs: clock.nowMs, entry: "b" },
      { seq: 3, atMs: clock.nowMs, entry: "c" },
    ]);
  });

  test(titled("a log is read in ranges, from either end"), async () => {
    const { store } = await openEngine();
    const log = store.log("audit", { ...text, maxRows: 100 });
    await log.append("1", "2", "3", "4", "5");
    const read = async (range: Parameters<typeof log.read>[0]) => (await log.read(range)).map(({ entry }) => entry);
    expect(await read({ afterSeq: 3 })).toEqual(["4", "5"]);
    expect(await read({ limit: 2 })).toEqual(["1", "2"]);
    expect(await read({ limit: 2, order: "newest-first" })).toEqual(["5", "4"]);
    expect(await read({ beforeSeq: 4, limit: 2, order: "newest-first" })).toEqual(["3", "2"]);
    expect(await read({ limit: 0 })).toEqual(["1"]);
    expect(await read({ afterSeq: 5 })).toEqual([]);
  });

  test(titled("[store:bounded] a log keeps the newest entries, and never uses a place twice"), async () => {
    const { store, reopen } = await openEngine();
    const log = store.log("audit", text);
    for (const entry of ["1", "2", "3", "4"]) await log.append(entry);
    expect((await log.read()).map(({ seq }) => seq)).toEqual([2, 3, 4]);
    await log.append("x".repeat(90));
    expect(await log.occupancy()).toEqual({ rows: 3, bytes: 98 });
    await log.append("x".repeat(98));
    expect((await log.read()).map(({ seq }) => seq)).toEqual([6]);
    expect(await (await reopen()).log("audit", text).append("7")).toBe(7);
    await expect(log.append("fits", "x".repeat(99))).rejects.toMatchObject({ code: "too-large" });
    expect((await log.read()).map(({ seq }) => seq)).toEqual([7]);
  });

  test(titled("entries appended at once all get a place of their own"), async () => {
    const { store } = await openEngine();
    const log = store.log("audit", { ...text, maxRows: 1_000, maxBytes: 10_000 });
    const places = await Promise.all(Array.from({ length: 300 }, (_, index) => log.append(String(index))));
    expect(places).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  test(titled("[R-57] what isn't what belongs there is an error, and stays"), async () => {
    const { store } = await openEngine();
    await store.table("seen", anything).put("a", { wrong: "s3cret" });
    await store.log("audit", anything).append({ wrong: "s3cret" });
    const table = store.table("seen", text);
    for (const call of [() => table.get("a"), () => table.add("a", "1"), () => store.log("audit", text).read()]) {
      await expect(call()).rejects.toMatchObject({ code: "corrupt", message: expect.not.stringContaining("s3cret") });
    }
    expect(await store.table("seen", anything).get("a")).toEqual({ wrong: "s3cret" });
  });

  test(titled("[store:closed] after close every call says that the store is closed"), async () => {
    const { store } = await openEngine();
    const table = store.table("seen", text);
    const log = store.log("audit", text);
    await table.put("a", "1");
    await store.close();
    for (const call of [
      () => table.get("a"),
      () => table.put("a", "1"),
      () => table.add("a", "1"),
      () => log.append("x"),
      () => log.read(),
      () => log.occupancy(),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "closed" });
    }
    expect(() => store.table("seen", text)).toThrow(expect.objectContaining({ code: "closed" }));
  });
}
