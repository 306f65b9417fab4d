import { METHODS, type MethodDescription, type ServedMethodName } from "@saltgate/protocol";
import { expect, expectTypeOf, test } from "vitest";
import type { Handlers } from "../src/methods/handlers.ts";
import { startWorld } from "./support/world.ts";

test("[gateway:complete-handlers] handlers: a table that leaves out a served method does not compile, and one that adds an unserved one neither", () => {
  expectTypeOf<Handlers>().toHaveProperty("health");
  expectTypeOf<keyof Handlers>().toEqualTypeOf<ServedMethodName>();
  // @ts-expect-error `health` is missing
  const incomplete: Handlers = {} as Omit<Handlers, "health">;
  // @ts-expect-error `cron.list` is described, but not served
  expectTypeOf<Handlers>().toHaveProperty("cron.list");
  expect(incomplete).toEqual({});
});

test("[gateway:complete-handlers] handlers: a gateway advertises exactly the methods that the protocol calls served", async () => {
  await using world = await startWorld();
  const { payload } = await world.dial().connect({ scopes: [] });
  const all: [string, MethodDescription][] = Object.entries(METHODS);
  const served = all.flatMap(([name, { status, until = 4 }]) => (status === "served" && until >= 4 ? [name] : []));
  const { methods } = (payload as { features: { methods: string[] } }).features;
  expect([...methods].sort()).toEqual(served.sort());
});
