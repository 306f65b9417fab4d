import { expect, test } from "vitest";
import { type HostView, planRun } from "../src/index.ts";
import { fakeFiles } from "./fake-host.ts";
import { judge, verdictOf } from "./judging.ts";

const tree = {
  "C:\\Windows\\System32\\cmd.exe": "elf",
  "C:\\Windows\\System32\\where.exe": "elf",
  "C:\\Windows\\System32\\powershell.exe": "elf",
  "C:\\Tools\\jq.exe": "elf",
  "C:\\Tools\\build.cmd": "elf",
  "C:\\Tools\\old.BAT": "elf",
  "C:\\Tools\\noext": "elf",
  "C:\\Tools\\bash.exe": "elf",
  "C:\\Users\\Me\\jq.exe": "elf",
  "C:\\Users\\Me\\x.py": "elf",
  "C:\\Python\\python.exe": "elf",
};
const host: HostView = {
  env: {
    Path: '.;tools;"C:\\Tools";C:\\Windows\\System32;C:\\Python',
    PATHEXT: ".COM;.EXE;.BAT;.CMD",
    COMSPEC: "C:\\Windows\\System32\\cmd.exe",
  },
  homedir: "C:\\Users\\Me",
  defaultCwd: "C:\\Users\\Me",
  platform: "win32",
  files: fakeFiles(tree, true),
};
const executableOf = async (name: string): Promise<string | null> => {
  const planned = await planRun({ command: [name] }, host);
  if (!planned.ok) throw new Error(planned.message);
  return planned.plan.executable;
};

test("[R-38] Windows: names are found by PATHEXT in the absolute folders of PATH, never in the working folder", async () => {
  expect(await executableOf("jq")).toBe("C:\\Tools\\jq.exe");
  expect(await executableOf("JQ.EXE")).toBe("C:\\Tools\\jq.exe");
  expect(await executableOf("build")).toBe("C:\\Tools\\build.cmd");
  expect(await executableOf(".\\jq")).toBe("C:\\Users\\Me\\jq.exe");
  expect(await executableOf("c:/tools/../TOOLS/jq")).toBe("C:\\Tools\\jq.exe");
  for (const name of [
    "noext",
    "C:\\Tools\\noext",
    "jq.exe.",
    "jq.exe ",
    "jq.exe:stream",
    "C:jq.exe",
    "C:\\Tools\\jq.exe::$DATA",
    "jq*",
    "x.py",
    "nothing",
  ]) {
    expect(await executableOf(name), name).toBeNull();
  }
});

test("[R-38] Windows: a pattern matches whatever the case and the slashes, after resolving", async () => {
  expect(await verdictOf(["JQ", "x"], ["c:/tools/*.EXE"], { host })).toBe("allowed");
  expect(await verdictOf(["C:\\Tools\\..\\Windows\\System32\\where"], ["C:\\Tools\\**"], { host })).toBe("ask");
  expect(await verdictOf([".\\jq"], ["C:\\Tools\\**"], { host })).toBe("ask");
  expect(await verdictOf([".\\jq"], ["~\\*.exe"], { host })).toBe("allowed");
});

test("[R-33] Windows: what cmd.exe would read is never allowed by a list, batch files least of all", async () => {
  const everything = ["C:\\**"];
  const commands = [
    ["cmd", "/c", "jq %PATH%"],
    ["cmd", "/c", "jq ^& where"],
    ["cmd", "/c", "jq & where"],
    ["cmd", "/c", "jq | where"],
    ["cmd", "/c", "jq > x"],
    ["cmd", "/c", "del x"],
    ["cmd", "/c", "jq", "x"],
    ["cmd", "/k", "jq"],
    ["cmd", "/d", "/c", "jq"],
    ["cmd"],
    ["powershell", "-Command", "jq"],
    ["powershell", "jq"],
    ["bash", "-c", "jq"],
    ["C:\\Windows\\System32\\CMD.EXE", "/C", "jq !x!"],
    ["build"],
    ["build", "x"],
    ["build", "&calc"],
    ["C:\\Tools\\old", "%PATH%"],
    ["cmd", "/c", "build x"],
    ["python", "-c", "x"],
    ["python.exe"],
  ];
  for (const command of commands) {
    expect(await judge(command, everything, { host }), command.join(" ")).toMatchObject({
      verdict: "ask",
      canAllowAlways: false,
    });
  }
  expect(await judge(["build", "&calc"], everything, { host })).toMatchObject({
    reason: expect.stringContaining("meaning"),
  });
});

test("[R-33] Windows: literal text of cmd.exe that is on the list runs as its words", async () => {
  expect(await judge(["cmd", "/c", 'jq -r "a b"'], ["C:\\Tools\\jq.exe"], { host })).toMatchObject({
    verdict: "allowed",
    executable: "C:\\Tools\\jq.exe",
    argv: ["jq", "-r", "a b"],
  });
});

test("[R-36] Windows: no program is safe by its name, because nobody can tell whose it is", async () => {
  expect(await verdictOf(["jq", "."], [], { host })).toBe("ask");
});
