import { chmod, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExecApprovalsFile } from "@saltgate/exec-policy";
import {
  type ApprovalsFile,
  type SystemRunPlan,
  type SystemRunPrepared,
  type SystemRunResult,
  systemRunPreparedSchema,
  systemRunResultSchema,
} from "@saltgate/protocol";
import { describe, expect, test } from "vitest";
import { systemCommands } from "../src/index.ts";
import { type Asking, type NodeAnswer, startWorld, type World } from "./support/world.ts";

interface Event {
  readonly event: string;
  readonly payload: Record<string, unknown>;
}

interface Machine extends AsyncDisposable {
  readonly at: World;
  readonly folder: string;
  readonly approvals: ExecApprovalsFile;
  /** Writes a program of this test, and gives its path. */
  program(name: string, text: string): Promise<string>;
  run(params: Record<string, unknown>, asking?: Asking): Promise<NodeAnswer>;
  prepare(params: Record<string, unknown>): Promise<SystemRunPrepared>;
  /** Runs with the approval that its owner would have given for exactly this. */
  runApproved(params: Record<string, unknown>, decision?: string, plan?: Partial<SystemRunPlan>): Promise<NodeAnswer>;
  events(count: number): Promise<Event[]>;
}

type Rules = NonNullable<ApprovalsFile["defaults"]> & { readonly allowlist?: readonly string[] };

async function startMachine(rules: Rules, env: Record<string, string> = {}): Promise<Machine> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "saltgate-machine-")));
  const approvals = new ExecApprovalsFile({ path: join(folder, "state", "exec-approvals.json") });
  const { allowlist = [], ...defaults } = rules;
  await approvals.set({
    file: { version: 1, defaults, agents: { "*": { allowlist: allowlist.map((pattern) => ({ pattern })) } } },
  });
  const commands = systemCommands({
    approvals,
    env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, ...env },
    homedir: folder,
    limits: { killGraceMs: 50 },
  });
  const at = await startWorld(commands);
  const machine: Machine = {
    at,
    folder,
    approvals,
    async program(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      await chmod(path, 0o755);
      return path;
    },
    run: (params, asking) => at.invoke("system.run", { params, ...asking }),
    async prepare(params) {
      const { payloadJSON, error } = await at.invoke("system.run.prepare", { params });
      expect(error).toBeUndefined();
      return systemRunPreparedSchema().parse(JSON.parse(payloadJSON ?? ""));
    },
    async runApproved(params, approvalDecision = "allow-once", changes = {}) {
      const { plan } = await machine.prepare(params);
      return machine.run({ ...params, approved: true, approvalDecision, systemRunPlan: { ...plan, ...changes } });
    },
    events: async (count) => {
      const sent = (): { event: string; payloadJSON: string }[] => at.sent("node.event");
      await at.far.until(() => sent()[count - 1]);
      return sent().map(({ event, payloadJSON }) => ({ event, payload: JSON.parse(payloadJSON) }));
    },
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return machine;
}

function resultOf({ payloadJSON, error }: NodeAnswer): SystemRunResult {
  expect(error).toBeUndefined();
  return systemRunResultSchema().parse(JSON.parse(payloadJSON ?? ""));
}

const denied = (message: string | RegExp): object => ({
  ok: false,
  error: { code: "UNAVAILABLE", message: typeof message === "string" ? message : expect.stringMatching(message) },
});

