import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Child } from "../../support/child.ts";
import { GatewayProcess } from "../../support/gateway.ts";
import { joinNode, nodeConnected, startNode } from "../../support/node.ts";
import { keptPort } from "../../support/ports.ts";
import { Sandbox } from "../../support/sandbox.ts";

/** A gateway, a node that asks when its list doesn't name a program, and the commands of their owner. */
class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #owner: Sandbox;
  readonly #words: readonly string[];
  readonly machine: Sandbox;
  readonly file: string;
  gateway: GatewayProcess;

  private constructor(owner: Sandbox, machine: Sandbox, gateway: GatewayProcess, words: readonly string[]) {
    this.#owner = owner;
    this.machine = machine;
    this.file = machine.path("ran");
    this.gateway = gateway;
    this.#words = words;
  }

  static async start(): Promise<World> {
    const owner = await Sandbox.create();
    const machine = await Sandbox.create();
    const rules = { version: 1, defaults: { security: "allowlist", ask: "on-miss" } };
    await machine.write("exec-approvals.json", JSON.stringify(rules));
    const words = ["--port", String(await keptPort())];
    const world = new World(owner, machine, await GatewayProcess.start(owner, { words }), words);
    world.#stack.use(owner);
    world.#stack.use(machine);
    world.#stack.defer(() => world.gateway[Symbol.asyncDispose]());
    const { setupCode } = (await world.gateway.run(["nodes", "invite", "--json"])).json<{ setupCode: string }>();
    await joinNode(machine, setupCode, "pi");
    const node = world.#stack.use(startNode(machine));
    await nodeConnected(node);
    return world;
  }

  /** `saltgate nodes run` of a script that leaves one line and says so. */
  ask(...options: string[]): Child {
    const script = 'echo ran >> "$0"; echo done';
    const words = ["nodes", "run", "--node", "pi", ...options, "--", "/bin/sh", "-c", script, this.file];
    return this.#stack.use(this.gateway.begin(words));
  }

  /** `saltgate approvals watch`, somebody at its terminal. */
  async watch(): Promise<Child> {
    const watch = this.#stack.use(this.gateway.begin(["approvals", "watch"], { keepInput: true }));
    await watch.until("it watches", ({ stderr }) => (stderr.includes("Watching for questions") ? true : undefined));
    return watch;
  }

  /** Kills the gateway and starts it again on the same state. */
  async killAndStart(): Promise<void> {
    await this.gateway.kill();
    this.gateway = await GatewayProcess.start(this.#owner, { words: this.#words });
  }

  /** How often it ran. */
  async runs(): Promise<number> {
    return (await readFile(this.file, "utf8").catch(() => "")).split("\n").length - 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const questions = ({ stdout }: Child): number => stdout.split("May this run?").length - 1;
const shown = (watch: Child, times = 1): Promise<true> =>
  watch.until("the question is shown", (child) => (questions(child) === times ? true : undefined));
const over = (watch: Child, words: string): Promise<true> =>
  watch.until(`it ends with ${words}`, ({ stderr }) => (stderr.includes(words) ? true : undefined));
const ending = async (child: Child): Promise<{ exit: number | null; stdout: string }> => ({
  exit: (await child.ended()).code,
  stdout: child.stdout,
});

describe("approvals", () => {
  test.each(["SIGUSR1", "SIGKILL"] as const)(
    "[scenario:approval-over-restart] a question survives the gateway's %s: it is shown once, and the answer lets the command run once",
    async (signal) => {
      await using world = await World.start();
      const watch = await world.watch();
      const asking = world.ask();
      await shown(watch);
      if (signal === "SIGKILL") await world.killAndStart();
      else {
        world.gateway.child.signal(signal);
        await world.gateway.listening(2);
      }
      // One that comes later is shown it too; the one that showed it before doesn't show it again.
      const late = await world.watch();
      await shown(late);
      late.write("y\n");
      expect(await ending(asking)).toEqual({ exit: 0, stdout: "done\n" });
      await over(watch, "allow-once: ");
      expect(questions(watch)).toBe(1);
      expect(await world.runs()).toBe(1);
      expect((await world.gateway.run(["approvals", "list", "--json"])).json()).toEqual([]);
    },
  );

  test("[scenario:approval-two-watchers] of two owners who answer at once one wins, both see the end, and the command runs once or not at all", async () => {
    await using world = await World.start();
    const [mina, omar] = [await world.watch(), await world.watch()];
    const asking = world.ask();
    await Promise.all([shown(mina), shown(omar)]);
    mina.write("y\n");
    omar.write("n\n");
    const { exit, stdout } = await ending(asking);
    const isAllowed = exit === 0;
    expect([exit, stdout]).toEqual(isAllowed ? [0, "done\n"] : [4, ""]);
    const end = isAllowed ? "allow-once: " : "deny: ";
    await Promise.all([over(mina, end), over(omar, end)]);
    expect(mina.stderr + omar.stderr).not.toContain(isAllowed ? "deny: " : "allow-once: ");
    expect(await world.runs()).toBe(isAllowed ? 1 : 0);
  });

  test("[scenario:approval-ends] a no, and no answer in time, run nothing and say so", async () => {
    await using world = await World.start();
    const watch = await world.watch();
    const denied = world.ask();
    await shown(watch);
    watch.write("n\n");
    expect(await ending(denied)).toEqual({ exit: 4, stdout: "" });
    expect(denied.stderr).toContain("The owner said no. Nothing was run.");

    const expired = world.ask("--approval-timeout", "300");
    await shown(watch, 2);
    expect(await ending(expired)).toEqual({ exit: 4, stdout: "" });
    expect(expired.stderr).toContain("Nobody allowed it in time. Nothing was run.");
    await over(watch, "nobody answered in time");
    watch.write("y\n");
    await over(watch, "No question waits.");
    expect(await world.runs()).toBe(0);
  });

  test("[scenario:approval-once] what was allowed once is asked again, what is allowed from now on isn't", async () => {
    await using world = await World.start();
    const watch = await world.watch();
    const uptime = (): Child =>
      world.gateway.begin([
        "nodes",
        "run",
        "--node",
        "pi",
        "--agent",
        "main",
        "/usr/bin/touch",
        world.machine.path("t"),
      ]);
    for (const [times, word] of [
      [1, "y"],
      [2, "a"],
    ] as const) {
      await using asking = uptime();
      await shown(watch, times);
      watch.write(`${word}\n`);
      expect((await asking.ended()).code).toBe(0);
    }
    await using free = uptime();
    expect((await free.ended()).code).toBe(0);
    expect(questions(watch)).toBe(2);
    const { file } = (await world.gateway.run(["approvals", "get", "--node", "pi", "--json"])).json<{
      file: { agents: Record<string, { allowlist: { pattern: string }[] }> };
    }>();
    expect(file.agents["main"]?.allowlist.map(({ pattern }) => pattern)).toEqual([expect.stringMatching(/\/touch$/)]);
  });
});
