import { afterEach, expect, test } from "vitest";
import { type DocumentShape, type DocumentStore, updateDocument } from "../../src/index.ts";
import { counterShape } from "./counter-shape.ts";

/** One engine under test. Every call of `open` sees the same state, as another process would where the engine can do that. */
export interface DocumentEngine {
  open(): Promise<DocumentStore>;
  remove(): Promise<void>;
}

/** What every engine promises of documents. */
export function describeDocuments(engineName: string, create: () => Promise<DocumentEngine>): void {
  const engines: DocumentEngine[] = [];
  const stores: DocumentStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const engine of engines.splice(0)) await engine.remove();
  });
  async function openEngine(): Promise<{ store: DocumentStore; reopen: () => Promise<DocumentStore> }> {
    const engine = await create();
    engines.push(engine);
    const reopen = async (): Promise<DocumentStore> => {
      const store = await engine.open();
      stores.push(store);
      return store;
    };
    return { store: await reopen(), reopen };
  }
  const titled = (behaviour: string): string => `${engineName}: ${behaviour}`;

  test(titled("[store:missing-is-empty] a document that was never written has the empty value"), async () => {
    const { store } = await openEngine();
    expect((await store.document("devices/paired", counterShape).read()).value).toEqual({ count: 0 });
  });

  test(
    titled("[store:acknowledged-is-kept] what was acknowledged is there after the store is opened again"),
    async () => {
      const { store, reopen } = await openEngine();
      const before = store.document("devices/paired", counterShape);
      expect(await before.replace({ count: 3, note: "ä 😀" }, (await before.read()).revision)).toBe(true);
      const after = (await reopen()).document("devices/paired", counterShape);
      expect((await after.read()).value).toEqual({ count: 3, note: "ä 😀" });
    },
  );

  test(titled("[store:compare-and-set] a write with an old revision changes nothing"), async () => {
    const { store, reopen } = await openEngine();
    const mine = store.document("counter", counterShape);
    const theirs = (await reopen()).document("counter", counterShape);
    const { revision } = await mine.read();
    expect(await theirs.replace({ count: 1 }, revision)).toBe(true);
    expect(await mine.replace({ count: 99 }, revision)).toBe(false);
    expect((await mine.read()).value).toEqual({ count: 1 });
    expect(await mine.replace({ count: 2 }, (await mine.read()).revision)).toBe(true);
  });

  test(titled("[store:compare-and-set] a value that went away and came back is another revision"), async () => {
    const { store, reopen } = await openEngine();
    const mine = store.document("counter", counterShape);
    const theirs = (await reopen()).document("counter", counterShape);
    await updateDocument(theirs, () => ({ next: { count: 1 }, result: undefined }));
    const { revision } = await mine.read();
    for (const count of [2, 1]) await updateDocument(theirs, () => ({ next: { count }, result: undefined }));
    expect(await mine.replace({ count: 99 }, revision)).toBe(false);
    expect((await mine.read()).value).toEqual({ count: 1 });
  });

  test(titled("[store:compare-and-set] an invented revision changes nothing"), async () => {
    const { store } = await openEngine();
    const document = store.document("counter", counterShape);
    expect(await document.replace({ count: 1 }, "invented")).toBe(false);
    expect((await document.read()).value).toEqual({ count: 0 });
  });

  test(
    titled("[store:updates-lose-nothing] updates at the same time through several handles lose nothing"),
    async () => {
      const { store, reopen } = await openEngine();
      const other = await reopen();
      const handles = [
        store.document("counter", counterShape),
        store.document("counter", counterShape),
        other.document("counter", counterShape),
      ];
      const results = await Promise.all(
        handles.flatMap((handle) =>
          Array.from({ length: 15 }, () =>
            updateDocument(handle, ({ count }) => ({ next: { count: count + 1 }, result: count + 1 })),
          ),
        ),
      );
      expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
      expect((await handles[0]!.read()).value).toEqual({ count: 45 });
    },
  );

  test(titled("an update that decides to change nothing writes nothing"), async () => {
    const { store } = await openEngine();
    const document = store.document("counter", counterShape);
    const { revision } = await document.read();
    expect(await updateDocument(document, () => ({ next: undefined, result: "nothing" }))).toBe("nothing");
    expect((await document.read()).revision).toBe(revision);
  });

  test(titled("an update whose decision throws writes nothing, and the next one goes on"), async () => {
    const { store } = await openEngine();
    const document = store.document("counter", counterShape);
    const refused = updateDocument(document, () => {
      throw new Error("refused");
    });
    const accepted = updateDocument(document, ({ count }) => ({ next: { count: count + 1 }, result: undefined }));
    await expect(refused).rejects.toThrow("refused");
    await accepted;
    expect((await document.read()).value).toEqual({ count: 1 });
  });

  test(titled("values are frozen, so that nobody changes what somebody else reads"), async () => {
    const { store } = await openEngine();
    const shape: DocumentShape<{ list: string[] }> = {
      parse: (json) => json as { list: string[] },
      empty: () => ({ list: [] }),
    };
    const document = store.document("list", shape);
    const first = await document.read();
    expect(() => first.value.list.push("x")).toThrow(TypeError);
    await document.replace({ list: ["a"] }, first.revision);
    const second = await document.read();
    expect(() => second.value.list.push("x")).toThrow(TypeError);
  });

  test(titled("[store:bounded] a document larger than its limit is refused and the old one stays"), async () => {
    const { store } = await openEngine();
    const document = store.document("counter", counterShape);
    await document.replace({ count: 1 }, (await document.read()).revision);
    const tooLarge = document.replace({ count: 2, note: "x".repeat(1_001) }, (await document.read()).revision);
    await expect(tooLarge).rejects.toMatchObject({ code: "too-large" });
    expect((await document.read()).value).toEqual({ count: 1 });
  });

  test(titled("[R-57] content that isn't what belongs there is an error and is not overwritten"), async () => {
    const { store, reopen } = await openEngine();
    const anything: DocumentShape<unknown> = { parse: (json) => json, empty: () => null };
    const loose = store.document("counter", anything);
    const { revision: empty } = await loose.read();
    await loose.replace({ wrong: true }, empty);
    const strict = (await reopen()).document("counter", counterShape);
    await expect(strict.read()).rejects.toMatchObject({ code: "corrupt" });
    const update = updateDocument(strict, () => ({ next: { count: 1 }, result: undefined }));
    await expect(update).rejects.toMatchObject({ code: "corrupt" });
    expect(await strict.replace({ count: 1 }, empty)).toBe(false);
    expect((await loose.read()).value).toEqual({ wrong: true });
  });

  test(titled("documents of different names don't touch each other"), async () => {
    const { store } = await openEngine();
    const a = store.document("devices/paired", counterShape);
    const b = store.document("devices/pending", counterShape);
    await a.replace({ count: 7 }, (await a.read()).revision);
    expect((await b.read()).value).toEqual({ count: 0 });
  });

  test.each(["", "/a", "a/", "../a", "a/../b", "a.json", "a\\b", "a\0", "a//b", "x".repeat(101), "a/b/c/d/e/f"])(
    titled("[store:names] refuses the name %j"),
    async (name) => {
      const { store } = await openEngine();
      expect(() => store.document(name, counterShape)).toThrow(expect.objectContaining({ code: "invalid" }));
    },
  );

  test(titled("a listener hears of a change made through another handle, and nothing after it stopped"), async () => {
    const { store } = await openEngine();
    const document = store.document("counter", counterShape);
    let stop = (): void => undefined;
    const heard = new Promise<void>((resolve) => {
      stop = document.changed!(() => {
        void document.read().then(({ value }) => value.count === 1 && resolve());
      });
    });
    await updateDocument(store.document("counter", counterShape), () => ({ next: { count: 1 }, result: undefined }));
    await heard;
    stop();
    stop(); // twice is fine
  });

  test(titled("[store:closed] after close every call says that the store is closed"), async () => {
    const { store } = await openEngine();
    const document = store.document("counter", counterShape);
    await store.close();
    await expect(document.read()).rejects.toMatchObject({ code: "closed" });
    await expect(document.replace({ count: 1 }, "0")).rejects.toMatchObject({ code: "closed" });
    expect(() => store.document("counter", counterShape)).toThrow(expect.objectContaining({ code: "closed" }));
  });
}
