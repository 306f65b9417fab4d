import { expect, test, vi } from "vitest";
import { LineBatch } from "../src/service/line-batch.ts";

/** The end of this turn of the event loop. */
const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("[gateway:log-batches] line batch: lines of one turn are written together, in their order, when it ends", async () => {
  const written: string[] = [];
  const batch = new LineBatch((text) => written.push(text));
  batch.add("one\n", false);
  batch.add("two\n", false);
  expect(written).toEqual([]);
  await endOfTurn();
  expect(written).toEqual(["one\ntwo\n"]);
  batch.add("three\n", false);
  await endOfTurn();
  expect(written).toEqual(["one\ntwo\n", "three\n"]);
});

test("[gateway:log-batches] line batch: what may not wait is written at once, behind what came before it", async () => {
  const written: string[] = [];
  const batch = new LineBatch((text) => written.push(text));
  batch.add("info\n", false);
  batch.add("warning\n", true);
  expect(written).toEqual(["info\nwarning\n"]);
  await endOfTurn();
  expect(written).toHaveLength(1);
});

test("[gateway:log-batches] line batch: with a pause the first line comes soon, and the rest when the pause is over", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate"] });
  try {
    const written: string[] = [];
    const batch = new LineBatch((text) => written.push(text), 50);
    batch.add("one\n", false);
    vi.advanceTimersByTime(0);
    expect(written).toEqual(["one\n"]);
    batch.add("two\n", false);
    batch.add("three\n", false);
    vi.advanceTimersByTime(49);
    expect(written).toHaveLength(1);
    batch.add("error\n", true);
    expect(written).toEqual(["one\n", "two\nthree\nerror\n"]);
    batch.add("four\n", false);
    vi.advanceTimersByTime(1);
    expect(written.slice(2)).toEqual(["four\n"]);
    batch.add("five\n", false);
    batch.flush();
    expect(written.slice(3)).toEqual(["five\n"]);
  } finally {
    vi.useRealTimers();
  }
});
