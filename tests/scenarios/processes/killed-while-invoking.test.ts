import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { ClientError, type GatewayClient, GatewayError } from "@saltgate/client";
import { expect, test } from "vitest";
import type { Child } from "../../support/child.ts";
import { newClient, newDevice, OWNER } from "../../support/device.ts";
import { GatewayProcess } from "../../support/gateway.ts";
import { joinNode, nodeConnected, startNode } from "../../support/node.ts";
import { keptPort } from "../../support/ports.ts";
import { type Random, seededRandom } from "../../support/random.ts";
import { CANARY, Sandbox } from "../../support/sandbox.ts";

const KILLS = Number(process.env["SALTGATE_KILLS"] ?? 12);
const STREAMS = 6;
/** How long an operator asks again until it gives up: then the test has failed, in milliseconds. */
const PATIENCE_MS = 60_000;
/** How long a command may take on its node, in milliseconds. */
const RUN_MS = 5_000;

/** What the operator learned of an invocation. */
type Learned = "ok" | "refused" | "unknown";

interface Invocation {
  readonly key: string;
  readonly nodeId: string;
  /** Where each run leaves one line. */
  readonly file: string;
  readonly isRefused: boolean;
  readonly params: unknown;
  readonly learned: Learned;
}

interface Machine extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly nodeId: string;
  readonly file: string;
  node: Child;
}

/** Whether asking again with the same key is right: the way was cut, the node is away, or the gateway says so. */
function isRepeatable(error: unknown): boolean {
  if (error instanceof ClientError)
    return ["CLOSED", "UNREACHABLE", "NOT_CONNECTED", "UPGRADE_REFUSED", "REQUEST_TIMEOUT", "CONNECT_TIMEOUT"].includes(
      error.code,
    );
  return error instanceof GatewayError && (error.retryable || error.detailCode === "NOT_CONNECTED");
}

/** Asks until the operator knows what came of it. */
async function outcomeOf(
  client: GatewayClient,
  { key, nodeId, params }: Pick<Invocation, "key" | "nodeId" | "params">,
  counts: Record<string, number>,
): Promise<Learned> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await client.connect();
      const order = { nodeId, command: "system.run", params, timeoutMs: RUN_MS * 2, idempotencyKey: key };
      const { payload } = await client.request("node.invoke", order);
      expect(payload).toMatchObject({ exitCode: 0, success: true, stdout: `${key}\n` });
      return "ok";
    } catch (error) {
      if (isRepeatable(error)) {
        const why = error instanceof GatewayError ? (error.detailCode ?? error.code) : (error as ClientError).code;
        counts[why] = (counts[why] ?? 0) + 1;
        if (Date.now() > deadline) throw new Error(`nobody learned what came of ${key}`, { cause: error });
        await pause(50);
        continue;
      }
      if (!(error instanceof GatewayError) || error.detailCode !== "NODE_FAILED") throw error;
      if (error.message.startsWith("OUTCOME_UNKNOWN")) return "unknown";
      if (error.message.startsWith("SYSTEM_RUN_DISABLED")) return "refused";
      throw error;
    }
  }
}

