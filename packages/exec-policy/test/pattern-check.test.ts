import { expect, test } from "vitest";
import { noteOnPattern, problemOfPattern } from "../src/index.ts";

test.each([
  "/usr/bin/uptime",
  "~/bin/report",
  "**/uptime",
  "/opt/tools/*",
  "/opt/git-tools/report",
  "C:\\Tools\\report.exe",
  "/home/pi/deploy.sh",
])("pattern: %s can stand on a list", (pattern) => {
  expect(problemOfPattern(pattern)).toBeUndefined();
});

test.each([
  ["uptime", "it names no path"],
  ["bin/uptime", "it is relative"],
  ["/usr/../bin/uptime", 'it has "." or ".."'],
  ["/usr/bin/up\u202etime", "it has control or invisible characters"],
  [`/${"x".repeat(4_096)}`, "it is longer than 4096 characters"],
])("pattern: %j is refused, because it could match nothing", (pattern, why) => {
  expect(problemOfPattern(pattern)).toContain(why);
});

test.each([
  "/bin/sh",
  "/usr/bin/bash",
  "/usr/bin/sudo",
  "/usr/bin/env",
  "/usr/bin/git",
  "C:\\Windows\\System32\\cmd.exe",
])("[R-35] pattern: %s is refused, because its own path never lets it run", (pattern) => {
  expect(problemOfPattern(pattern)).toContain("can run other programs");
});

test.each(["/usr/bin/python3.11", "~/.local/bin/node"])(
  "[R-35] pattern: %s can stand on a list, for the scripts on it, and whoever puts it there is told so",
  (pattern) => {
    expect(problemOfPattern(pattern)).toBeUndefined();
    expect(noteOnPattern(pattern)).toContain("is an interpreter");
    expect(noteOnPattern("/usr/bin/uptime")).toBeUndefined();
  },
);
