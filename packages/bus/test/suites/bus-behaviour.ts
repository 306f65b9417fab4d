import { afterEach, expect, test } from "vitest";
import type { Bus } from "../../src/index.ts";

/** One engine under test. */
export interface BusEngine {
  readonly bus: Bus;
  /** What `onError` heard so far. */
  readonly errors: readonly unknown[];
  /** Resolves when everything published so far has been delivered. */
  readonly settle: () => Promise<void>;
  /** Lets the time of every waiting request run out. */
  readonly expireRequests: () => void;
}

/** What every engine of the bus promises. A second engine runs this over its own factory. */
export function describeBus(engineName: string, create: () => Promise<BusEngine>): void {
  const engines: BusEngine[] = [];
  afterEach(async () => {
    for (const { bus } of engines.splice(0)) await bus.close();
  });
  const open = async (): Promise<BusEngine> => {
    const engine = await create();
    engines.push(engine);
    return engine;
  };
  const titled = (behaviour: string): string => `${engineName}: ${behaviour}`;

  test(titled("a message reaches every listener of its subject, in order, and no other"), async () => {
    const { bus, settle } = await open();
    const heard: unknown[] = [];
    bus.subscribe("presence.changed", (message) => void heard.push(["a", message]));
    bus.subscribe("presence.changed", (message) => void heard.push(["b", message]));
    bus.subscribe("presence", (message) => void heard.push(["wrong", message]));
    bus.publish("presence.changed", { seq: 1 });
    bus.publish("presence.changed", { seq: 2 });
    await settle();
    const of = (name: string) => heard.filter((entry) => (entry as unknown[])[0] === name);
    expect(of("a")).toEqual([
      ["a", { seq: 1 }],
      ["a", { seq: 2 }],
    ]);
    expect(of("b")).toEqual([
      ["b", { seq: 1 }],
      ["b", { seq: 2 }],
    ]);
    expect(of("wrong")).toEqual([]);
  });

  test.each([
    ["node.>", "node.n1", true],
    ["node.>", "node.invoke.n1", true],
    ["node.>", "node", false],
    ["node.>", "nodes.n1", false],
    ["node.invoke.>", "node.invoke.n1", true],
    ["node.invoke.>", "node.event.n1", false],
    ["node.invoke", "node.invoke", true],
    ["node.invoke", "node.invoke.n1", false],
  ])(titled("the pattern %s and the subject %s: match is %s"), async (pattern, subject, matches) => {
    const { bus, settle } = await open();
    const heard: string[] = [];
    bus.subscribe(pattern, (_message, actual) => void heard.push(actual));
    bus.publish(subject, null);
    await settle();
    expect(heard).toEqual(matches ? [subject] : []);
  });

  test.each(["", ".", "a.", ".a", "a..b", ">", "*", "a.*", "a.>", "a b", "a\n", "ä", "x".repeat(257)])(
    titled("%j is no subject to publish to"),
    async (subject) => {
      const { bus } = await open();
      expect(() => bus.publish(subject, null)).toThrow(expect.objectContaining({ code: "invalid-subject" }));
    },
  );

  test.each(["", ">", ".>", "a.>.b", "a>", "a.*", "a..>"])(titled("%j is no pattern"), async (pattern) => {
    const { bus } = await open();
    expect(() => bus.subscribe(pattern, () => undefined)).toThrow(expect.objectContaining({ code: "invalid-subject" }));
  });

  test(
    titled("[bus:listeners-are-isolated] a listener that throws or rejects hurts no other and is reported"),
    async () => {
      const { bus, settle, errors } = await open();
      const heard: unknown[] = [];
      bus.subscribe("a", () => {
        throw new Error("thrown");
      });
      bus.subscribe("a", () => Promise.reject(new Error("rejected")));
      bus.subscribe("a", (message) => void heard.push(message));
      expect(() => bus.publish("a", 1)).not.toThrow();
      await settle();
      expect(heard).toEqual([1]);
      expect(errors.map((error) => (error as Error).message).toSorted()).toEqual(["rejected", "thrown"]);
    },
  );

  test(
    titled("[bus:same-order-for-all] messages published while one is delivered reach all listeners in one order"),
    async () => {
      const { bus, settle } = await open();
      const heard: Record<string, unknown[]> = { first: [], second: [] };
      bus.subscribe("a", (message) => {
        heard["first"]!.push(message);
        if (message === 1) bus.publish("a", 2);
      });
      bus.subscribe("a", (message) => void heard["second"]!.push(message));
      bus.publish("a", 1);
      await settle();
      expect(heard).toEqual({ first: [1, 2], second: [1, 2] });
    },
  );

  test(titled("after it stopped a listener hears nothing, and stopping twice stops nobody else"), async () => {
    const { bus, settle } = await open();
    const heard: string[] = [];
    const listener = (): void => void heard.push("heard");
    const stop = bus.subscribe("a", listener);
    bus.subscribe("a", listener);
    stop();
    stop();
    bus.publish("a", null);
    await settle();
    expect(heard).toEqual(["heard"]);
  });

  test(titled("a request gets the answer of its handler"), async () => {
    const { bus } = await open();
    bus.handle("sum", (message) => (message as number[]).reduce((a, b) => a + b, 0));
    expect(await bus.request("sum", [1, 2, 3])).toBe(6);
  });

  test(titled("a request that nobody handles fails at once"), async () => {
    const { bus } = await open();
    await expect(bus.request("nobody", null)).rejects.toMatchObject({ code: "no-handler" });
  });

  test(titled("a handler that fails fails the request with its message"), async () => {
    const { bus } = await open();
    bus.handle("fails", () => {
      throw new Error("disk full");
    });
    await expect(bus.request("fails", null)).rejects.toMatchObject({ code: "failed", message: "disk full" });
  });

  test(titled("[bus:requests-end] a request that isn't answered in time fails, and its handler is told"), async () => {
    const { bus, expireRequests, settle } = await open();
    let told = false;
    bus.handle("slow", (_message, { signal }) => {
      signal.addEventListener("abort", () => {
        told = true;
      });
      return new Promise(() => undefined);
    });
    const request = bus.request("slow", null, { timeoutMs: 5_000 });
    const failed = expect(request).rejects.toMatchObject({ code: "timeout" });
    await settle();
    expireRequests();
    await failed;
    expect(told).toBe(true);
  });

  test(titled("[bus:requests-end] a request ends with the reason of its signal"), async () => {
    const { bus } = await open();
    bus.handle("slow", () => new Promise(() => undefined));
    const controller = new AbortController();
    const request = bus.request("slow", null, { signal: controller.signal });
    const reason = new Error("the client left");
    controller.abort(reason);
    await expect(request).rejects.toBe(reason);
    await expect(bus.request("slow", null, { signal: controller.signal })).rejects.toBe(reason);
  });

  test(titled("a subject has one handler at a time"), async () => {
    const { bus } = await open();
    const stop = bus.handle("one", () => "first");
    expect(() => bus.handle("one", () => "second")).toThrow(expect.objectContaining({ code: "taken" }));
    stop();
    bus.handle("one", () => "second");
    stop();
    expect(await bus.request("one", null)).toBe("second");
  });

  test(
    titled("[bus:requests-end] close fails what waits, and afterwards nothing is delivered or accepted"),
    async () => {
      const { bus, settle } = await open();
      const heard: unknown[] = [];
      bus.subscribe("a", (message) => void heard.push(message));
      bus.handle("slow", () => new Promise(() => undefined));
      const waiting = expect(bus.request("slow", null)).rejects.toMatchObject({ code: "closed" });
      await settle();
      await bus.close();
      await waiting;
      bus.publish("a", 1);
      await settle();
      expect(heard).toEqual([]);
      expect(() => bus.subscribe("a", () => undefined)).toThrow(expect.objectContaining({ code: "closed" }));
      expect(() => bus.handle("b", () => undefined)).toThrow(expect.objectContaining({ code: "closed" }));
      await expect(bus.request("slow", null)).rejects.toMatchObject({ code: "closed" });
    },
  );
}