/** A run that leaves one line with its key, early or late in its life; or one that its node's rules refuse. */
function newInvocation(machine: Machine, number: number, random: Random): Omit<Invocation, "learned"> {
  const key = `k${number}-${random.below(2 ** 31).toString(36)}`;
  const isRefused = random.below(6) === 0;
  const nap = (): string => (random.below(2) === 0 ? ":" : `sleep 0.${random.below(30).toString().padStart(2, "0")}`);
  const script = `${nap()}; echo "$1" >> "$0"; ${nap()}; echo "$1"`;
  const command = ["/bin/sh", "-c", script, machine.file, key];
  const params = { command, timeoutMs: RUN_MS, ...(isRefused && { agentId: "careful" }) };
  return { key, nodeId: machine.nodeId, file: machine.file, isRefused, params };
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

test(`[scenario:kill-while-invoking] while gateway and two nodes are killed ${KILLS} times, each invocation ends in one outcome that the operator learns, and none runs twice`, {
  timeout: 120_000 + KILLS * 5_000,
}, async () => {
  const random = seededRandom();
  console.log(`killed-while-invoking: SALTGATE_SEED=${random.seed} SALTGATE_KILLS=${KILLS}`);
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await Sandbox.create());
  await sandbox.configure({ gateway: { auth: { token: CANARY } } });
  const port = await keptPort();
  const words = ["--port", String(port)];
  let gateway = await GatewayProcess.start(sandbox, { words });
  stack.defer(() => gateway[Symbol.asyncDispose]());
  const identity = await newDevice();
  const client = stack.use(newClient({ url: gateway.url, token: CANARY, identity, scopes: OWNER }));
  await client.connect();

  const machines = await Promise.all(
    ["attic", "cellar"].map(async (name): Promise<Machine> => {
      const own = stack.use(await Sandbox.create());
      const rules = {
        version: 1,
        defaults: { security: "full", ask: "off" },
        agents: { careful: { security: "deny" } },
      };
      await own.write("exec-approvals.json", JSON.stringify(rules));
      const { setupCode } = await client.request("device.pair.setupCode", { bootstrapProfile: "node" });
      await joinNode(own, setupCode, name);
      const { nodes } = await client.request("node.list", {});
      const nodeId = nodes.find(({ displayName }) => displayName === name)?.nodeId ?? "";
      const machine: Machine = {
        sandbox: own,
        nodeId,
        file: own.path("ran"),
        node: startNode(own),
        [Symbol.asyncDispose]: () => machine.node[Symbol.asyncDispose](),
      };
      stack.use(machine);
      await nodeConnected(machine.node);
      return machine;
    }),
  );

  const done: Invocation[] = [];
  const counts: Record<string, number> = {};
  let isOver = false;
  let number = 0;
  const streams = Array.from({ length: STREAMS }, async () => {
    while (!isOver) {
      const machine = machines[random.below(machines.length)];
      if (machine === undefined) return;
      number += 1;
      const invocation = newInvocation(machine, number, random);
      const learned = await outcomeOf(client, invocation, counts);
      done.push({ ...invocation, learned });
    }
  });
  // A failing stream ends the test at once, not after the last kill.
  const failed = Promise.all(streams).then(() => undefined);
  failed.catch(() => {});

  const kills = async (): Promise<void> => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Not a wait for anything: it only chooses the moment.
      await pause(100 + random.below(1_400));
      const machine = random.pick([undefined, ...machines]);
      if (machine === undefined) {
        await gateway.kill();
        gateway = await GatewayProcess.start(sandbox, { words });
        counts["gateway killed"] = (counts["gateway killed"] ?? 0) + 1;
      } else {
        machine.node.signal("SIGKILL");
        await machine.node.ended();
        machine.node = startNode(machine.sandbox);
        counts["node killed"] = (counts["node killed"] ?? 0) + 1;
      }
    }
  };
  await Promise.race([kills(), failed]);
  isOver = true;
  await failed;

  // Each outcome stays what it is, whoever asks for it again, also once the gateway has forgotten everything.
  await gateway.kill();
  gateway = await GatewayProcess.start(sandbox, { words });
  for (const invocation of done)
    expect(await outcomeOf(client, invocation, {}), `seed ${random.seed}: ${invocation.key}, asked again`).toBe(
      invocation.learned,
    );

  const lines = new Map(await Promise.all(machines.map(async ({ file }) => [file, await linesOf(file)] as const)));
  for (const { key, file, learned, isRefused } of done) {
    const runs = (lines.get(file) ?? []).filter((line) => line === key).length;
    const where = `seed ${random.seed}: ${key} was ${learned}`;
    if (learned === "unknown") expect(runs, where).toBeLessThanOrEqual(1);
    else expect(runs, where).toBe(learned === "ok" ? 1 : 0);
    expect(learned === "refused", where).toBe(isRefused);
  }
  const ran = [...lines.values()].flat();
  expect(new Set(ran).size, `seed ${random.seed}: no key ran twice`).toBe(ran.length);
  const keys = new Set(done.map(({ key }) => key));
  expect(
    ran.filter((key) => !keys.has(key)),
    "nothing ran that nobody asked for",
  ).toEqual([]);
  for (const { learned } of done) counts[learned] = (counts[learned] ?? 0) + 1;
  console.log(`killed-while-invoking: ${JSON.stringify(counts)}`);
  // The run meant something: of every kind there were some, and the way was cut in the middle.
  expect(counts["ok"]).toBeGreaterThan(KILLS);
  expect(counts["refused"]).toBeGreaterThan(0);
  expect(counts["CLOSED"] ?? counts["NODE_DISCONNECTED"]).toBeGreaterThan(0);
});
