import { expect, test } from "vitest";
import * as models from "../src/index.ts";

test("models: the public list is exactly this", () => {
  expect(Object.keys(models).toSorted()).toEqual(["MODEL_LIMITS", "createModelsBackend", "withWellKnownProviders"]);
});
