import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ProcessToRun, runProcess } from "@saltgate/exec-policy";
import { describe, expect, test } from "vitest";
import { OutputCap } from "../src/system/output-cap.ts";

const clock = {
  now: () => Date.now(),
  after(delayMs: number, task: () => void) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
const run = (argv: string[], options: Partial<ProcessToRun> = {}): ReturnType<typeof runProcess> =>
  runProcess({
    executable: argv[0] ?? "",
    argv,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    timeoutMs: undefined,
    killGraceMs: 50,
    output: new OutputCap(200_000),
    signal: new AbortController().signal,
    clock,
    ...options,
  });
const node = (script: string, options: Partial<ProcessToRun> = {}): ReturnType<typeof runProcess> =>
  run([process.execPath, "-e", script], options);
const sh = (script: string, options: Partial<ProcessToRun> = {}): ReturnType<typeof runProcess> =>
  run(["/bin/sh", "-c", script], options);

/** Whether a process is there, other than as a dead one that nobody has asked after. */
async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "gone) Z");
  return !/\) [ZX]/.test(stat);
}

/** A shell that starts another, that starts a third; none of them ends when asked to. Their pids come as output. */
const STUBBORN = `trap '' TERM; echo $$; sh -c 'trap "" TERM; echo $$; sh -c "trap \\"\\" TERM; echo \\$\\$; while :; do sleep 1; done" & while :; do sleep 1; done' & while :; do sleep 1; done`;

describe("run process", () => {
  test("run process: what it says and how it ends", async () => {
    expect(await sh("echo out; echo err >&2; exit 3")).toEqual({
      exitCode: 3,
      signal: null,
      timedOut: false,
      stdout: "out\n",
      stderr: "err\n",
      truncated: false,
    });
    expect(await sh("kill -KILL $$")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });

  test("run process: the given program runs under the given name, with exactly the given arguments, folder and environment", async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "saltgate-run-")));
    const argv = [
      "called-so",
      "-e",
      "console.log(JSON.stringify([process.argv0,process.argv.slice(1),process.cwd(),process.env]))",
      "--",
      "$HOME",
      "a b",
      "*",
      "",
    ];
    const { stdout } = await run(argv, { executable: process.execPath, cwd: folder, env: { ONLY: "this" } });
    await rm(folder, { recursive: true });
    expect(JSON.parse(stdout)).toEqual(["called-so", ["$HOME", "a b", "*", ""], folder, { ONLY: "this" }]);
  });

  test("run process: it gets no input", async () => {
    expect(await run(["/bin/cat"])).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("run process: a program that can't be started is an error", async () => {
    await expect(run(["/no/such/program"])).rejects.toMatchObject({ code: "ENOENT" });
    await expect(sh("true", { cwd: "/no/such/folder" })).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("[node-host:output-cap] run process: both streams together are kept up to the bound, and what is missing is noted", async () => {
    const done = await node("process.stdout.write('o'.repeat(150000)); process.stderr.write('e'.repeat(150000))", {
      output: new OutputCap(200_000),
    });
    expect(done.truncated).toBe(true);
    const kept = (done.stdout + done.stderr).replaceAll("... (truncated)", "");
    expect(kept).toHaveLength(200_000);
    expect([done.stdout, done.stderr].some((text) => text.endsWith("... (truncated)"))).toBe(true);
  });

  test("output cap: characters are counted, whole ones, wherever their bytes are split", () => {
    const bytes = Buffer.from("aü😀b");
    for (let at = 0; at <= bytes.length; at += 1) {
      const cap = new OutputCap(100);
      const streamed =
        cap.take("stdout", bytes.subarray(0, at)) + cap.take("stdout", bytes.subarray(at)) + cap.end("stdout");
      expect([cap.text("stdout"), streamed, cap.truncated]).toEqual(["aü😀b", "aü😀b", false]);
    }
    const small = new OutputCap(3);
    small.take("stdout", bytes);
    expect(small.text("stdout")).toBe("aü... (truncated)");
    const torn = new OutputCap(10);
    torn.take("stderr", Buffer.from([0xf0, 0x9f]));
    torn.end("stderr");
    expect(torn.text("stderr")).toBe("\ufffd");
  });

  test("[node-host:group-ended] run process: when the time is up the whole group is ended, also what ignores being asked", async () => {
    const { stdout, timedOut, signal } = await sh(STUBBORN, { timeoutMs: 400 });
    const pids = stdout.trim().split("\n").map(Number);
    expect(pids).toHaveLength(3);
    expect(timedOut).toBe(true);
    expect(signal).toBe("SIGKILL");
    expect(await Promise.all(pids.map(lives))).toEqual([false, false, false]);
  });

  test("[node-host:group-ended] run process: who gives up ends the whole group", async () => {
    const abort = new AbortController();
    let said = "";
    const running = sh(STUBBORN, {
      signal: abort.signal,
      onOutput: async (text) => {
        said += text;
        if (said.split("\n").length > 3) abort.abort();
      },
    });
    expect(await running).toMatchObject({ timedOut: false, signal: "SIGKILL" });
    const pids = said.trim().split("\n").map(Number);
    expect(await Promise.all(pids.map(lives))).toEqual([false, false, false]);
  });

  test("run process: who gave up before it started ends it too", async () => {
    const gaveUp = AbortSignal.abort();
    expect(await sh("sleep 60", { signal: gaveUp })).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  });

  test("run process: one that ends when it is asked to may say its last words", async () => {
    const done = await sh("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done", {
      timeoutMs: 300,
      killGraceMs: 20_000,
    });
    expect(done).toMatchObject({ timedOut: true, exitCode: 7, stdout: "ready\nbye\n" });
  });

  test("[node-host:daemon-left] run process: what it leaves behind on purpose neither holds up the answer nor is ended", async () => {
    const { stdout, exitCode } = await sh("sleep 30 & echo $!");
    const pid = Number(stdout);
    expect(exitCode).toBe(0);
    expect(await lives(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  test("run process: what it leaves behind may go on talking without holding up the answer", async () => {
    const { stdout, exitCode } = await sh("echo $$; yes >&1 & echo $!; exit 0");
    expect(exitCode).toBe(0);
    const pid = Number(
      /^\d+$/m.exec(
        stdout
          .split("\n")
          .slice(1)
          .find((line) => /^\d+$/.test(line)) ?? "",
      )?.[0],
    );
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => lives(pid)).toBe(false); // nobody reads it any more
  });

  test("run process: output is passed on as it comes, all of it, and a reader without room holds the process up", async () => {
    let passed = 0;
    let atOnce = 0;
    let most = 0;
    const done = await node("for (let i = 0; i < 40; i++) process.stdout.write('x'.repeat(25000))", {
      onOutput: async (text) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        passed += text.length;
        atOnce -= 1;
      },
    });
    expect(passed).toBe(1_000_000);
    expect(most).toBe(1);
    expect(done).toMatchObject({ truncated: true, exitCode: 0 });
  });

  test("run process: a slow reader loses nothing of a process that has ended already", async () => {
    let passed = "";
    await sh("echo one; echo two >&2", {
      onOutput: async (text) => {
        await new Promise((resolve) => setTimeout(resolve, 400));
        passed += text;
      },
    });
    expect(passed.split("\n").sort()).toEqual(["", "one", "two"]);
  });
});
