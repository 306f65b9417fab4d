import { expect, test } from "vitest";
import * as nodeHost from "../src/index.ts";
import * as service from "../src/service/index.ts";

test("node-host: the root exports these values and no others", () => {
  expect(Object.keys(nodeHost).sort()).toEqual([
    "NodeCommandError",
    "NodeHost",
    "defineCommand",
    "memoryJournal",
    "openFileJournal",
    "startNodeHost",
    "systemCommands",
  ]);
});

test("node-host: the service entry exports these values and no others", () => {
  expect(Object.keys(service).sort()).toEqual(["ExitCode", "NODE_FLAGS", "nodeServiceHost", "runNodeService"]);
});
