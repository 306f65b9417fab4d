import { expect, test } from "vitest";
import { createInProcessBus } from "../src/index.ts";
import { type BusEngine, describeBus } from "./suites/bus-behaviour.ts";

async function inProcessEngine(): Promise<BusEngine> {
  const errors: unknown[] = [];
  const timers = new Set<() => void>();
  const bus = createInProcessBus({
    onError: (error) => void errors.push(error),
    startTimer: (_ms, fire) => {
      timers.add(fire);
      return () => void timers.delete(fire);
    },
  });
  return {
    bus,
    errors,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    expireRequests: () => {
      for (const fire of timers) fire();
    },
  };
}

describeBus("in-process bus", inProcessEngine);

test("in-process bus: publish has delivered to everybody when it returns", () => {
  const bus = createInProcessBus();
  let heard = 0;
  for (let index = 0; index < 500; index++) bus.subscribe("event.>", () => void heard++);
  bus.publish("event.tick", {});
  expect(heard).toBe(500);
});

test("in-process bus: a listener that leaves while a message is delivered disturbs nobody", () => {
  const bus = createInProcessBus();
  const heard: string[] = [];
  const stop = bus.subscribe("a", () => {
    heard.push("first");
    stop();
  });
  bus.subscribe("a", () => void heard.push("second"));
  bus.publish("a", null);
  bus.publish("a", null);
  expect(heard).toEqual(["first", "second", "second"]);
});

test("[bus:bounded] in-process bus: subscriptions, handlers and waiting requests are bounded", async () => {
  const bus = createInProcessBus({ maxSubscriptions: 2, maxPendingRequests: 1 });
  bus.handle("slow", () => new Promise(() => undefined));
  const stop = bus.subscribe("a", () => undefined);
  const tooMany = expect.objectContaining({ code: "too-many" });
  expect(() => bus.subscribe("b", () => undefined)).toThrow(tooMany);
  expect(() => bus.handle("b", () => undefined)).toThrow(tooMany);
  stop();
  bus.subscribe("b", () => undefined);
  const waiting = expect(bus.request("slow", null)).rejects.toMatchObject({ code: "closed" });
  await expect(bus.request("slow", null)).rejects.toMatchObject({ code: "too-many" });
  await bus.close();
  await waiting;
});

test("[bus:bounded] in-process bus: many different subjects leave nothing behind that grows", () => {
  const bus = createInProcessBus();
  const heard: string[] = [];
  bus.subscribe("node.>", (_message, subject) => void heard.push(subject));
  for (let index = 0; index < 5_000; index++) bus.publish(`node.n${index}`, null);
  expect(heard).toHaveLength(5_000);
  expect(heard.at(-1)).toBe("node.n4999");
});

test("[bus:bounded] in-process bus: two listeners that answer each other end, and that is reported", () => {
  const errors: unknown[] = [];
  const bus = createInProcessBus({ onError: (error) => void errors.push(error) });
  bus.subscribe("ping", () => bus.publish("pong", null));
  bus.subscribe("pong", () => bus.publish("ping", null));
  bus.publish("ping", null);
  expect(errors).toEqual([expect.objectContaining({ code: "too-many" })]);
});