describe("system.run", () => {
  test("[node-host:system-run] system.run: a program that the node's rules allow is run, and its end is told in full", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    const result = resultOf(await machine.run({ command: ["sh", "-c", "echo out; echo err >&2; exit 4"] }));
    expect(result).toEqual({
      exitCode: 4,
      signal: null,
      timedOut: false,
      success: false,
      stdout: "out\n",
      stderr: "err\n",
      truncated: false,
      error: null,
    });
    expect(resultOf(await machine.run({ command: ["true"] }))).toMatchObject({ success: true, exitCode: 0 });
  });

  test("[node-host:denies] system.run: a node on which nobody has allowed anything runs nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "saltgate-machine-"));
    const approvals = new ExecApprovalsFile({ path: join(folder, "exec-approvals.json") });
    await using at = await startWorld(systemCommands({ approvals, env: { PATH: "/usr/bin:/bin" }, homedir: folder }));
    const marker = join(folder, "ran");
    expect(await at.invoke("system.run", { params: { command: ["touch", marker] } })).toMatchObject(
      denied("SYSTEM_RUN_DISABLED: security=deny"),
    );
    await expect(readFile(marker)).rejects.toThrow();
    await rm(folder, { recursive: true });
  });

  test("[node-host:deny-wins] system.run: what the node's rules deny, no approval allows", async () => {
    await using machine = await startMachine({ security: "deny", ask: "off" });
    expect(await machine.runApproved({ command: ["true"] })).toMatchObject(
      denied("SYSTEM_RUN_DISABLED: security=deny"),
    );
  });

  test("system.run: what is not on the list is refused where nobody is to be asked", async () => {
    await using machine = await startMachine({ security: "allowlist", ask: "off" });
    expect(await machine.run({ command: ["uname"] })).toMatchObject(denied("SYSTEM_RUN_DENIED: allowlist miss"));
    await machine.approvals.allow({ agentId: "*", pattern: await realpath("/usr/bin/uname") });
    expect(resultOf(await machine.run({ command: ["uname"] })).success).toBe(true);
    expect((await machine.approvals.read()).file.agents?.["*"]?.allowlist?.[0]).toMatchObject({
      lastUsedCommand: "uname",
    });
  });

  test("[node-host:asks] system.run: where a person is to be asked, only an approval of exactly this plan lets it run", async () => {
    await using machine = await startMachine({ security: "full", ask: "always" });
    const params = { command: ["echo", "hello"] };
    expect((await machine.prepare(params)).verdict).toBe("ask");
    expect(await machine.run(params)).toMatchObject(denied("SYSTEM_RUN_DENIED: approval required"));
    for (const claim of [
      { approved: true },
      { approved: true, approvalDecision: "allow-once" },
      { approved: true, approvalDecision: "deny" },
      { approvalDecision: "allow-once" },
    ])
      expect(await machine.run({ ...params, ...claim })).toMatchObject(denied("SYSTEM_RUN_DENIED: approval required"));
    expect(resultOf(await machine.runApproved(params))).toMatchObject({ stdout: "hello\n", success: true });
    expect(await machine.runApproved(params, "deny")).toMatchObject(denied("SYSTEM_RUN_DENIED: approval required"));
  });

  test.each([
    ["argv", { argv: ["echo", "other"] }],
    ["commandText", { commandText: "echo other" }],
    ["cwd", { cwd: "/" }],
    ["executable", { executable: "/bin/false" }],
    ["envNames", { envNames: ["LANG"] }],
    ["envDigest", { envDigest: "0".repeat(64) }],
    ["mutableFileOperand", { mutableFileOperand: { argvIndex: 1, path: "/x", sha256: "0".repeat(64) } }],
    ["agentId", { agentId: "another" }],
    ["sessionKey", { sessionKey: "agent:another:main" }],
  ])("[R-34] system.run: an approval for another %s runs nothing, and says what differs", async (field, change) => {
    await using machine = await startMachine({ security: "full", ask: "always" });
    const answer = await machine.runApproved({ command: ["echo", "hello"] }, "allow-once", change);
    expect(answer).toMatchObject(denied(`SYSTEM_RUN_DENIED: the approval is for something else (${field})`));
  });

  test("[R-34] system.run: a script that changed since it was approved is not run", async () => {
    await using machine = await startMachine({ security: "full", ask: "always" });
    const script = await machine.program("job.sh", "echo one\n");
    const params = { command: ["sh", script] };
    const { plan } = await machine.prepare(params);
    expect(plan.mutableFileOperand).toMatchObject({ path: script });
    await writeFile(script, "echo two\n");
    expect(
      await machine.run({ ...params, approved: true, approvalDecision: "allow-once", systemRunPlan: plan }),
    ).toMatchObject(denied(/something else \(mutableFileOperand\)/));
  });

  test("[R-34] system.run: a program that became another one since it was approved is not run", async () => {
    await using machine = await startMachine({ security: "full", ask: "always" });
    const link = join(machine.folder, "tool");
    await symlink("/bin/echo", link);
    const { plan } = await machine.prepare({ command: ["tool", "x"] });
    await rm(link);
    await symlink("/usr/bin/env", link);
    const answer = await machine.run({
      command: ["tool", "x"],
      approved: true,
      approvalDecision: "allow-once",
      systemRunPlan: plan,
    });
    expect(answer).toMatchObject(denied(/something else \(executable\)/));
  });

  test("[node-host:allow-always] system.run: what is allowed always is put on the list of its agent, and runs without asking from then on", async () => {
    await using machine = await startMachine({ security: "allowlist", ask: "on-miss" });
    const path = await machine.program("tool", "#!/bin/sh\necho ran\n");
    const params = { command: ["uname", "-a"], agentId: "main" };
    expect((await machine.prepare(params)).verdict).toBe("ask");
    expect(resultOf(await machine.runApproved(params, "allow-always")).success).toBe(true);
    expect(resultOf(await machine.run(params)).success).toBe(true);
    expect(await machine.run({ ...params, agentId: "other" })).toMatchObject(denied(/approval required/));
    expect(await machine.run({ command: [path], agentId: "main" })).toMatchObject(denied(/approval required/));
    const { file } = await machine.approvals.read();
    expect(Object.keys(file.agents ?? {}).sort()).toEqual(["*", "main"]);
  });

  test("system.run: allowing always for a run of no agent allows this run only", async () => {
    await using machine = await startMachine({ security: "allowlist", ask: "on-miss" });
    const before = await machine.approvals.read();
    expect(resultOf(await machine.runApproved({ command: ["uname"] }, "allow-always")).success).toBe(true);
    expect((await machine.approvals.read()).hash).toBe(before.hash);
    expect(await machine.run({ command: ["uname"] })).toMatchObject(denied(/approval required/));
  });

  test("[node-host:prepare-runs-nothing] system.run.prepare: says what would run and runs nothing", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    const marker = join(machine.folder, "ran");
    const { plan, verdict, policy } = await machine.prepare({ command: ["touch", marker], cwd: "/tmp/../tmp" });
    expect(plan).toMatchObject({ argv: ["touch", marker], cwd: await realpath("/tmp"), agentId: null });
    expect(plan.executable).toBe(await realpath("/usr/bin/touch"));
    expect([verdict, policy.security, policy.ask]).toEqual(["allowed", "full", "off"]);
    await expect(readFile(marker)).rejects.toThrow();
  });

  test.each([
    ["no command", {}],
    ["an empty command", { command: [] }],
    ["a command as text", { command: "rm -rf /" }],
    ["raw text that says something else", { command: ["ls"], rawCommand: "rm -rf /" }],
    ["a folder that isn't there", { command: ["ls"], cwd: "/no/such/folder" }],
    ["a variable that injects code", { command: ["ls"], env: { LD_PRELOAD: "/tmp/evil.so" } }],
    ["an end of text inside", { command: ["ls", "a\u0000b"] }],
  ])("[R-37] system.run: %s is refused by name, whatever the rules", async (_, params) => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    for (const command of ["system.run", "system.run.prepare"])
      expect((await machine.at.invoke(command, { params })).error?.code).toBe("INVALID_REQUEST");
  });

  test("system.run: a program that isn't there, and one that can't be started, are told of", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    expect(await machine.run({ command: ["no-such-program"] })).toMatchObject(
      denied(/^SYSTEM_RUN_FAILED: .*no such program/),
    );
    const broken = await machine.program("broken", "#!/no/such/interpreter\n");
    expect(await machine.run({ command: [broken] })).toMatchObject(
      denied("SYSTEM_RUN_FAILED: the program could not be started (ENOENT)"),
    );
  });

  test("[R-37] system.run: the node's own secrets are not in the environment of what it runs", async () => {
    await using machine = await startMachine(
      { security: "full", ask: "off" },
      { SALTGATE_GATEWAY_TOKEN: "s3cret-token-of-the-gateway", LD_PRELOAD: "", DISPLAY: ":0" },
    );
    const { stdout } = resultOf(await machine.run({ command: ["env"], env: { LANG: "C.UTF-8" } }));
    expect(stdout).not.toContain("s3cret");
    expect(stdout).toContain("LANG=C.UTF-8");
    expect(stdout).toContain("DISPLAY=:0");
  });

  test("system.run: screens are recorded only where the system lets the node", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    expect(await machine.run({ command: ["true"], needsScreenRecording: true })).toMatchObject(
      denied("PERMISSION_MISSING: screenRecording"),
    );
  });

  test("[node-host:system-run-timeout] system.run: its own time limit ends it, and that is a result", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    const result = resultOf(await machine.run({ command: ["sh", "-c", "echo begun; sleep 60"], timeoutMs: 200 }));
    expect(result).toMatchObject({ timedOut: true, success: false, stdout: "begun\n", error: "timed out" });
  });

  test("system.run: when the time of the invocation is up it is ended, and a repeat learns how far it came", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    const params = { command: ["sh", "-c", "echo begun; sleep 60"] };
    const { at } = machine;
    const id = at.ask("system.run", { params, timeoutMs: 5_000, idempotencyKey: "k", wantsProgress: true });
    await at.far.until(() => at.sent("node.invoke.progress")[0]);
    at.clock.advance(5_000);
    expect((await at.answerTo(id)).error?.code).toBe("TIMEOUT");
    const again = resultOf(await machine.run(params, { idempotencyKey: "k", timeoutMs: 60_000 }));
    expect(again).toMatchObject({ timedOut: true, success: false, stdout: "begun\n" });
  });

  test("[node-host:at-most-once] system.run: a repeat with the same key gets the same answer and runs nothing", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    const file = join(machine.folder, "count");
    const params = { command: ["sh", "-c", 'echo x >> "$0"; cat "$0"', file] };
    const first = await machine.run(params, { idempotencyKey: "k" });
    const second = await machine.run({ ...params, approved: true, runId: "r" }, { idempotencyKey: "k" });
    expect(second.payloadJSON).toBe(first.payloadJSON);
    expect(await readFile(file, "utf8")).toBe("x\n");
    expect((await machine.run({ command: ["true"] }, { idempotencyKey: "k" })).error?.message).toMatch(
      /IDEMPOTENCY_KEY_REUSED/,
    );
  });

  test("[node-host:refusals-not-remembered] system.run: what needed an approval may be asked again with the same key when there is one", async () => {
    await using machine = await startMachine({ security: "full", ask: "always" });
    const params = { command: ["echo", "hello"] };
    const { plan } = await machine.prepare(params);
    expect((await machine.run(params, { idempotencyKey: "k" })).ok).toBe(false);
    const approval = { approved: true, approvalDecision: "allow-once", systemRunPlan: plan, runId: "apr-1" };
    expect(resultOf(await machine.run({ ...params, ...approval }, { idempotencyKey: "k" })).stdout).toBe("hello\n");
  });

  test("system.run: long output is streamed in full, and kept up to the bound", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    const script = "process.stdout.write('0123456789'.repeat(30000))";
    const { stdout, truncated } = resultOf(
      await machine.run({ command: [process.execPath, "-e", script] }, { wantsProgress: true }),
    );
    expect(truncated).toBe(true);
    expect(stdout).toHaveLength(200_000 + "... (truncated)".length);
    const chunks = machine.at.sent<{ chunk: string }>("node.invoke.progress").map(({ chunk }) => chunk);
    expect(chunks.join("")).toBe("0123456789".repeat(30_000));
  });

  test("[node-host:exec-events] system.run: the session that it belongs to is told when it starts, ends, or is denied; others are not", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    await machine.run({ command: ["true"] });
    const sessionKey = "agent:main:main";
    await machine.run({ command: ["echo", "y".repeat(30_000)], sessionKey, runId: "run-1" });
    const base = { sessionKey, runId: "run-1", host: "node", command: expect.stringMatching(/^echo /) };
    const events = await machine.events(2);
    expect(events).toEqual([
      { event: "exec.started", payload: base },
      {
        event: "exec.finished",
        payload: { ...base, exitCode: 0, timedOut: false, success: true, output: `${"y".repeat(19_999)}\n` },
      },
    ]);
    await machine.approvals.set({ file: { version: 1 }, baseHash: (await machine.approvals.read()).hash });
    await machine.run({ command: ["true"], sessionKey });
    expect((await machine.events(3))[2]).toMatchObject({ event: "exec.denied", payload: { reason: "security=deny" } });
  });

  test("[R-57] system.run: while the approvals file is damaged nothing runs, and the file stays as it is", async () => {
    await using machine = await startMachine({ security: "full", ask: "off" });
    await writeFile(machine.approvals.path, "{ not json");
    expect(await machine.run({ command: ["true"] })).toMatchObject(denied("SYSTEM_RUN_DISABLED: security=deny"));
    expect((await machine.prepare({ command: ["true"] })).policy.problem).toBeDefined();
    expect(await readFile(machine.approvals.path, "utf8")).toBe("{ not json");
  });
});

