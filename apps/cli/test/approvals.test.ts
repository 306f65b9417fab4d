import { writeFile } from "node:fs/promises";
import type { GatewayClient } from "@saltgate/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newClient, newDevice, OWNER } from "../../../tests/support/device.ts";
import { type Answer, Sandbox } from "../../../tests/support/sandbox.ts";
import { NodeWorld } from "./node-world.ts";

interface Snapshot {
  readonly path: string;
  readonly exists: boolean;
  readonly hash: string;
  readonly file: {
    readonly defaults?: object;
    readonly agents?: Record<string, { readonly allowlist?: readonly { readonly pattern: string }[] }>;
  };
  readonly policy: { readonly security: string; readonly ask: string };
}
interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly mend?: string };
}

const RULES = { version: 1, defaults: { security: "allowlist", ask: "on-miss" } };
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

let world: NodeWorld;
let asker: GatewayClient;

beforeAll(async () => {
  world = await NodeWorld.start();
  await world.machine("pi", RULES);
  // A program that asks; the command of the owner is another device.
  const identity = await newDevice();
  asker = newClient({ url: world.gateway.url, token: world.token, identity, scopes: OWNER });
  await asker.connect();
});

afterAll(async () => {
  await asker.close();
  await world[Symbol.asyncDispose]();
});

const run = (...words: string[]): Promise<Answer> => world.run(["approvals", ...words]);
const errorOf = (answer: Answer): Failure["error"] => answer.json<Failure>().error;
const patternsOf = (answer: Answer, agent: string): string[] =>
  (answer.json<Snapshot>().file.agents?.[agent]?.allowlist ?? []).map(({ pattern }) => pattern);

/** Asks whether a command may run here, and gives the question's id. */
async function ask(command: string, more: object = {}): Promise<string> {
  return (await asker.request("exec.approval.request", { command, twoPhase: true, ...more })).id;
}

describe("approvals get, set and allowlist", () => {
  test("[cli:approvals-file] approvals get: of a node, of the gateway's machine and of this one, with what holds and why", async () => {
    const node = (await run("get", "--node", "pi", "--json")).json<Snapshot>();
    expect(node).toMatchObject({ exists: true, file: RULES, policy: { security: "allowlist", ask: "on-miss" } });
    expect(node.hash).toMatch(/^[0-9a-f]{64}$/);
    const own = (await run("get", "--json")).json<Snapshot>();
    expect(own).toMatchObject({ exists: false, policy: { security: "deny", ask: "on-miss" } });
    const gateway = (await run("get", "--gateway", "--json")).json<Snapshot>();
    expect(gateway, "this machine is the gateway's").toMatchObject({ path: own.path, exists: false });
    const people = await run("get", "--node", "pi");
    expect(people.stdout).toMatch(
      /^What may run on pi: \/.*exec-approvals\.json\n\nRule +Holds +From\nsecurity +allowlist/,
    );
    expect(people.stdout).toContain("No program runs without asking.");
    expect((await run("get")).stdout).toContain("(not there yet, so these are the built-in rules)");
    expect(await run("get", "--node", "nobody")).toMatchObject({ exit: 1, stderr: expect.stringContaining("pi (") });
  });

  test("[cli:approvals-file] approvals get: a machine's own file needs no gateway", async () => {
    await using sandbox = await Sandbox.create();
    expect((await sandbox.run(["approvals", "get", "--json"])).json()).toMatchObject({ exists: false });
    expect(await sandbox.run(["approvals", "allowlist", "add", "/usr/bin/uptime"])).toMatchObject({ exit: 0 });
    expect(JSON.parse(await sandbox.read("exec-approvals.json"))).toMatchObject({
      agents: { "*": { allowlist: [{ pattern: "/usr/bin/uptime" }] } },
    });
    expect(await sandbox.list()).toContain("exec-approvals.json 600");
  });

  test("[cli:approvals-file] approvals set: replaces a node's file, from a file or standard input, and nothing by nonsense", async () => {
    const before = (await run("get", "--node", "pi", "--json")).json<Snapshot>();
    const set = (input: string, ...more: string[]): Promise<Answer> =>
      world.run(["approvals", "set", "--node", "pi", "--stdin", "--json", ...more], { input });
    const json5 = "{version: 1, defaults: {security: 'allowlist', ask: 'always'}}";
    expect((await set(json5)).json()).toMatchObject({ exists: true, policy: { security: "allowlist", ask: "always" } });
    await using sandbox = await Sandbox.create();
    const path = sandbox.path("..", "rules.json");
    await writeFile(path, JSON.stringify(before.file));
    const words = ["approvals", "set", "--node", "pi", "--file", path];
    expect((await world.run(words)).stdout).toContain("security");
    expect((await run("get", "--node", "pi", "--json")).json<Snapshot>().policy.ask).toBe("on-miss");

    expect(await set("{version: 1,")).toMatchObject({ exit: 2 });
    const invalid = await set("{version: 1, defaults: {security: 'everything'}}");
    expect(invalid.exit).toBe(1);
    expect(errorOf(invalid)).toMatchObject({
      code: "INVALID_APPROVALS_FILE",
      message: expect.stringContaining("security"),
    });
    expect(await set(json5, "--file", path)).toMatchObject({ exit: 2 });
    expect(await run("set", "--node", "pi")).toMatchObject({ exit: 2 });
    expect(await run("set", "--node", "pi", "--file", "/no/such/file")).toMatchObject({ exit: 2 });
    const after = (await run("get", "--node", "pi", "--json")).json<Snapshot>();
    expect(after.file).toEqual(before.file);
  });

  test("[cli:approvals-allowlist] approvals allowlist: adds and removes a program, for all agents or one, and says when there is nothing to do", async () => {
    const added = await run("allowlist", "add", "/usr/bin/uptime", "--node", "pi");
    expect(added).toMatchObject({ exit: 0, stdout: "/usr/bin/uptime runs on pi without asking.\n" });
    expect((await run("allowlist", "add", "/usr/bin/uptime", "--node", "pi")).stdout).toBe("Already allowlisted.\n");
    const mine = await run("allowlist", "add", "/usr/bin/free", "--node", "pi", "--agent", "main", "--json");
    expect(mine.json()).toMatchObject({ added: true, exists: true });
    expect([patternsOf(mine, "*"), patternsOf(mine, "main")]).toEqual([["/usr/bin/uptime"], ["/usr/bin/free"]]);
    expect((await run("get", "--node", "pi")).stdout).toMatch(/Runs without asking \(2\)\nAgent +Program/);
    for (const pattern of ["uptime", "/bin/sh", "/usr/bin/git", "./bin/uptime", "/usr/../bin/uptime", "bin/uptime"]) {
      const refused = await run("allowlist", "add", pattern, "--node", "pi", "--json");
      expect({ pattern, exit: refused.exit }).toEqual({ pattern, exit: 2 });
      expect(errorOf(refused).code).toBe("INVALID_PATTERN");
    }
    const removed = await run("allowlist", "remove", "/usr/bin/free", "--node", "pi", "--agent", "main", "--json");
    expect(removed.json()).toMatchObject({ removed: true });
    expect(patternsOf(removed, "main")).toEqual([]);
    const words = ["allowlist", "remove", "/usr/bin/free", "--node", "pi", "--agent", "main"];
    expect((await run(...words)).stdout).toBe("Pattern not found.\n");
    expect(await run("allowlist", "remove", "/usr/bin/uptime", "--node", "pi")).toMatchObject({ exit: 0 });
    expect(await run("allowlist", "add")).toMatchObject({ exit: 2 });
  });
});

