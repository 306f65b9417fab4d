import { expect, test } from "vitest";
import * as nodeHost from "../src/index.ts";

test("node-host: the root exports these values and no others", () => {
  expect(Object.keys(nodeHost).sort()).toEqual([
    "NodeCommandError",
    "NodeHost",
    "defineCommand",
    "memoryJournal",
    "openFileJournal",
    "startNodeHost",
  ]);
});
