import type { QueuedWork } from "@saltgate/protocol";
import { MemoryStore } from "@saltgate/store";
import { expect, test } from "vitest";
import { joinNode, joinOperator } from "./support/nodes.ts";
import { errorOf, newDevice, startWorld, type Wire } from "./support/world.ts";

const leave = async (operator: Wire, nodeId: string, more: object = {}): Promise<string> => {
  const params = { nodeId, command: "system.which", params: { bins: [] }, ...more };
  const { ok, payload, error } = await operator.request("node.pending.enqueue", params);
  if (!ok) throw new Error(JSON.stringify(error));
  return (payload as { queued: { id: string } }).queued.id;
};
const work = async (operator: Wire, id: string): Promise<QueuedWork> =>
  (await operator.request("node.pending.get", { id })).payload as QueuedWork;

test("[node:queue] work for nodes: what is left for a node that is away reaches it when it is back, also after a restart, and its answer is kept", async () => {
  const store = new MemoryStore();
  const [device, nodeDevice] = [await newDevice(), await newDevice()];
  let id = "";
  {
    await using world = await startWorld({ store });
    const operator = await joinOperator(world, ["operator.write", "operator.read"], { device });
    const node = await joinNode(world, { device: nodeDevice });
    node.wire.hangUp();
    await operator.event("node.changed", ({ connected }: { connected: boolean }) => !connected);
    id = await leave(operator, node.nodeId);
  }
  await using world = await startWorld({ store });
  const operator = await joinOperator(world, ["operator.write", "operator.read"], { device });
  expect(await work(operator, id)).toMatchObject({ id, state: "waiting", command: "system.which" });
  const node = await joinNode(world, { device: nodeDevice });
  const asked = await node.asked();
  expect(asked).toMatchObject({ id, command: "system.which", paramsJSON: '{"bins":[]}' });
  expect((await node.answer(asked, { bins: { a: 1 } })).payload).toEqual({ ok: true });
  expect((await operator.event("node.pending.resolved")).payload).toMatchObject({ id, state: "done" });
  expect(await work(operator, id)).toMatchObject({ state: "done", payload: { bins: { a: 1 } } });
  expect((await node.answer(asked, "again")).payload).toEqual({ ok: true, ignored: true });
});

test("[node:queue] work for nodes: one that is here gets it at once; one that runs nothing twice gets again what it never answered", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const first = await joinNode(world, { caps: ["system", "invoke.idempotent"] });
  const id = await leave(operator, first.nodeId, { idempotencyKey: "k" });
  expect(await first.asked()).toMatchObject({ id, idempotencyKey: "k" });
  first.wire.hangUp();
  const back = await joinNode(world, { device: first.device, caps: ["system", "invoke.idempotent"] });
  const asked = await back.asked();
  expect(asked).toMatchObject({ id, idempotencyKey: "k" });
  await back.refuse(asked, { code: "UNAVAILABLE", message: "no" });
  expect(await work(operator, id)).toMatchObject({ state: "failed", error: { code: "UNAVAILABLE", message: "no" } });
});

test("[node:queue] work for nodes: one that promises nothing gets it once", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const first = await joinNode(world);
  const id = await leave(operator, first.nodeId);
  await first.asked();
  first.wire.hangUp();
  const back = await joinNode(world, { device: first.device });
  const marker = operator.request("node.invoke", { nodeId: back.nodeId, command: "system.run", idempotencyKey: "m" });
  expect(await back.asked()).toMatchObject({ command: "system.run" });
  back.wire.hangUp();
  await marker;
  expect(await work(operator, id)).toMatchObject({ state: "sent" });
});

test("[node:queue] work for nodes: a node takes what was left for it, and what it may no longer be asked ends with a name", async () => {
  const rules = { allowCommands: [] as string[], denyCommands: [] as string[] };
  await using world = await startWorld({ commandRules: rules });
  const operator = await joinOperator(world);
  const first = await joinNode(world);
  first.wire.hangUp();
  await operator.event("node.changed", ({ connected }: { connected: boolean }) => !connected);
  const status = await leave(operator, first.nodeId, { command: undefined, params: undefined, type: "status.request" });
  const denied = await leave(operator, first.nodeId);
  rules.denyCommands.push("system.which");
  const node = await joinNode(world, { device: first.device });
  await operator.event("node.pending.resolved", ({ id }: { id: string }) => id === denied);
  expect(await work(operator, denied)).toMatchObject({ state: "failed", error: { code: "COMMAND_NOT_ALLOWED" } });
  const { payload } = await node.wire.request("node.pending.drain", { maxItems: 5 });
  expect(payload).toMatchObject({
    nodeId: node.nodeId,
    items: [{ id: status, type: "status.request" }],
    hasMore: false,
  });
  expect(await work(operator, status)).toMatchObject({ state: "done" });
});

test("[node:queue] work for nodes: it is its sender's, who can take it back while it waits", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const sender = await joinOperator(world, ["operator.write"]);
  const other = await joinOperator(world, ["operator.write"]);
  const node = await joinNode(world);
  node.wire.hangUp();
  await admin.event("node.changed", ({ connected }: { connected: boolean }) => !connected);
  const id = await leave(sender, node.nodeId);
  expect(errorOf(await other.request("node.pending.get", { id })).detail).toBe("UNKNOWN_WORK");
  expect(errorOf(await other.request("node.pending.cancel", { id })).detail).toBe("UNKNOWN_WORK");
  expect((await other.request("node.pending.list", {})).payload).toEqual({ work: [] });
  expect((await admin.request("node.pending.list", { nodeId: node.nodeId })).payload).toMatchObject({ work: [{ id }] });
  expect((await sender.request("node.pending.cancel", { id })).payload).toEqual({ id, cancelled: true });
  expect(errorOf(await sender.request("node.pending.get", { id })).detail).toBe("UNKNOWN_WORK");
  const missing = await sender.request("node.pending.enqueue", { nodeId: "nobody", command: "system.which" });
  expect(errorOf(missing).detail).toBe("UNKNOWN_NODE");
  const both = { nodeId: node.nodeId, command: "system.which", type: "status.request" };
  expect(errorOf(await sender.request("node.pending.enqueue", both)).detail).toBe("INVALID_PARAMS");
});