describe("approvals list, allow and deny", () => {
  test("[cli:approvals-answer] approvals allow and deny: by the beginning of an id; the first answer counts", async () => {
    expect(await run("list")).toMatchObject({ exit: 0, stdout: "No question waits.\n" });
    const id = await ask("make install", { cwd: "/home/pi/app", agentId: "main" });
    const listed = await run("list", "--json");
    expect(listed.json()).toEqual([
      {
        id,
        request: expect.objectContaining({ command: "make install", cwd: "/home/pi/app", agentId: "main" }),
        createdAtMs: expect.any(Number),
        expiresAtMs: expect.any(Number),
      },
    ]);
    const people = (await run("list")).stdout.trimEnd().split("\n");
    expect(people.slice(0, 3)).toEqual(["May this run?  make install", "  folder: /home/pi/app", "  agent: main"]);
    expect(people.at(-1)).toBe(`  id: ${id}`);
    expect(await run("allow", id.slice(0, 8))).toMatchObject({ exit: 0, stdout: "Allowed, once: make install\n" });
    expect(await asker.request("exec.approval.waitDecision", { id })).toMatchObject({ decision: "allow-once" });
    const again = await run("deny", id, "--json");
    expect(again.exit).toBe(1);
    expect(errorOf(again)).toMatchObject({
      code: "APPROVAL_NOT_FOUND",
      mend: "Nothing waits: saltgate approvals list",
    });

    const second = await ask("make clean");
    expect(errorOf(await run("allow", "zzzz", "--json")).mend).toBe(`Waiting: ${second}`);
    expect((await run("deny", second, "--json")).json()).toEqual({ id: second, decision: "deny" });
    const third = await ask("make all");
    expect((await run("allow", third, "--always", "--json")).json()).toEqual({ id: third, decision: "allow-always" });
    expect(await run("allow")).toMatchObject({ exit: 2 });
  });

  test("[cli:approvals-answer] approvals allow --always: of a run that belongs to no agent it says that it was for that run alone", async () => {
    await using asking = world.gateway.begin(["nodes", "run", "--node", "pi", "/usr/bin/touch", "--version"]);
    const [, id = ""] = await asking.until(
      "it asks",
      ({ stderr }) => /approvals allow (\S+)\n/.exec(stderr) ?? undefined,
    );
    const { stdout } = await run("allow", id, "--always");
    expect(stdout).toMatch(
      /^Allowed: .*touch --version\nThat was for this one run, .* saltgate approvals allowlist add \/\S*touch --node [0-9a-f]{12}\n$/,
    );
    expect((await asking.ended()).code).toBe(0);
    expect(patternsOf(await run("get", "--node", "pi", "--json"), "*")).toEqual([]);
    const agentsOwn = world.gateway.begin([
      "nodes",
      "run",
      "--node",
      "pi",
      "--agent",
      "main",
      "/usr/bin/touch",
      "--help",
    ]);
    await using _agentsOwn = agentsOwn;
    const [, its = ""] = await agentsOwn.until(
      "it asks",
      ({ stderr }) => /approvals allow (\S+)\n/.exec(stderr) ?? undefined,
    );
    expect((await run("allow", its, "--always")).stdout).toMatch(/^Allowed, from now on: .*touch --help\n$/);
    expect((await agentsOwn.ended()).code).toBe(0);
    expect(patternsOf(await run("get", "--node", "pi", "--json"), "main")).toEqual([expect.stringMatching(/touch$/)]);
  });

  test("[cli:hostile-names] [R-49] approvals: what somebody writes into a question forges no line of it", async () => {
    const evil = "x\u001b[2J\n  program: /usr/bin/true\u202e";
    const id = await ask(evil, { cwd: evil, warningText: evil, resolvedPath: "/usr/bin/rm", agentId: evil });
    const outputs: string[] = [];
    const shown = async (...words: string[]): Promise<string> => {
      const { stdout, stderr } = await run(...words);
      outputs.push(stdout, stderr);
      return stdout;
    };
    const list = await shown("list");
    expect(list.split("\n").filter((line) => line.startsWith("  program:"))).toEqual(["  program: /usr/bin/rm"]);
    await shown("list", "--json");
    await using watch = world.gateway.begin(["approvals", "watch"], { keepInput: true });
    await watch.until("it shows the question", ({ stdout }) => (stdout.includes("[y/a/n]") ? true : undefined));
    expect(await shown("deny", id)).toMatch(/^Denied: .*\n$/);
    await watch.until("it shows the end", ({ stderr }) => (stderr.includes("deny: ") ? true : undefined));
    outputs.push(watch.stdout, watch.stderr);
    expect(watch.stdout.split("\n").filter((line) => line.startsWith("  program:"))).toHaveLength(1);
    for (const output of outputs) expect(output).not.toMatch(OBEYED);
  });
});

