import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInProcessBus } from "@saltgate/bus";
import { FileStore } from "@saltgate/store";
import { expect, test } from "vitest";
import { openGatewayState } from "../src/index.ts";
import { joinNode, joinOperator, planOf } from "./support/nodes.ts";
import { errorOf, newDevice, startWorld } from "./support/world.ts";

/** A state folder with one damaged file in it. */
async function damagedFolder(
  name: string,
): Promise<AsyncDisposable & { readonly path: string; text(): Promise<string> }> {
  const path = await mkdtemp(join(tmpdir(), "saltgate-damaged-"));
  const file = join(path, `${name}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '{"half": ');
  return {
    path,
    text: () => readFile(file, "utf8"),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

test.each([
  ["devices/paired", "No device can connect"],
  ["nodes/paired", "No node can connect"],
  ["nodes/pending", "No node can connect"],
  ["devices/invites", "No setup code works"],
  ["exec/approvals", "No command can be approved"],
  ["nodes/work", "No work can be left for nodes"],
  ["nodes/diary", "Nobody knows when nodes were last here"],
])(
  "[node:damaged] [R-57] gateway state: with %s damaged it opens all the same, and says that %s",
  async (name, words) => {
    await using folder = await damagedFolder(name);
    const store = new FileStore({ directory: folder.path });
    const state = await openGatewayState({
      store,
      bus: createInProcessBus(),
      approvalsFile: join(folder.path, "exec-approvals.json"),
    });
    expect(state.problems).toEqual([expect.stringContaining(words)]);
    await state.close();
    await store.close();
    expect(await folder.text()).toBe('{"half": ');
  },
);

test("[node:damaged] [R-57] gateway state: while the approvals of nodes can't be read, nodes are turned away, and operators aren't", async () => {
  await using folder = await damagedFolder("nodes/paired");
  await using world = await startWorld({ store: new FileStore({ directory: folder.path }) });
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  expect(errorOf(node.hello).detail).toBe("STORE_UNAVAILABLE");
  expect(errorOf(await operator.request("node.pair.list", {})).detail).toBe("STORE_UNAVAILABLE");
  expect((await operator.request("node.list", {})).ok).toBe(true);
  expect(await folder.text()).toBe('{"half": ');
});

test("[node:damaged] [R-57] gateway state: while the questions to owners can't be read, none can be asked, and nothing is allowed", async () => {
  await using folder = await damagedFolder("exec/approvals");
  await using world = await startWorld({ store: new FileStore({ directory: folder.path }) });
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  const asked = { nodeId: node.nodeId, systemRunPlan: planOf(["date"]), twoPhase: true };
  expect(errorOf(await operator.request("exec.approval.request", asked)).detail).toBe("STORE_UNAVAILABLE");
  const run = { command: ["date"], runId: crypto.randomUUID(), approved: true };
  const order = { nodeId: node.nodeId, command: "system.run", params: run, idempotencyKey: "k" };
  expect(errorOf(await operator.request("node.invoke", order)).detail).toBe("STORE_UNAVAILABLE");
  expect(node.wire.frames.some((frame) => frame.type === "event" && frame.event === "node.invoke.request")).toBe(false);
  expect(await folder.text()).toBe('{"half": ');
});

test("[node:damaged] [R-57] gateway state: while the work that waits can't be read, nodes come and are asked, and nothing is left for them", async () => {
  await using folder = await damagedFolder("nodes/work");
  await using world = await startWorld({ store: new FileStore({ directory: folder.path }) });
  const operator = await joinOperator(world);
  const node = await joinNode(world, { device: await newDevice() });
  const asking = operator.request("node.invoke", { nodeId: node.nodeId, command: "system.which", idempotencyKey: "k" });
  await node.answer(await node.asked(), "here");
  expect((await asking).ok).toBe(true);
  const left = await operator.request("node.pending.enqueue", { nodeId: node.nodeId, command: "system.which" });
  expect(errorOf(left).detail).toBe("STORE_UNAVAILABLE");
  expect((await operator.request("node.list", {})).ok).toBe(true);
  expect(await folder.text()).toBe('{"half": ');
});
