import { expect, test } from "vitest";
import * as bus from "../src/index.ts";

test("bus: the public list is exactly this", () => {
  expect(Object.keys(bus).toSorted()).toEqual(["BusError", "BusErrorCode", "createInProcessBus", "maxSubjectLength"]);
});
