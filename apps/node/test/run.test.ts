import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { CANARY } from "../../../tests/support/sandbox.ts";
import { helloV4, refusal } from "../../../tests/support/scripted-gateway.ts";
import { World } from "./world.ts";

async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "gone) Z");
  return !/\) [ZX]/.test(stat);
}

describe("node run", () => {
  test("[node-app:run] node run: connects as a node, and ends with 0 when it is told to stop", async () => {
    await using world = await World.start();
    await using node = await world.node(1, ["--display-name", "rack-2"]);
    expect(world.far.connects[0]).toMatchObject({
      role: "node",
      client: { id: "node-host", mode: "node", displayName: "rack-2", platform: "linux" },
      commands: [
        "system.run",
        "system.run.prepare",
        "system.which",
        "system.notify",
        "system.execApprovals.get",
        "system.execApprovals.set",
      ],
    });
    node.signal("SIGTERM");
    expect(await node.ended()).toEqual({ code: 0, signal: null });
    expect(node.stderr).toMatch(/^Node "rack-2" \([0-9a-f]{12}\) connects to ws:.*\nConnected to ws:.*\n$/);
    expect(node.stdout).toBe("");
    expect((await world.sandbox.list()).filter((line) => line.includes("lock"))).toEqual([]);
  });

  test("node run: every file that it leaves is its owner's alone, and none holds a secret of the gateway", async () => {
    await using world = await World.start();
    await using node = world.begin(["run", "--url", world.far.url], { SALTGATE_GATEWAY_TOKEN: CANARY });
    await node.until("it connected", ({ stderr }) => (stderr.includes("Connected") ? true : undefined));
    expect(world.far.connects[0]?.auth?.token).toBe(CANARY);
    node.signal("SIGINT");
    expect((await node.ended()).code).toBe(0);
    const files = (await world.sandbox.list()).filter((line) => !line.includes("/ "));
    expect(files.map((line) => line.replace(/ .*/, ""))).toEqual([
      "node.json",
      "node/device-auth.json",
      "node/device.json",
      "node/journal.jsonl",
      "node/status.json",
    ]);
    expect(files.every((line) => line.endsWith(" 600"))).toBe(true);
    for (const line of files) expect(await world.sandbox.read(line.replace(/ .*/, ""))).not.toContain(CANARY);
    expect(node.stdout + node.stderr).not.toContain(CANARY);
  });

  test("[node-app:stop-ends-commands] node run: what runs when it is stopped is ended with everything that it started", async () => {
    await using world = await World.start();
    await world.allowAll();
    await using node = await world.node();
    const command = [
      "sh",
      "-c",
      "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & echo $$; wait",
    ];
    world.ask("system.run", { command }, { wantsProgress: true, timeoutMs: 600_000 });
    const said = (): string =>
      world.far.requests
        .filter(({ method }) => method === "node.invoke.progress")
        .map(({ params }) => (params as { chunk: string }).chunk)
        .join("");
    await world.far.until(() => (said().split("\n").length > 2 ? true : undefined));
    const pids = said().trim().split("\n").map(Number);
    expect(await Promise.all(pids.map(lives))).toEqual([true, true]);
    node.signal("SIGTERM");
    expect(await node.ended()).toEqual({ code: 0, signal: null });
    expect(await Promise.all(pids.map(lives))).toEqual([false, false]);
  });

  test("[node-host:outcome-unknown] node run: after a kill -9 in mid-run the repeat is told that nobody knows, and nothing runs again", async () => {
    await using world = await World.start();
    await world.allowAll();
    const marker = world.sandbox.path("ran");
    const params = { command: ["sh", "-c", 'echo ran >> "$0"; echo begun; exec sleep 600', marker] };
    const killed = await world.node();
    world.ask("system.run", params, { idempotencyKey: "k", wantsProgress: true, timeoutMs: 600_000 });
    await world.far.until(() => world.far.requests.find(({ method }) => method === "node.invoke.progress"));
    killed.signal("SIGKILL");
    await killed.ended();
    await using node = await world.node(2);
    const again = await world.answerTo(world.ask("system.run", params, { idempotencyKey: "k" }));
    expect(again).toMatchObject({
      ok: false,
      error: { code: "UNAVAILABLE", message: expect.stringMatching(/^OUTCOME_UNKNOWN: /) },
    });
    const other = await world.answerTo(world.ask("system.run", { command: ["true"] }, { idempotencyKey: "k" }));
    expect(other.error?.message).toMatch(/IDEMPOTENCY_KEY_REUSED/);
    expect(await readFile(marker, "utf8")).toBe("ran\n");
    expect(node.ending).toBeUndefined();
  });

  test("[node-host:at-most-once] node run: what ended before a kill -9 is answered the same after it, and not run again", async () => {
    await using world = await World.start();
    await world.allowAll();
    const marker = world.sandbox.path("ran");
    const params = { command: ["sh", "-c", 'echo ran >> "$0"; echo $$', marker] };
    const killed = await world.node();
    const first = await world.answerTo(world.ask("system.run", params, { idempotencyKey: "k" }));
    killed.signal("SIGKILL");
    await killed.ended();
    await using node = await world.node(2);
    const again = await world.answerTo(world.ask("system.run", params, { idempotencyKey: "k" }));
    expect(again.payloadJSON).toBe(first.payloadJSON);
    expect(await readFile(marker, "utf8")).toBe("ran\n");
    expect(node.ending).toBeUndefined();
  });

  test("[node-app:one-per-state] node run: a second one on the same state is refused, and a dead one doesn't block", async () => {
    await using world = await World.start();
    const first = await world.node();
    const second = await world.run(["run", "--url", world.far.url]);
    expect(second).toMatchObject({
      exit: 78,
      stderr: expect.stringMatching(/A node runs on this state already \(process \d+\)/),
    });
    first.signal("SIGKILL");
    await first.ended();
    await using third = await world.node(2);
    expect(third.ending).toBeUndefined();
  });

  test("[R-58] node run: two profiles share neither key nor journal nor approvals", async () => {
    await using world = await World.start();
    const { homeEnv } = world.sandbox;
    const ids: (string | undefined)[] = [];
    for (const profile of ["one", "two"]) {
      await using node = world.sandbox.start(["run", "--url", world.far.url, "--profile", profile], {
        node: [...(await import("./world.ts")).APP],
        env: homeEnv,
      });
      await node.until("it connected", ({ stderr }) => (stderr.includes("Connected") ? true : undefined));
      ids.push(world.far.connects.at(-1)?.device?.id);
    }
    expect(new Set(ids).size).toBe(2);
    const folders = (await world.sandbox.list(world.sandbox.home)).filter((line) => /^[^/]+\/ /.test(line));
    expect(folders).toEqual([".saltgate-one/ 700", ".saltgate-two/ 700"]);
  });

  test("[node-host:waits-for-approval] node run: who has to wait says what the owner has to run, and is in once that was done", async () => {
    let isApproved = false;
    await using world = await World.start({
      connect: () =>
        isApproved
          ? helloV4({ role: "node", scopes: [] })
          : refusal("NOT_PAIRED", "PAIRING_REQUIRED", { retryAfterMs: 1 }, { requestId: "41c0-9f" }),
    });
    await using node = world.begin(["run", "--url", world.far.url]);
    await node.until("it said so", ({ stderr }) =>
      stderr.includes("run: saltgate nodes approve 41c0-9f") ? true : undefined,
    );
    const status = await world.run(["status", "--json"]);
    expect(status.json()).toMatchObject({
      running: true,
      pid: node.pid,
      connection: "waiting",
      requestId: "41c0-9f",
      approve: "saltgate nodes approve 41c0-9f",
      policy: { security: "deny" },
    });
    isApproved = true;
    await node.until("it is in", ({ stderr }) => (stderr.includes("Connected") ? true : undefined));
  });

  test("node run: log lines are JSON for programs, without what was asked and what came of it", async () => {
    await using world = await World.start();
    await world.allowAll();
    await using node = await world.node(1, ["--json"]);
    await world.answerTo(world.ask("system.run", { command: ["echo", CANARY] }));
    node.signal("SIGTERM");
    await node.ended();
    const lines = node.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(["connection", "an invocation succeeded", "connection"]);
    expect(node.stdout + node.stderr).not.toContain(CANARY);
  });
});

