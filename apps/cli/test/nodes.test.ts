import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newDevice } from "../../../tests/support/device.ts";
import { type Answer, CANARY, Sandbox } from "../../../tests/support/sandbox.ts";
import { EVERYTHING, NodeWorld } from "./node-world.ts";

interface Row {
  readonly nodeId: string;
  readonly displayName?: string;
  readonly connected: boolean;
}
interface Waiting {
  readonly requestId: string;
  readonly nodeId: string;
  readonly name: string;
  readonly commands: readonly string[];
}
interface Listed {
  readonly pending: readonly Waiting[];
  readonly nodes: readonly Row[];
}
interface Failure {
  readonly ok: false;
  readonly error: { readonly code: string; readonly message: string; readonly mend?: string };
}

/** What a terminal would obey, and what forges a line. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
const HOSTILE = "pi\u001b[2J\u202e\nPaired (1)\u200b";

let world: NodeWorld;
let attic: Sandbox;
let atticId = "";
let cellarId = "";

beforeAll(async () => {
  world = await NodeWorld.start();
  attic = (await world.machine("attic", EVERYTHING)).machine;
  await world.machine("cellar", EVERYTHING);
  for (const { nodeId, displayName } of (await list()).nodes)
    if (displayName === "attic") atticId = nodeId;
    else cellarId = nodeId;
});

afterAll(() => world[Symbol.asyncDispose]());

const run = (...words: string[]): Promise<Answer> => world.run(words);
async function list(): Promise<Listed> {
  return (await world.run(["nodes", "list", "--json"])).json<Listed>();
}
const errorOf = (answer: Answer): Failure["error"] => answer.json<Failure>().error;

describe("nodes invite and node join", () => {
  test("[cli:nodes-invite] nodes invite: prints one line with a code that is good once, and never the gateway's secret", async () => {
    const invite = await run("nodes", "invite");
    expect(invite).toMatchObject({ exit: 0, stderr: "" });
    expect(invite.stdout).toContain("This gateway listens on this machine only");
    const line = invite.stdout.split("\n").find((text) => text.startsWith("saltgate node join ")) ?? "";
    expect(invite.stdout + Buffer.from(line.split(" ").at(-1) ?? "", "base64url").toString()).not.toContain(
      world.token,
    );
    await using first = await Sandbox.create();
    await using second = await Sandbox.create();
    expect(await first.run(line.split(" ").slice(1))).toMatchObject({ exit: 0 });
    const late = await second.run(line.split(" ").slice(1));
    expect(late.exit).toBe(4);
    expect(late.stderr).toContain("saltgate nodes invite");
    expect((await second.list()).filter((entry) => entry.startsWith("node.json"))).toEqual([]);
  });

  test("[cli:nodes-invite] nodes invite: tells programs everything, and leads where it is told", async () => {
    const json = (await run("nodes", "invite", "--json")).json();
    expect(json).toEqual({
      setupId: expect.any(String),
      setupCode: expect.any(String),
      gatewayUrl: world.gateway.url,
      auth: "token",
      urlSource: "this machine only",
      access: "node",
      expiresAtMs: expect.any(Number),
      line: `saltgate node join ${String(json["setupCode"])}`,
    });
    const elsewhere = await run("nodes", "invite", "--public-url", "wss://gw.example.net", "--json");
    expect(elsewhere.json()).toMatchObject({ gatewayUrl: "wss://gw.example.net", urlSource: "publicUrl" });
    expect(await run("nodes", "invite", "--public-url", "https://no.gateway")).toMatchObject({ exit: 1 });
  });

  test("[cli:node-status] node status: of a node that `saltgate node run` runs, and of a machine without one", async () => {
    expect((await attic.run(["node", "status", "--json"])).json()).toMatchObject({
      running: true,
      connection: "connected",
      nodeId: atticId,
      policy: { security: "full", ask: "off" },
    });
    await using empty = await Sandbox.create();
    expect(await empty.run(["node", "status"])).toMatchObject({ exit: 3 });
    expect(await empty.run(["node", "join", CANARY])).toMatchObject({ exit: 2 });
  });
});

describe("nodes list, status, describe and rename", () => {
  test("[cli:nodes-list] nodes list: shows who is here and what may be asked, for people and programs", async () => {
    const listed = await list();
    expect(Object.keys(listed)).toEqual(["pending", "nodes"]);
    expect(listed.nodes.find(({ nodeId }) => nodeId === atticId)).toMatchObject({
      displayName: "attic",
      platform: "linux",
      connected: true,
      paired: true,
      commands: expect.arrayContaining(["system.run", "system.run.prepare", "system.which"]),
    });
    const people = await run("nodes", "list", "--connected");
    expect(people.stdout).toMatch(/^Nodes \(2\)\nName +Node +State +Last seen +Platform +From +Commands\n/);
    expect(people.stdout).toMatch(new RegExp(`^attic +${atticId.slice(0, 12)} +here`, "m"));
    expect(await run("nodes", "list", "--last-connected", "soon")).toMatchObject({ exit: 2 });
    const status = await run("nodes", "status");
    expect(status.stdout).toMatch(/^Known: \d+ · Paired: \d+ · Connected: 2\n/);
    expect((await run("nodes", "status", "--json")).json()).toMatchObject({
      ts: expect.any(Number),
      nodes: expect.arrayContaining([expect.objectContaining({ nodeId: cellarId })]),
    });
  });

  test.each([
    ["its name", () => "attic"],
    ["its name, spelled otherwise", () => "ATTIC"],
    ["its id", () => atticId],
    ["the beginning of its id", () => atticId.slice(0, 6)],
  ])("[cli:nodes-name] nodes describe: a node is found by %s", async (_how, word) => {
    const answer = await run("nodes", "describe", word(), "--json");
    expect(answer.json()).toMatchObject({ nodeId: atticId, connected: true, ts: expect.any(Number) });
  });

  test("[cli:nodes-name] nodes describe: no such node, several, or none named: each says which there are", async () => {
    const unknown = await run("nodes", "describe", "nobody", "--json");
    expect(unknown.exit).toBe(1);
    expect(errorOf(unknown)).toEqual({
      code: "UNKNOWN_NODE",
      message: 'no node is called "nobody"',
      mend: expect.stringContaining(`attic (${atticId.slice(0, 12)})`),
    });
    const unsaid = await run("nodes", "describe", "--json");
    expect(unsaid.exit).toBe(2);
    expect(errorOf(unsaid)).toMatchObject({ code: "USAGE", mend: expect.stringContaining("cellar") });
    expect(await run("nodes", "rename", "cellar", "attic")).toMatchObject({ exit: 0 });
    const several = await run("nodes", "describe", "attic", "--json");
    expect(several.exit).toBe(1);
    expect(errorOf(several)).toMatchObject({ code: "UNKNOWN_NODE", message: '"attic" could be several nodes' });
    expect(errorOf(several).mend).toContain(atticId.slice(0, 12));
    expect(errorOf(several).mend).toContain(cellarId.slice(0, 12));
    const renamed = await run("nodes", "rename", "--node", cellarId, "--name", "cellar", "--json");
    expect(renamed.json()).toEqual({ nodeId: cellarId, displayName: "cellar" });
    expect(await run("nodes", "rename", "attic")).toMatchObject({ exit: 2 });
  });

  test("[cli:unreachable] [cli:not-permitted] nodes: without a gateway 3, with a wrong secret 4", async () => {
    await using sandbox = await Sandbox.create();
    const words = ["nodes", "list", "--url", "ws://127.0.0.1:1"];
    expect(await sandbox.run(words)).toMatchObject({ exit: 3 });
    const wrong = await sandbox.run(["nodes", "list", "--url", world.gateway.url, "--token", CANARY, "--json"]);
    expect(wrong.exit).toBe(4);
    expect(wrong.stdout + wrong.stderr).not.toContain(CANARY);
  });
});

describe("nodes pending, approve and reject", () => {
  test("[cli:nodes-approve] nodes approve: who waits is shown with what it names, and let in by the beginning of its request", async () => {
    const identity = await newDevice();
    const client = await world.stranger(identity, "shed", ["system.which", "camera.snap"]);
    const waiting = (await run("nodes", "pending", "--json")).json<Waiting[]>();
    expect(waiting).toEqual([
      {
        requestId: expect.any(String),
        nodeId: identity.deviceId,
        name: "shed",
        platform: "linux",
        commands: ["system.which", "camera.snap"],
        ts: expect.any(Number),
        kind: "joins",
      },
    ]);
    const requestId = waiting[0]?.requestId ?? "";
    expect((await run("nodes", "pending")).stdout).toMatch(
      /^Request +Name +Node +What +Platform +From +Since +Commands/,
    );
    expect(await run("nodes", "approve", "zzzz", "--json")).toMatchObject({ exit: 1 });
    const approved = await run("nodes", "approve", requestId.slice(0, 8));
    expect(approved.stdout).toContain("Approved shed");
    expect(approved.stdout).toContain("It may be asked for: system.which, camera.snap.");
    await client.connect();
    expect((await run("nodes", "describe", "shed", "--json")).json()).toMatchObject({
      commands: ["system.which"],
      withheld: [{ command: "camera.snap", reason: "command not allowlisted" }],
    });
    expect((await run("nodes", "describe", "shed")).stdout).toMatch(
      /Says that it can, and may not be asked\nCommand +Why\ncamera.snap +command not allowlisted/,
    );
    expect((await run("nodes", "pending")).stdout).toBe("No node waits.\n");
  });

  test("[cli:nodes-approve] nodes reject: turns one away", async () => {
    const identity = await newDevice();
    await world.stranger(identity, "garage");
    expect(await run("nodes", "reject", "garage")).toMatchObject({ exit: 0, stdout: "Turned garage away.\n" });
    expect((await list()).nodes.some(({ nodeId }) => nodeId === identity.deviceId)).toBe(false);
  });

  test("[cli:hostile-names] [R-49] nodes: a hostile name changes nothing but its own cell, wherever it is shown", async () => {
    const identity = await newDevice();
    const client = await world.stranger(identity, HOSTILE);
    const outputs: string[] = [];
    const shown = async (...words: string[]): Promise<string[]> => {
      const { stdout, stderr } = await run(...words);
      outputs.push(stdout, stderr);
      return stdout.trimEnd().split("\n");
    };
    // A heading, one row, an empty line, what to do.
    expect(await shown("nodes", "pending")).toHaveLength(4);
    await shown("nodes", "pending", "--json");
    const id = identity.deviceId;
    const approved = await shown("nodes", "approve", id.slice(0, 8));
    expect(approved).toHaveLength(3);
    await client.connect();
    await shown("nodes", "list");
    await shown("nodes", "status");
    await shown("nodes", "describe", id);
    expect(await shown("nodes", "rename", id, HOSTILE)).toHaveLength(1);
    await shown("nodes", "describe", "nobody");
    await shown("nodes", "describe", "nobody", "--json");
    for (const output of outputs) expect(output).not.toMatch(OBEYED);
    expect(outputs.flatMap((output) => output.split("\n")).filter((line) => line.startsWith("Paired"))).toEqual([]);
    expect(await run("devices", "remove", id)).toMatchObject({ exit: 0 });
  });
});

describe("nodes invoke", () => {
  test("[cli:nodes-invoke] nodes invoke: prints what the node answers, as JSON", async () => {
    const words = ["nodes", "invoke", "system.which", "--node", "attic", "--params", "{bins: ['sh', 'nope']}"];
    const answer = await run(...words);
    expect(answer.json()).toEqual({
      ok: true,
      nodeId: atticId,
      command: "system.which",
      payload: { bins: { sh: expect.stringMatching(/\/sh$/) } },
      payloadJSON: expect.any(String),
    });
    expect(answer).toMatchObject({ exit: 0, stderr: "" });
  });

  test("[cli:nodes-invoke] nodes invoke: what may not be asked, and words that are off, run nothing", async () => {
    const refused = await run("nodes", "invoke", "camera.snap", "--node", "attic", "--json");
    expect(refused.exit).toBe(1);
    expect(errorOf(refused)).toMatchObject({
      code: "COMMAND_NOT_ALLOWED",
      message: "node command not allowed: command not allowlisted",
    });
    expect(await run("nodes", "invoke", "--node", "attic")).toMatchObject({ exit: 2 });
    const words = ["nodes", "invoke", "system.which", "--node", "attic"];
    expect(await run(...words, "--params", "{bins")).toMatchObject({ exit: 2 });
    expect(await run(...words, "--invoke-timeout", "soon")).toMatchObject({ exit: 2 });
    expect(await run(...words, "--later", "--expires", "never")).toMatchObject({ exit: 2 });
    expect(await run(...words, "--no-such-option")).toMatchObject({ exit: 2 });
  });

  test("[cli:nodes-later] nodes invoke --later: leaves work for a node that is away, and it is done when it is back", async () => {
    const { machine, node } = await world.machine("sleeper", EVERYTHING);
    node.signal("SIGTERM");
    await node.ended();
    const now = ["nodes", "invoke", "system.which", "--node", "sleeper", "--params", '{"bins":["sh"]}'];
    expect(errorOf(await run(...now, "--json"))).toMatchObject({ code: "NOT_CONNECTED" });
    const left = await run(...now, "--later", "--expires", "30m");
    expect(left.exit).toBe(0);
    const { queued } = left.json<{ queued: { id: string; createdAtMs: number; expiresAtMs: number } }>();
    expect(Math.round((queued.expiresAtMs - queued.createdAtMs) / 1_000)).toBe(30 * 60);
    await using back = machine.start(["node", "run"]);
    const work = async (): Promise<Record<string, unknown>> =>
      (await run("gateway", "call", "node.pending.get", "--params", JSON.stringify({ id: queued.id }))).json();
    let last = await work();
    while (last["state"] !== "done" && back.ending === undefined) last = await work();
    expect(last).toMatchObject({ state: "done" });
    expect(JSON.stringify(last)).toContain("/sh");
    back.signal("SIGTERM");
    expect(await back.ended()).toEqual({ code: 0, signal: null });
  });
});

describe("nodes run", () => {
  test("[cli:nodes-run] nodes run: everything after the program's name is the program's, options too", async () => {
    const words = ["nodes", "run", "--node", "attic", "printf", "%s\\n", "--json", "-h", "--help", "--", "--node"];
    expect(await run(...words)).toMatchObject({ exit: 0, stdout: "--json\n-h\n--help\n--\n--node\n", stderr: "" });
  });

  test("[cli:nodes-run] nodes run: output comes on the streams that it was written to, in order", async () => {
    const script = "for n in 1 2 3; do echo out $n; echo err $n >&2; sleep 0.05; done";
    expect(await run("nodes", "run", "--node", "attic", "--", "/bin/sh", "-c", script)).toMatchObject({
      exit: 0,
      stdout: "out 1\nout 2\nout 3\n",
      stderr: "err 1\nerr 2\nerr 3\n",
    });
    // As it comes, not at the end.
    const forever = "echo first; exec sleep 600";
    await using running = world.gateway.begin(["nodes", "run", "--node", "attic", "--raw", forever]);
    await running.until("it said something", ({ stdout }) => (stdout === "first\n" ? true : undefined));
    expect(running.ending).toBeUndefined();
  });

  test("[cli:nodes-run] nodes run --raw: a line for the node's shell, with its folder and variables", async () => {
    const words = [
      "nodes",
      "run",
      "--node",
      "attic",
      "--cwd",
      "/tmp",
      "--env",
      "LANG=de_DE.UTF-8",
      "--raw",
      'pwd; echo "$LANG"',
    ];
    const answer = await run(...words);
    expect(answer).toMatchObject({ exit: 0, stdout: "/tmp\nde_DE.UTF-8\n", stderr: "" });
    const refused = await run("nodes", "run", "--node", "attic", "--env", "LANG=a,b", "--", "/usr/bin/env");
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain("These variables can't be changed for a command on this host: LANG.");
  });

  test("[cli:nodes-run] nodes run: a program that fails, or takes too long, ends with 1 and says how", async () => {
    const failed = await run("nodes", "run", "--node", "attic", "--", "/bin/sh", "-c", "echo so far; exit 3");
    expect(failed).toMatchObject({
      exit: 1,
      stdout: "so far\n",
      stderr: "The program failed on the node: exit code 3.\n",
    });
    const late = await run("nodes", "run", "--node", "attic", "--command-timeout", "200", "--", "/bin/sleep", "60");
    expect(late).toMatchObject({
      exit: 1,
      stderr: "The program failed on the node: it took too long and was ended.\n",
    });
    const json = await run("nodes", "run", "--node", "attic", "--json", "--", "/bin/sh", "-c", "echo so far; exit 3");
    expect(json.exit).toBe(1);
    expect(json.json()).toMatchObject({ exitCode: 3, success: false, timedOut: false, stdout: "so far\n", stderr: "" });
  });

  test("[cli:nodes-run] nodes run: what the node's rules deny ends with 4, what isn't there with 1, and neither runs", async () => {
    await world.machine("strict");
    const denied = await run("nodes", "run", "--node", "strict", "--json", "--", "/usr/bin/touch", "/nowhere/x");
    expect(denied.exit).toBe(4);
    expect(errorOf(denied)).toMatchObject({
      code: "SYSTEM_RUN_DENIED",
      mend: expect.stringMatching(/^See its rules: saltgate approvals get --node [0-9a-f]{12}$/),
    });
    const missing = await run("nodes", "run", "--node", "attic", "--json", "--", "/no/such/program");
    expect(missing.exit).toBe(1);
    expect(errorOf(missing).message).toContain("SYSTEM_RUN_FAILED");
    const away = await run("nodes", "run", "--node", "sleeper", "--json", "--", "true");
    expect(away.exit).toBe(1);
    expect(errorOf(away)).toMatchObject({ code: "NOT_CONNECTED", mend: expect.stringContaining("--later") });
  });

  test("[cli:nodes-run] nodes run: words that are off end with 2 before anybody is asked, and help is help", async () => {
    await using nowhere = await Sandbox.create();
    const off = [
      [],
      ["--raw", "ls", "--", "ls"],
      ["--env", "novalue", "ls"],
      ["--command-timeout", "soon", "ls"],
      ["--approval-timeout", "1m", "ls"],
    ];
    for (const words of off)
      expect(await nowhere.run(["nodes", "run", ...words, "--url", "ws://127.0.0.1:1"]), words.join(" ")).toMatchObject(
        {
          exit: 2,
        },
      );
    const help = await nowhere.run(["nodes", "run", "--node", "attic", "--help"]);
    expect(help).toMatchObject({ exit: 0, stderr: "" });
    expect(help.stdout).toContain("--approval-timeout");
  });
});
