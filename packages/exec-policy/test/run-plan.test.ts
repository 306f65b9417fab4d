import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SystemRunParams, type SystemRunPlan, systemRunPlanSchema } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { differenceOf, envDigest, findProgram, type HostView, planRun, renderArgv } from "../src/index.ts";
import { linuxHost } from "./fake-host.ts";
import { makeFolder } from "./state-folder.ts";

/** A real folder with a program and a script in it, and this host's view of it. */
async function makeRealHost() {
  const folder = await makeFolder();
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "tool"), "#!/bin/sh\necho tool\n", { mode: 0o755 });
  await writeFile(join(bin, "notes"), "no program", { mode: 0o644 });
  await mkdir(join(bin, "folder"));
  await writeFile(join(folder, "x.py"), "print(1)\n");
  await writeFile(join(bin, "python3"), "\u007fELF", { mode: 0o755 });
  await mkdir(join(folder, "work"));
  await symlink(join(folder, "work"), join(folder, "link"));
  const view: HostView = { env: { PATH: `.:${bin}` }, homedir: folder, defaultCwd: folder, platform: process.platform };
  return { folder, bin, view };
}

async function planOf(params: SystemRunParams, view: HostView): Promise<SystemRunPlan> {
  const outcome = await planRun(params, view);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.plan;
}