describe("approvals watch", () => {
  test("[cli:approvals-watch] approvals watch --json: one line for each thing that happens, answers by lines, ends with its input", async () => {
    await using watch = world.gateway.begin(["approvals", "watch", "--json"], { keepInput: true });
    const lines = (): Record<string, unknown>[] =>
      watch.stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    const line = (at: number): Promise<Record<string, unknown>> => watch.until(`line ${at}`, () => lines()[at]);
    const first = await ask("make one");
    expect(await line(0)).toMatchObject({ event: "requested", id: first, request: { command: "make one" } });
    const second = await ask("make two");
    expect(await line(1)).toMatchObject({ event: "requested", id: second });
    // The oldest one is answered first.
    watch.write("y\n");
    expect(await line(2)).toMatchObject({ event: "resolved", id: first, decision: "allow-once", resolvedBy: "cli" });
    await run("deny", second);
    expect(await line(3)).toMatchObject({ event: "resolved", id: second, decision: "deny" });
    expect(watch.stderr).toBe("");
    watch.signal("SIGINT");
    expect(await watch.ended()).toEqual({ code: 0, signal: null });
  });

  test("[cli:approvals-watch] approvals watch: what is no answer is said to be none; without input it ends", async () => {
    await using watch = world.gateway.begin(["approvals", "watch"], { keepInput: true });
    const id = await ask("make three");
    await watch.until("it shows it", ({ stdout }) => (stdout.includes("make three") ? true : undefined));
    watch.write("maybe\n");
    await watch.until("it says so", ({ stderr }) =>
      stderr.includes('"maybe" is no answer: y, a or n.') ? true : undefined,
    );
    watch.write("n\n");
    expect(await asker.request("exec.approval.waitDecision", { id })).toMatchObject({ decision: "deny" });
    const over = await world.run(["approvals", "watch"]);
    expect(over).toMatchObject({ exit: 0, stdout: "" });
  });
});
