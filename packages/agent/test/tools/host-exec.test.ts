import { chmod, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExecApprovalsFile, execApprovalsPath } from "@saltgate/exec-policy";
import { expect, test } from "vitest";
import {
  agentTools,
  createHostExec,
  type ExecQuestion,
  type HostExecOptions,
  type Tool,
  type ToolContext,
} from "../../src/index.ts";
import { contextOf, named, textOf, Workspace } from "./world.ts";

type Answer = Awaited<ReturnType<HostExecOptions["ask"]>>;

interface World {
  readonly exec: Tool;
  readonly context: ToolContext;
  readonly questions: ExecQuestion[];
  readonly approvals: ExecApprovalsFile;
}

async function worldIn(
  workspace: Workspace,
  policy: { readonly security: string; readonly ask?: string; readonly allowlist?: readonly object[] },
  answer: (question: ExecQuestion) => Answer | Promise<Answer> = () => "expired",
  more: Partial<HostExecOptions> = {},
): Promise<World> {
  const path = execApprovalsPath(workspace.outside);
  const { allowlist = [], ...defaults } = policy;
  await writeFile(path, JSON.stringify({ version: 1, defaults, agents: { main: { allowlist } } }), { mode: 0o600 });
  const approvals = new ExecApprovalsFile({ path });
  const questions: ExecQuestion[] = [];
  const port = createHostExec({
    approvals,
    view: { env: { PATH: process.env["PATH"], HOME: tmpdir() }, homedir: tmpdir(), platform: process.platform },
    async ask(question) {
      questions.push(question);
      return await answer(question);
    },
    ...more,
  });
  const exec = named(agentTools({ exec: { port } }), "exec");
  return { exec, questions, approvals, context: contextOf({ workspace: workspace.path }) };
}

test("[R-33] [tools:host-exec] host exec: a host that says nothing runs nothing, and asks nobody", async () => {
  await using workspace = await Workspace.make();
  const { context, exec, questions } = await worldIn(workspace, { security: "deny" });
  const outcome = await exec.call({ command: "touch made" }, context);
  expect(textOf(outcome)).toContain("It was not run. SYSTEM_RUN_DISABLED");
  expect(questions).toEqual([]);
  await expect(readFile(join(workspace.path, "made"))).rejects.toThrow("ENOENT");
});

test("[tools:host-exec] host exec: what runs, runs in the workspace, and what it printed and how it ended is told", async () => {
  await using workspace = await Workspace.make();
  const { context, exec } = await worldIn(workspace, { security: "full", ask: "off" });
  expect(textOf(await exec.call({ command: ["pwd"] }, context))).toBe(`${workspace.path}\n\nExit code 0.`);
  const failed = await exec.call({ command: "echo out; echo err >&2; exit 3" }, context);
  expect(failed.isError).toBe(true);
  expect(textOf(failed)).toBe("out\n\n[stderr]\nerr\n\nExit code 3.");
  expect(textOf(await exec.call({ command: ["no-such-program-here"] }, context))).toContain("no such program");
  expect(textOf(await exec.call({ command: ["pwd"], workdir: "missing" }, context))).toContain(
    "working folder doesn't exist",
  );
  expect(textOf(await exec.call({ command: ["pwd"], env: { LD_PRELOAD: "x" } }, context))).toContain(
    "can't be changed",
  );
});

test("[R-33] [tools:host-exec] host exec: the configuration narrows the host's rules, and never widens them", async () => {
  await using workspace = await Workspace.make();
  const narrowed = await worldIn(workspace, { security: "full", ask: "off" }, undefined, {
    limits: () => ({ ask: "always" }),
  });
  expect(textOf(await narrowed.exec.call({ command: ["pwd"] }, narrowed.context))).toContain("nobody answered in time");
  const closed = await worldIn(workspace, { security: "full", ask: "off" }, undefined, {
    limits: () => ({ security: "deny" }),
  });
  expect(await closed.exec.call({ command: ["pwd"] }, closed.context)).toMatchObject({ isError: true });
  const wider = await worldIn(workspace, { security: "deny" }, undefined, {
    limits: () => ({ security: "full", ask: "off" }),
  });
  expect(await wider.exec.call({ command: ["pwd"] }, wider.context)).toMatchObject({ isError: true });
});