describe("other system commands", () => {
  test("system.which: names that are found, in the order of PATH, and no paths", async () => {
    await using machine = await startMachine({ security: "deny" });
    const own = await machine.program("cat", "#!/bin/sh\n");
    await writeFile(join(machine.folder, "not-executable"), "");
    const { payloadJSON } = await machine.at.invoke("system.which", {
      params: { bins: ["sh", "cat", "no-such", "not-executable", "__proto__", "sh"] },
    });
    expect(JSON.parse(payloadJSON ?? "")).toEqual({ bins: { sh: "/usr/bin/sh", cat: own } });
    for (const bin of ["../cat", "/bin/cat", "a\\b", "..", "."])
      expect((await machine.at.invoke("system.which", { params: { bins: [bin] } })).error?.code).toBe(
        "INVALID_REQUEST",
      );
  });

  test("system.notify: the desktop's own program gets the texts as words, and a machine without one says what is missing", async () => {
    await using machine = await startMachine({ security: "deny" });
    const params = { title: "$(reboot) --help", body: "<b>a & b</b>", priority: "timeSensitive" };
    const without = await startWorld(
      systemCommands({ approvals: machine.approvals, env: { PATH: machine.folder }, homedir: machine.folder }),
    );
    expect((await without.invoke("system.notify", { params })).error).toEqual({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/NOTIFY_UNAVAILABLE: .*apt install libnotify-bin/),
    });
    await without[Symbol.asyncDispose]();
    await machine.program("notify-send", `#!/bin/sh\nprintf '%s\\n' "$@" > "$HOME/notified"\n`);
    expect(await machine.at.invoke("system.notify", { params })).toMatchObject({
      ok: true,
      payloadJSON: '{"ok":true}',
    });
    expect((await readFile(join(machine.folder, "notified"), "utf8")).split("\n")).toEqual([
      "--urgency=critical",
      "--app-name=Saltgate",
      "--",
      "$(reboot) --help",
      "&lt;b&gt;a &amp; b&lt;/b&gt;",
      "",
    ]);
    expect((await machine.at.invoke("system.notify", { params: {} })).error?.code).toBe("INVALID_REQUEST");
    await machine.program("notify-send", "#!/bin/sh\nexit 1\n");
    expect((await machine.at.invoke("system.notify", { params })).error?.message).toMatch(/^NOTIFY_FAILED: /);
  });

  test("system.execApprovals: a change names the content that it was made from", async () => {
    await using machine = await startMachine({ security: "allowlist", ask: "off" });
    const get = async (): Promise<{ hash: string; file: ApprovalsFile }> =>
      JSON.parse((await machine.at.invoke("system.execApprovals.get")).payloadJSON ?? "");
    const before = await get();
    expect(before).toMatchObject({
      exists: true,
      path: machine.approvals.path,
      file: { defaults: { security: "allowlist" } },
    });
    const file = { version: 1, defaults: { security: "full", ask: "off" } };
    const set = (baseHash?: string): Promise<NodeAnswer> =>
      machine.at.invoke("system.execApprovals.set", { params: { file, ...(baseHash && { baseHash }) } });
    expect((await set()).error).toEqual({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("base hash required"),
    });
    expect((await set("0".repeat(64))).error).toEqual({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("changed since last load"),
    });
    expect((await set(before.hash)).ok).toBe(true);
    expect(resultOf(await machine.run({ command: ["true"] })).success).toBe(true);
    expect(
      (await machine.at.invoke("system.execApprovals.set", { params: { file: { version: 2 } } })).error?.code,
    ).toBe("INVALID_REQUEST");
  });
});
