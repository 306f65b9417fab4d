import { expect, test } from "vitest";
import { allowedCommands, commandsOf, refuseCommand } from "../src/nodes/command-policy.ts";
import { platformOf } from "../src/nodes/platform.ts";

const NONE = { allowCommands: [], denyCommands: [] };

test.each([
  ["ios", undefined, "ios"],
  ["iOS 18.2", undefined, "ios"],
  ["android", undefined, "android"],
  ["darwin", undefined, "macos"],
  ["macOS 15", undefined, "macos"],
  ["  Linux 6.1 ", undefined, "linux"],
  ["win32", undefined, "windows"],
  ["iPadOS 18", "iPad", "ios"],
  ["something", "MacBook", "macos"],
  ["ＬＩＮＵＸ", undefined, "linux"],
  ["haiku", undefined, "unknown"],
  ["", "", "unknown"],
  [undefined, undefined, "unknown"],
  ["ma\u0441os", undefined, "unknown"],
  ["l\u0456nux", undefined, "unknown"],
  ["linux\u200b", undefined, "unknown"],
  ["\u202elinux", undefined, "unknown"],
])("[node:platform] [R-31] nodes: platform %j with family %j is %s", (platform, family, expected) => {
  expect(platformOf(platform, family)).toBe(expected);
});

test("[node:platform] [R-31] nodes: a node of an unknown platform may be asked for nothing, until its owner allows it by name", () => {
  expect([...allowedCommands("unknown", NONE)]).toEqual([]);
  expect([...allowedCommands("unknown", { allowCommands: [" pin.set "], denyCommands: [] })]).toEqual(["pin.set"]);
});

test("[node:allowlist] nodes: each platform has its commands, the configuration adds and takes away, and taking away is stronger", () => {
  expect([...allowedCommands("linux", NONE)].sort()).toEqual([
    "browser.proxy",
    "system.execApprovals.get",
    "system.execApprovals.set",
    "system.notify",
    "system.run",
    "system.run.prepare",
    "system.which",
  ]);
  expect(allowedCommands("ios", NONE).has("sms.send")).toBe(false);
  expect(allowedCommands("android", NONE).has("sms.send")).toBe(true);
  expect(allowedCommands("macos", NONE).has("system.run")).toBe(true);
  const rules = { allowCommands: ["camera.snap", "system.run"], denyCommands: ["system.run", "camera.snapx"] };
  expect(allowedCommands("linux", rules).has("camera.snap")).toBe(true);
  expect(allowedCommands("linux", rules).has("system.run")).toBe(false);
});

test.each([
  ["", [], [], "command required"],
  ["camera.snap", ["camera.snap"], ["camera.snap"], "command not allowlisted"],
  ["toString", ["toString"], ["toString"], "command not allowlisted"],
  ["system.run", [], [], "node did not declare commands"],
  ["system.run", ["system.which"], ["system.run"], "command not declared by node"],
  ["system.run", ["system.run"], ["system.which"], "command not approved by owner"],
  ["system.run", ["system.run"], ["system.run"], undefined],
])("[node:refusals] [R-30] nodes: %j, declared %j, approved %j: %s", (command, declared, approved, expected) => {
  expect(refuseCommand(command, { platform: "linux", declared, approved }, NONE)).toBe(expected);
});

test("[node:refusals] nodes: what is withheld is told with its reason, what is usable once and sorted", () => {
  const ground = {
    platform: "linux",
    declared: ["system.which", "camera.snap", "system.run", "system.which", " "],
    approved: ["system.which"],
  } as const;
  expect(commandsOf(ground, NONE)).toEqual({
    usable: ["system.which"],
    withheld: [
      { command: "camera.snap", reason: "command not allowlisted" },
      { command: "system.run", reason: "command not approved by owner" },
    ],
  });
});