test("[node-app:not-joined] node run: who has joined no gateway yet is told how to", async () => {
  await using world = await World.start();
  await using node = world.begin(["run"]);
  await node.until("it said so", ({ stderr }) =>
    /It has joined no gateway yet\..*saltgate nodes invite.*saltgate-node join <line>/.test(stderr) ? true : undefined,
  );
  node.signal("SIGTERM");
  expect((await node.ended()).code).toBe(0);
});

describe("node status", () => {
  test("[node-app:status] node status: where none runs it says so, makes nothing, and ends with 3", async () => {
    await using world = await World.start();
    const { exit, stdout } = await world.run(["status"]);
    expect(exit).toBe(3);
    expect(stdout).toContain("not running  (saltgate-node run)");
    expect(stdout).toContain("security deny");
    expect(await world.sandbox.list()).toEqual([]);
  });

  test("[node-app:status] node status: of one that runs it tells gateway, connection, rules and counts", async () => {
    await using world = await World.start();
    await world.allowAll();
    await using node = await world.node();
    const answer = await world.run(["status", "--json"]);
    expect(answer.json()).toMatchObject({
      running: true,
      pid: node.pid,
      connection: "connected",
      gateway: world.far.url,
      nodeId: world.far.connects[0]?.device?.id,
      policy: { security: "full", ask: "off" },
      invocations: { received: 0 },
      stateDir: world.sandbox.stateDir,
    });
    expect(answer.exit).toBe(0);
  });
});

test.each([
  [[], 0, "stdout"],
  [["--help"], 0, "stdout"],
  [["run", "--help"], 0, "stdout"],
  [["--version"], 0, "stdout"],
  [["no-such-command"], 2, "stderr"],
  [["run", "--no-such-flag"], 2, "stderr"],
  [["run", "word"], 2, "stderr"],
  [["status", "--url", "nonsense"], 2, "stderr"],
  [["run", "--profile", "../up"], 2, "stderr"],
] as const)("node: %j ends with %i and says so on %s", async (words, exit, where) => {
  await using world = await World.start();
  const answer = await world.run(words);
  expect(answer.exit).toBe(exit);
  expect(answer[where].length).toBeGreaterThan(4);
  expect(answer[where === "stdout" ? "stderr" : "stdout"]).toBe("");
});

test("node: errors are JSON for programs", async () => {
  await using world = await World.start();
  expect((await world.run(["run", "--json", "--port", "x"])).json()).toMatchObject({
    ok: false,
    error: { code: "USAGE" },
  });
});
