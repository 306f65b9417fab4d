import { expect, test } from "vitest";
import * as telegram from "../src/index.ts";

test("telegram: the public list is exactly this", () => {
  expect(Object.keys(telegram)).toEqual(["adapter"]);
  expect(Object.keys(telegram.adapter).toSorted()).toEqual(["accounts", "descriptor", "open", "parseTarget", "render"]);
});
