import type { NodeRow, PendingNode } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { joinNode, joinOperator } from "./support/nodes.ts";
import { errorOf, newDevice, startWorld, type Wire } from "./support/world.ts";

const describeNode = async (operator: Wire, nodeId: string): Promise<NodeRow> =>
  (await operator.request("node.describe", { nodeId })).payload as NodeRow;
const pendingOf = async (operator: Wire): Promise<PendingNode[]> =>
  ((await operator.request("node.pair.list", {})).payload as { pending: PendingNode[] }).pending;
const which = (operator: Wire, nodeId: string, command = "system.which") =>
  operator.request("node.invoke", { nodeId, command, idempotencyKey: crypto.randomUUID() });

test("[node:pinned] [R-30] node pairing: commands that came later are of no use until their owner approves them, and of use at once when he does", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const first = await joinNode(world, { commands: ["system.which"] });
  first.wire.hangUp();
  const node = await joinNode(world, { device: first.device, commands: ["system.which", "system.run"] });
  const requested = (await admin.event("node.pair.requested")).payload as PendingNode;
  expect(requested).toMatchObject({ nodeId: node.nodeId, commands: ["system.which", "system.run"] });
  expect(await describeNode(admin, node.nodeId)).toMatchObject({
    commands: ["system.which"],
    withheld: [{ command: "system.run", reason: "command not approved by owner" }],
  });
  expect(errorOf(await which(admin, node.nodeId, "system.run")).details["reason"]).toBe(
    "command not approved by owner",
  );
  expect(await pendingOf(admin)).toMatchObject([{ requestId: requested.requestId }]);
  const approved = await admin.request("node.pair.approve", { requestId: requested.requestId });
  expect(approved).toMatchObject({ ok: true, payload: { node: { nodeId: node.nodeId } } });
  expect(JSON.stringify(approved)).not.toContain("token");
  await admin.event("node.changed", ({ reason }: { reason: string }) => reason === "commands");
  const running = which(admin, node.nodeId, "system.run");
  await node.answer(await node.asked(), "ran");
  expect(await running).toMatchObject({ ok: true, payload: { payload: "ran" } });
});

test("[node:pinned] [R-30] node pairing: a node that says that it is another kind of machine may be asked for nothing", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const first = await joinNode(world, { platform: "linux", commands: ["system.which"] });
  first.wire.hangUp();
  const node = await joinNode(world, { device: first.device, platform: "darwin", commands: ["system.which"] });
  expect(errorOf(await which(admin, node.nodeId)).detail).toBe("COMMAND_NOT_ALLOWED");
  expect(await pendingOf(admin)).toMatchObject([{ nodeId: node.nodeId, platform: "macos" }]);
});

test("[node:pinned] node pairing: an update of its system makes a node no other machine", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const first = await joinNode(world, { platform: "iOS 18.2", commands: ["location.get"] });
  first.wire.hangUp();
  const node = await joinNode(world, { device: first.device, platform: "iOS 19.0", commands: ["location.get"] });
  expect(await pendingOf(admin)).toEqual([]);
  expect(await describeNode(admin, node.nodeId)).toMatchObject({ commands: ["location.get"] });
});

test("[node:unknown-platform] [R-31] node pairing: a look-alike platform gets nothing, approved or not", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const node = await joinNode(world, { platform: "ma\u0441os", commands: ["system.run", "camera.snap"] });
  expect(await describeNode(admin, node.nodeId)).toMatchObject({ commands: [] });
  expect(errorOf(await which(admin, node.nodeId, "system.run")).details["reason"]).toBe("command not allowlisted");
});

test("[node:approver] [R-29] node pairing: approving needs pairing, and admin as well for commands that run programs", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const pairing = await joinOperator(world, ["operator.pairing"], { version: 3 });
  const writer = await joinOperator(world, ["operator.write"]);
  const request = async (nodeId: string, commands: string[]): Promise<string> => {
    const { payload } = await pairing.request("node.pair.request", { nodeId, commands, platform: "linux" });
    return (payload as { request: PendingNode }).request.requestId;
  };
  const quiet = await request("quiet", ["location.get"]);
  const dangerous = await request("dangerous", ["system.run"]);
  for (const requestId of [quiet, dangerous])
    expect(errorOf(await writer.request("node.pair.approve", { requestId })).detail).toBe("MISSING_SCOPE");
  expect(errorOf(await pairing.request("node.pair.approve", { requestId: dangerous })).detail).toBe(
    "APPROVER_LACKS_SCOPE",
  );
  expect((await pairing.request("node.pair.approve", { requestId: quiet })).ok).toBe(true);
  expect((await admin.request("node.pair.approve", { requestId: dangerous })).ok).toBe(true);
});