test("[R-34] [tools:host-exec] host exec: the owner sees exactly what would run, and no answer and a no are a no", async () => {
  await using workspace = await Workspace.make();
  for (const answer of ["deny", "expired"] as const) {
    const { context, exec, questions } = await worldIn(
      workspace,
      { security: "allowlist", ask: "on-miss" },
      () => answer,
    );
    expect(await exec.call({ command: "touch made && true" }, context)).toMatchObject({ isError: true });
    expect(questions).toMatchObject([
      { plan: { argv: ["/bin/sh", "-c", "touch made && true"], cwd: workspace.path }, canAllowAlways: false },
    ]);
  }
  await expect(readFile(join(workspace.path, "made"))).rejects.toThrow("ENOENT");
});

test("[R-34] [tools:host-exec] host exec: an answer holds for what was shown; a script that changed meanwhile doesn't run", async () => {
  await using workspace = await Workspace.make();
  const script = join(workspace.path, "job.sh");
  await writeFile(script, "#!/bin/sh\necho shown\n");
  await chmod(script, 0o755);
  let change: () => Promise<void> = async () => {};
  const { context, exec } = await worldIn(
    workspace,
    { security: "allowlist", ask: "on-miss" },
    async (): Promise<Answer> => {
      await change();
      return "allow-once";
    },
  );
  expect(textOf(await exec.call({ command: ["sh", script] }, context))).toContain("shown");
  change = () => writeFile(script, "#!/bin/sh\ntouch made\n");
  expect(textOf(await exec.call({ command: ["sh", script] }, context))).toContain(
    "changed after the owner was asked (mutableFileOperand)",
  );
  await expect(readFile(join(workspace.path, "made"))).rejects.toThrow("ENOENT");
});

test("[tools:host-exec] host exec: 'always' puts the program on the list of this agent, and the next time nobody is asked", async () => {
  await using workspace = await Workspace.make();
  const tool = join(workspace.path, "tool");
  await writeFile(tool, "#!/bin/sh\necho ran\n");
  await chmod(tool, 0o755);
  const { context, exec, questions } = await worldIn(
    workspace,
    { security: "allowlist", ask: "on-miss" },
    () => "allow-always",
  );
  for (let round = 0; round < 2; round += 1)
    expect(textOf(await exec.call({ command: [tool] }, context))).toContain("ran");
  expect(questions).toHaveLength(1);
  expect(questions[0]).toMatchObject({ canAllowAlways: true });
});

test("[tools:host-exec] host exec: time that is up and a run that is stopped end everything that was started", async () => {
  await using workspace = await Workspace.make();
  // Looking whether something is gone takes its time; what a command is given is over when the test says so.
  const timers = new Set<{ readonly delayMs: number; readonly task: () => void }>();
  const clock = {
    now: Date.now,
    after(delayMs: number, task: () => void): () => void {
      const timer = { delayMs, task };
      timers.add(timer);
      const looking = delayMs < 7_000 ? setTimeout(task, delayMs) : undefined;
      return () => {
        clearTimeout(looking);
        timers.delete(timer);
      };
    },
  };
  const { context, exec } = await worldIn(workspace, { security: "full", ask: "off" }, undefined, { clock });
  const started = Promise.withResolvers<number>();
  const run = exec.call(
    { command: "sleep 300 & echo $!; wait", timeout: 7 },
    { ...context, progress: (text) => started.resolve(Number(text)) },
  );
  const child = await started.promise;
  expect(() => process.kill(child, 0)).not.toThrow();
  [...timers].find(({ delayMs }) => delayMs === 7_000)?.task();
  expect(textOf(await run)).toContain("its time was over");
  expect(await isGone(child)).toBe(true);

  const stop = new AbortController();
  const stopped = Promise.withResolvers<number>();
  const aborted = exec.call(
    { command: "sleep 300 & echo $!; wait" },
    { ...context, signal: stop.signal, progress: (text) => stopped.resolve(Number(text)) },
  );
  const other = await stopped.promise;
  stop.abort(new Error("the owner said stop"));
  await expect(aborted).rejects.toThrow("the owner said stop");
  expect(await isGone(other)).toBe(true);
});

test("[tools:bounded] host exec: of endless output the beginning and the end are kept", async () => {
  await using workspace = await Workspace.make();
  const { context, exec } = await worldIn(workspace, { security: "full", ask: "off" }, undefined, {
    maxOutputChars: 2_000,
  });
  const text = textOf(await exec.call({ command: "echo first; seq 1 20000; echo last" }, context));
  expect(text.length).toBeLessThan(2_300);
  expect(text).toMatch(/^first\n1\n[\s\S]*characters left out[\s\S]*20000\nlast\n/);
});

/** Whether a process is gone, or only waits for its parent to notice. */
async function isGone(pid: number): Promise<boolean> {
  for (let look = 0; look < 10_000; look += 1) {
    try {
      process.kill(pid, 0);
      const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      if (/\) Z /.test(state)) return true;
    } catch {
      return true;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
}