test("[R-34] plan: it has the exact words, real paths, the changed variables and the script's content", async () => {
  const { folder, bin, view } = await makeRealHost();
  const outcome = await planRun(
    {
      command: ["python3", "x.py", "--y"],
      cwd: join(folder, "link", ".."),
      env: { LANG: "C" },
      agentId: "main",
      sessionKey: "agent:main:main",
    },
    view,
  );
  expect(outcome).toMatchObject({
    ok: true,
    plan: {
      argv: ["python3", "x.py", "--y"],
      commandText: "python3 x.py --y",
      cwd: folder,
      executable: join(bin, "python3"),
      envNames: ["LANG"],
      envDigest: envDigest({ LANG: "C" }),
      mutableFileOperand: { argvIndex: 1, path: join(folder, "x.py"), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      agentId: "main",
      sessionKey: "agent:main:main",
    },
    run: {
      executable: join(bin, "python3"),
      argv: ["python3", "x.py", "--y"],
      cwd: folder,
      env: { PATH: bin, LANG: "C" },
    },
  });
  if (outcome.ok) expect(systemRunPlanSchema().parse(outcome.plan)).toEqual(outcome.plan);
});

test("[R-34] plan: a script's own program is bound to its content too; other programs aren't", async () => {
  const { bin, view } = await makeRealHost();
  expect((await planOf({ command: ["tool"] }, view)).mutableFileOperand).toMatchObject({
    argvIndex: 0,
    path: join(bin, "tool"),
  });
  expect((await planOf({ command: ["python3"] }, view)).mutableFileOperand).toBeNull();
});

test("[R-34] plan: a script is found behind wrappers, shell texts and options that we don't know", async () => {
  const commands: [string[], number, string][] = [
    [["nice", "-n", "5", "python3", "x.py"], 4, "/home/me/x.py"],
    [["sh", "-c", "python3 x.py"], 2, "/home/me/x.py"],
    [["nice", "sh", "-c", "python3 x.py"], 3, "/home/me/x.py"],
    [["bash", "run.sh"], 1, "/home/me/run.sh"],
    [["bash", "-x", "run.sh"], 2, "/home/me/run.sh"],
    [["python3", "-X", "dev", "x.py"], 3, "/home/me/x.py"],
    [["node", "--max-old-space-size=1", "x.js"], 2, "/home/me/x.js"],
    [["sudo", "./run.sh"], 1, "/home/me/run.sh"],
    [["awk", "-f", "notes"], 2, "/home/me/notes"],
    [["/opt/ok/script.sh"], 0, "/opt/ok/script.sh"],
    [["~/run.sh"], 0, "/home/me/run.sh"],
  ];
  for (const [command, argvIndex, path] of commands) {
    expect((await planOf({ command }, linuxHost())).mutableFileOperand, renderArgv(command)).toMatchObject({
      argvIndex,
      path,
    });
  }
});

test("[R-34] plan: the same question has the same plan until something changes", async () => {
  const { folder, bin, view } = await makeRealHost();
  const params = { command: ["python3", "link.py"], cwd: join(folder, "link"), env: { LANG: "C" } };
  await symlink(join(folder, "x.py"), join(folder, "work", "link.py"));
  const approved = await planOf(params, view);
  expect(differenceOf(approved, await planOf(params, view))).toBeUndefined();

  // The script is changed in place, and then the link leads elsewhere.
  await writeFile(join(folder, "x.py"), "print(2)\n");
  expect(differenceOf(approved, await planOf(params, view))).toBe("mutableFileOperand");
  await writeFile(join(folder, "x.py"), "print(1)\n");
  expect(differenceOf(approved, await planOf(params, view))).toBeUndefined();
  await writeFile(join(folder, "same.py"), "print(1)\n");
  await rm(join(folder, "work", "link.py"));
  await symlink(join(folder, "same.py"), join(folder, "work", "link.py"));
  expect(differenceOf(approved, await planOf(params, view))).toBe("mutableFileOperand");
  await rm(join(folder, "work", "link.py"));
  expect(differenceOf(approved, await planOf(params, view))).toBe("mutableFileOperand");
  await symlink(join(folder, "x.py"), join(folder, "work", "link.py"));
  expect(differenceOf(approved, await planOf(params, view))).toBeUndefined();

  // The working folder is swapped behind its link.
  await rename(join(folder, "work"), join(folder, "elsewhere"));
  await rm(join(folder, "link"));
  await symlink(join(folder, "elsewhere"), join(folder, "link"));
  expect(differenceOf(approved, await planOf(params, view))).toBe("cwd");
  await rm(join(folder, "link"));
  await rename(join(folder, "elsewhere"), join(folder, "work"));
  await symlink(join(folder, "work"), join(folder, "link"));

  // The program becomes a link to another one, and loses its right to run.
  await writeFile(join(bin, "other"), "\u007fELF", { mode: 0o755 });
  await rename(join(bin, "python3"), join(bin, "python3.old"));
  await symlink(join(bin, "other"), join(bin, "python3"));
  expect(differenceOf(approved, await planOf(params, view))).toBe("executable");
  await chmod(join(bin, "other"), 0o644);
  expect(await planOf(params, view)).toMatchObject({ executable: null });
});

test("[R-34] plan: any field that differs from what was approved is named", () => {
  const approved: SystemRunPlan = {
    argv: ["python3", "x.py"],
    commandText: "python3 x.py",
    cwd: "/home/me",
    executable: "/usr/bin/python3.11",
    envNames: ["LANG"],
    envDigest: "a".repeat(64),
    mutableFileOperand: { argvIndex: 1, path: "/home/me/x.py", sha256: "b".repeat(64) },
    agentId: "main",
    sessionKey: null,
  };
  const others: [keyof SystemRunPlan, unknown][] = [
    ["argv", ["python3", "x.py "]],
    ["argv", ["python3 x.py"]],
    ["argv", ["python3", "x.py", ""]],
    ["argv", ["x.py", "python3"]],
    ["commandText", "python3 x.py "],
    ["cwd", "/home/me/"],
    ["executable", null],
    ["executable", "/usr/bin/python3.12"],
    ["envNames", []],
    ["envNames", ["LANG", "TERM"]],
    ["envDigest", "c".repeat(64)],
    ["mutableFileOperand", null],
    ["mutableFileOperand", { argvIndex: 0, path: "/home/me/x.py", sha256: "b".repeat(64) }],
    ["mutableFileOperand", { argvIndex: 1, path: "/home/me/y.py", sha256: "b".repeat(64) }],
    ["mutableFileOperand", { argvIndex: 1, path: "/home/me/x.py", sha256: "c".repeat(64) }],
    ["agentId", null],
    ["agentId", "Main"],
    ["sessionKey", "agent:main:main"],
  ];
  expect(new Set(others.map(([field]) => field))).toEqual(new Set(Object.keys(systemRunPlanSchema().shape)));
  for (const [field, value] of others) {
    const changed = { ...approved, [field]: value };
    expect(differenceOf(approved, changed)).toBe(field);
    expect(differenceOf(changed, approved)).toBe(field);
  }
  const turned = Object.fromEntries(Object.entries(approved).reverse()) as SystemRunPlan;
  expect(differenceOf(approved, turned)).toBeUndefined();
});

test("[R-34] plan: a raw command says what the words say, or the text of the shell that they name", async () => {
  const host = linuxHost();
  const same: [string[], string][] = [
    [["uptime"], "uptime"],
    [["echo", "a b", "$x"], "echo 'a b' '$x'"],
    [["sh", "-c", "ls | wc"], "ls | wc"],
    [["/bin/bash", "-lc", "ls"], "ls"],
    [["sh", "-c", "ls"], "sh -c ls"],
  ];
  for (const [command, rawCommand] of same)
    expect((await planRun({ command, rawCommand }, host)).ok, rawCommand).toBe(true);
  const other: [string[], string][] = [
    [["uptime"], "uptime "],
    [["uptime"], ""],
    [["echo", "a", "b"], "echo 'a b'"],
    [["echo", "a b"], "echo a b"],
    [["sh", "-c", "rm -rf x"], "ls"],
    [["sh", "-c", "ls", "x"], "ls"],
    [["sh", "-xc", "ls"], "ls"],
    [["python3", "-c", "ls"], "ls"],
    [["env", "sh", "-c", "ls"], "ls"],
  ];
  for (const [command, rawCommand] of other) {
    expect(await planRun({ command, rawCommand }, host), rawCommand).toMatchObject({
      ok: false,
      code: "INVALID_REQUEST",
    });
  }
});

test("[R-34] plan: commands that no program could be given, or that are too long, are refused", async () => {
  const host = linuxHost();
  const refused: SystemRunParams[] = [
    { command: [] },
    { command: [""] },
    { command: ["a\0b"] },
    { command: ["ls", "\ud800"] },
    { command: ["ls"], cwd: "/home/me\0/x" },
    { command: ["ls", "x".repeat(131_072)] },
    { command: ["ls", "é".repeat(70_000)] },
    { command: Array.from({ length: 257 }, () => "ls") },
    { command: ["ls"], env: { LANG: "x".repeat(200_000) } },
    { command: ["ls"], cwd: "/nowhere" },
    { command: ["ls"], cwd: "/usr/bin/ls" },
    { command: ["ls"], cwd: "/home/me/notes" },
  ];
  for (const params of refused) {
    expect(await planRun(params, host), JSON.stringify(params).slice(0, 60)).toMatchObject({
      ok: false,
      code: "INVALID_REQUEST",
    });
  }
  expect((await planRun({ command: ["ls", "x".repeat(131_000)] }, host)).ok).toBe(true);
});

test("[R-37] plan: a variable that a caller may not set refuses the call, and its name is shown safely", async () => {
  const outcome = await planRun({ command: ["ls"], env: { LD_PRELOAD: "x", LANG: "C", "A\u202e": "x" } }, linuxHost());
  expect(outcome).toEqual({
    ok: false,
    code: "INVALID_REQUEST",
    message: "these variables can't be changed for a command on this host: $'A\\u{202e}' LD_PRELOAD",
  });
});

test("[R-38] plan: a bare name is looked for in the absolute folders of PATH, never in the working folder", async () => {
  const { folder, bin, view } = await makeRealHost();
  await writeFile(join(folder, "here"), "\u007fELF", { mode: 0o755 });
  for (const command of [["here"], ["notes"], ["folder"], ["nothing"], ["."], [".."]]) {
    expect((await planOf({ command }, view)).executable).toBeNull();
  }
  expect((await planOf({ command: ["./here"] }, view)).executable).toBe(join(folder, "here"));
  expect((await planOf({ command: ["tool"] }, view)).executable).toBe(join(bin, "tool"));
  for (const env of [{}, { PATH: "" }, { PATH: ".:bin::" }]) {
    expect((await planOf({ command: ["uptime"] }, linuxHost({ "/uptime": "elf" }, { env }))).executable).toBeNull();
  }
  expect((await planOf({ command: ["~/here"] }, view)).executable).toBe(join(folder, "here"));
});

test("[exec:which] which: a bare name is found in PATH, and a path tells nothing", async () => {
  const { bin, view } = await makeRealHost();
  expect(await findProgram("tool", view)).toEqual({ path: join(bin, "tool"), realPath: join(bin, "tool") });
  for (const name of ["notes", "nothing", "", "..", "./bin/tool", join(bin, "tool"), "~/bin/tool", "too\0l"]) {
    expect(await findProgram(name, view), name).toBeUndefined();
  }
});

test("[R-34] plan: a script that is too long to be bound says so", async () => {
  const outcome = await planRun({ command: ["python3", "x.py"] }, linuxHost({}, { maxScriptBytes: 4 }));
  expect(outcome).toMatchObject({
    ok: true,
    plan: { mutableFileOperand: null },
    run: { unboundScript: expect.stringContaining("/home/me/x.py") },
  });
});

test("[R-34] plan: a pipe, a terminal or a folder in a script's place is never read", async () => {
  for (const operand of ["/dev/stdin", "/dev/tty", "/dev/zero", "/"]) {
    const { folder, view } = await makeRealHost();
    expect((await planOf({ command: ["python3", operand], cwd: folder }, view)).mutableFileOperand).toBeNull();
  }
});