test("[node:older-pairing] [R-19] node pairing: the older way gives a token once, to whoever approved, and knows it again", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"], { version: 3 });
  const asked = await admin.request("node.pair.request", {
    nodeId: "old",
    displayName: "Old one",
    commands: [],
    silent: true,
  });
  const { request, created } = asked.payload as { request: PendingNode; created: boolean };
  expect(created).toBe(true);
  expect((await admin.event("node.pair.requested")).payload).toMatchObject({ requestId: request.requestId });
  const again = await admin.request("node.pair.request", {
    nodeId: "old",
    displayName: "Old one",
    commands: [],
    silent: true,
  });
  expect(again.payload).toMatchObject({ created: false, request: { requestId: request.requestId } });
  const approved = await admin.request("node.pair.approve", { requestId: request.requestId });
  const { token } = (approved.payload as { node: { token: string } }).node;
  expect(token).toMatch(/^[\w-]{43}$/);
  expect((await admin.event("node.pair.resolved")).payload).toMatchObject({ nodeId: "old", decision: "approved" });
  expect(JSON.stringify(await admin.request("node.pair.list", {}))).not.toContain(token);
  expect((await admin.request("node.pair.verify", { nodeId: "old", token })).payload).toMatchObject({ ok: true });
  expect((await admin.request("node.pair.verify", { nodeId: "old", token: "wrong" })).payload).toEqual({ ok: false });
  const late = await admin.request("node.pair.approve", { requestId: request.requestId });
  expect(errorOf(late).message).toMatch(/^unknown requestId/);
  const newer = await joinOperator(world, ["operator.admin"]);
  expect((await newer.request("node.pair.remove", { nodeId: "old" })).payload).toEqual({ nodeId: "old" });
  expect((await admin.request("node.pair.verify", { nodeId: "old", token })).payload).toEqual({ ok: false });
});

test("[node:older-pairing] [R-06] node pairing: guessing a node's token is locked after a while", async () => {
  await using world = await startWorld({
    auth: { rateLimit: { maxFailures: 3, windowMs: 60_000, lockoutMs: 60_000 } },
  });
  const admin = await joinOperator(world, ["operator.admin"], { version: 3 });
  const guess = (token: string) => admin.request("node.pair.verify", { nodeId: "old", token });
  for (const token of ["a", "b", "c"]) expect((await guess(token)).payload).toEqual({ ok: false });
  expect(errorOf(await guess("d")).detail).toBe("AUTH_RATE_LIMITED");
});

test("[node:pinned] node pairing: an owner's no to more commands leaves what was there", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const first = await joinNode(world, { commands: ["system.which"] });
  first.wire.hangUp();
  const node = await joinNode(world, { device: first.device, commands: ["system.which", "system.run"] });
  const [waiting] = await pendingOf(admin);
  const requestId = waiting?.requestId ?? "";
  expect((await admin.request("node.pair.reject", { requestId })).payload).toEqual({ requestId, nodeId: node.nodeId });
  expect((await admin.event("node.pair.resolved")).payload).toMatchObject({ decision: "rejected" });
  expect(await describeNode(admin, node.nodeId)).toMatchObject({ commands: ["system.which"] });
  node.wire.hangUp();
  await joinNode(world, { device: first.device, commands: ["system.which", "system.run"] });
  expect(await pendingOf(admin)).toEqual([]);
});

test("[node:removed] node pairing: a device that is removed takes its approval as a node along", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const node = await joinNode(world);
  expect((await admin.request("device.pair.remove", { deviceId: node.nodeId })).ok).toBe(true);
  await node.wire.end();
  const { payload } = await admin.request("node.pair.list", {});
  expect(payload).toEqual({ pending: [], paired: [] });
  expect((await admin.request("node.list", {})).payload).toMatchObject({ nodes: [] });
});

test("[node:approved-once] [R-30] node pairing: a node that its owner lets in from elsewhere may be asked for what the owner saw", async () => {
  await using world = await startWorld({ auth: { trustedProxies: ["127.0.0.1"] } });
  const admin = await joinOperator(world, ["operator.admin"]);
  const device = await newDevice();
  const connect = (commands: string[]) =>
    world.dial({ "x-forwarded-for": "203.0.113.9" }).connect({
      role: "node",
      device,
      commands,
      client: { id: "node-host", mode: "node", platform: "linux" },
    });
  expect(errorOf(await connect(["system.which"])).detail).toBe("PAIRING_REQUIRED");
  const { payload } = await admin.request("device.pair.list", {});
  const [pending] = (payload as { pending: { requestId: string; commands: string[] }[] }).pending;
  expect(pending?.commands).toEqual(["system.which"]);
  await admin.request("device.pair.approve", { requestId: pending?.requestId });
  // It comes back with more than its owner saw.
  expect((await connect(["system.which", "system.run"])).ok).toBe(true);
  expect(await describeNode(admin, device.deviceId)).toMatchObject({
    commands: ["system.which"],
    withheld: [{ command: "system.run", reason: "command not approved by owner" }],
  });
});
