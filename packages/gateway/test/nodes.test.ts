import type { NodeRow, ResponseFrame } from "@saltgate/protocol";
import { expect, test } from "vitest";
import { joinNode, joinOperator } from "./support/nodes.ts";
import { errorOf, newDevice, startWorld, type Wire } from "./support/world.ts";

const payloadOf = <T>(response: ResponseFrame): T => {
  if (!response.ok) throw new Error(JSON.stringify(response));
  return response.payload as T;
};
const nodesOf = async (operator: Wire): Promise<NodeRow[]> =>
  payloadOf<{ nodes: NodeRow[] }>(await operator.request("node.list", {})).nodes;
const invoke = (operator: Wire, nodeId: string, command: string, more: object = {}): Promise<ResponseFrame> =>
  operator.request("node.invoke", { nodeId, command, idempotencyKey: crypto.randomUUID(), ...more });

test("[node:list] nodes: one that connects is listed with what it may be asked for, and why not the rest", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world, ["operator.read"]);
  const node = await joinNode(world, {
    commands: ["system.which", "camera.snap", "system.run"],
    caps: ["system", "camera"],
  });
  const [row] = await nodesOf(operator);
  expect(row).toMatchObject({
    nodeId: node.nodeId,
    displayName: "attic",
    platform: "linux",
    caps: ["camera", "system"],
    commands: ["system.run", "system.which"],
    withheld: [{ command: "camera.snap", reason: "command not allowlisted" }],
    paired: true,
    connected: true,
    lastSeenReason: "alive",
  });
  expect(payloadOf(await operator.request("node.describe", { nodeId: node.nodeId }))).toMatchObject({
    connected: true,
  });
  expect(errorOf(await operator.request("node.describe", { nodeId: "nobody" })).detail).toBe("UNKNOWN_NODE");
  expect((await operator.event("node.changed")).payload).toMatchObject({ nodeId: node.nodeId, reason: "connected" });
  node.wire.hangUp();
  await operator.event("node.changed", ({ connected }: { connected: boolean }) => !connected);
  const [gone] = await nodesOf(operator);
  expect(gone).toMatchObject({ connected: false, paired: true, commands: [], lastSeenReason: "disconnected" });
});

test("[node:list] nodes: when each was last here, and how its machine was, survives a restart of the gateway", async () => {
  const { MemoryStore } = await import("@saltgate/store");
  const store = new MemoryStore();
  let nodeId = "";
  {
    await using world = await startWorld({ store });
    const node = await joinNode(world);
    nodeId = node.nodeId;
    const event = { event: "node.presence.alive", payload: { host: { memoryTotalBytes: 8_000, cpuCount: 4 } } };
    expect(payloadOf(await node.wire.request("node.event", event))).toEqual({
      ok: true,
      event: "node.presence.alive",
      handled: true,
    });
  }
  await using world = await startWorld({ store });
  const [row] = await nodesOf(await joinOperator(world));
  expect(row).toMatchObject({ nodeId, connected: false, host: { memoryTotalBytes: 8_000, cpuCount: 4 } });
  expect(row?.lastSeenAtMs).toBeGreaterThan(Date.now() - 60_000);
});

const brackets = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;

test.each([3, 4] as const)(
  "[node:invoke] nodes: what an operator asks reaches the node, and its answer the operator, in revision %i",
  async (version) => {
    await using world = await startWorld();
    const operator = await joinOperator(world, ["operator.write"], { version });
    const node = await joinNode(world, { version });
    const asking = operator.request("node.invoke", {
      nodeId: node.nodeId,
      command: "system.which",
      params: { bins: ["git", "nope"] },
      timeoutMs: 5_000,
      idempotencyKey: "inv-0001",
    });
    const asked = await node.asked();
    expect(asked).toEqual({
      id: expect.any(String),
      nodeId: node.nodeId,
      command: "system.which",
      paramsJSON: '{"bins":["git","nope"]}',
      timeoutMs: 5_000,
      idempotencyKey: "inv-0001",
    });
    expect(payloadOf(await node.answer(asked, { bins: { git: "/usr/bin/git" } }))).toEqual({ ok: true });
    expect(payloadOf(await asking)).toEqual({
      ok: true,
      nodeId: node.nodeId,
      command: "system.which",
      payload: { bins: { git: "/usr/bin/git" } },
      payloadJSON: '{"bins":{"git":"/usr/bin/git"}}',
    });
    const frame = node.wire.frames.find(
      (candidate) => candidate.type === "event" && candidate.event === "node.invoke.request",
    );
    expect(frame).not.toHaveProperty("seq");
  },
);

test.each([
  [{ payload: { a: 1 } }, { payload: { a: 1 }, payloadJSON: null }],
  [
    { payloadJSON: null, payload: [2], error: null },
    { payload: [2], payloadJSON: null },
  ],
  // Read as what it says, nobody could write it again.
  [{ payloadJSON: brackets }, { payload: { payloadJSON: brackets }, payloadJSON: brackets }],
  [{ payloadJSON: "no json" }, { payload: { payloadJSON: "no json" }, payloadJSON: "no json" }],
  [{ payloadJSON: { b: 2 } }, { payload: { b: 2 }, payloadJSON: null }],
  [{}, { payload: null, payloadJSON: null }],
])("[node:invoke] nodes: an answer said as %j is understood", async (said, expected) => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  const asking = invoke(operator, node.nodeId, "system.which");
  const { id } = await node.asked();
  await node.wire.request("node.invoke.result", { id, nodeId: node.nodeId, ok: true, ...said });
  expect(payloadOf(await asking)).toMatchObject(expected);
});

test("[node:refusals] nodes: bad requests end with a name for what is wrong, and nothing reaches the node", async () => {
  await using world = await startWorld({
    commandRules: { allowCommands: ["pin.set"], denyCommands: ["system.notify"] },
  });
  const operator = await joinOperator(world);
  const node = await joinNode(world, { commands: ["system.which", "camera.snap", "system.notify", "pin.set"] });
  const silent = await joinNode(world, { commands: [], displayName: "mute" });
  const refusal = async (nodeId: string, command: string): Promise<unknown[]> => {
    const { code, message, details } = errorOf(await invoke(operator, nodeId, command));
    return [code, message, details["code"], details["reason"]];
  };
  const notAllowed = ["INVALID_REQUEST", "node command not allowed", "COMMAND_NOT_ALLOWED"];
  expect(await refusal("gone", "system.run")).toEqual([
    "UNAVAILABLE",
    "node not connected",
    "NOT_CONNECTED",
    undefined,
  ]);
  expect(await refusal(node.nodeId, "camera.snap")).toEqual([...notAllowed, "command not allowlisted"]);
  expect(await refusal(node.nodeId, "system.notify")).toEqual([...notAllowed, "command not allowlisted"]);
  expect(await refusal(node.nodeId, "no.such")).toEqual([...notAllowed, "command not allowlisted"]);
  expect(await refusal(node.nodeId, "system.run")).toEqual([...notAllowed, "command not declared by node"]);
  expect(await refusal(silent.nodeId, "system.run")).toEqual([...notAllowed, "node did not declare commands"]);
  expect(await refusal(" ", "system.run")).toEqual([
    "INVALID_REQUEST",
    "nodeId and command required",
    "INVALID_PARAMS",
    undefined,
  ]);
  const pin = invoke(operator, node.nodeId, "pin.set");
  expect(await node.asked()).toMatchObject({ command: "pin.set" });
  node.wire.hangUp();
  await pin;
  expect(silent.wire.frames.filter((frame) => frame.type === "event" && frame.event === "node.invoke.request")).toEqual(
    [],
  );
});

test("[node:refusals] nodes: a node's no, its failure and its silence each have a name", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  const refused = invoke(operator, node.nodeId, "system.run");
  const error = { code: "UNAVAILABLE", message: "SYSTEM_RUN_DISABLED: security=deny" };
  await node.refuse(await node.asked(), error);
  expect(errorOf(await refused)).toMatchObject({
    code: "UNAVAILABLE",
    message: "SYSTEM_RUN_DISABLED: security=deny",
    details: { code: "NODE_FAILED", nodeError: error },
  });
  const large = invoke(operator, node.nodeId, "system.run");
  await node.refuse(await node.asked(), { code: "RESULT_TOO_LARGE", message: "30 MB, and a frame has 25" });
  expect(errorOf(await large).detail).toBe("RESULT_TOO_LARGE");
  const silent = invoke(operator, node.nodeId, "system.which", { timeoutMs: 0 });
  expect(errorOf(await silent)).toMatchObject({
    code: "UNAVAILABLE",
    message: "node invoke timed out",
    details: { code: "NODE_TIMEOUT", nodeError: { code: "TIMEOUT", message: "node invoke timed out" } },
  });
  expect(payloadOf(await node.answer(await node.asked(), "late"))).toEqual({ ok: true, ignored: true });
});

test("[node:own-voice] nodes: a node answers for itself alone, and only what it was asked", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  const other = await joinNode(world, { displayName: "cellar" });
  const asking = invoke(operator, node.nodeId, "system.which");
  const asked = await node.asked();
  expect(payloadOf(await other.answer(asked, "forged"))).toEqual({ ok: true, ignored: true });
  const posing = await other.wire.request("node.invoke.result", { id: asked.id, nodeId: node.nodeId, ok: true });
  expect(errorOf(posing)).toMatchObject({ message: "nodeId mismatch", detail: "NODE_ID_MISMATCH" });
  expect(payloadOf(await node.answer(asked, "real"))).toEqual({ ok: true });
  expect(payloadOf(await asking)).toMatchObject({ payload: "real" });
  expect(payloadOf(await node.answer(asked, "again"))).toEqual({ ok: true, ignored: true });
});

test("[node:own-voice] nodes: what nodes say operators can't, and the other way round", async () => {
  await using world = await startWorld({ skillBins: ["jq", "ffmpeg"] });
  const operator = await joinOperator(world);
  const node = await joinNode(world, { version: 3 });
  for (const method of [
    "node.invoke.result",
    "node.event",
    "skills.bins",
    "node.pending.drain",
    "node.invoke.progress",
  ])
    expect(errorOf(await operator.request(method, {})).message).toBe("unauthorized role: operator");
  for (const method of ["node.list", "node.invoke", "health", "exec.approval.resolve", "node.pair.approve"])
    expect(errorOf(await node.wire.request(method, {})).message).toBe("unauthorized role: node");
  expect(payloadOf(await node.wire.request("skills.bins", {}))).toEqual({ bins: ["ffmpeg", "jq"] });
  expect(payloadOf(await node.wire.request("node.event", { event: "no.such", payloadJSON: null }))).toEqual({
    ok: true,
  });
});

test("[node:newest] [R-30] nodes: a node that connects again is asked over its newest connection; the older one's end takes nothing with it", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const older = await joinNode(world);
  const asking = invoke(operator, older.nodeId, "system.which");
  const asked = await older.asked();
  const newer = await joinNode(world, { device: older.device });
  const second = invoke(operator, newer.nodeId, "system.run");
  const askedNewer = await newer.asked();
  expect(askedNewer.command).toBe("system.run");
  await older.answer(asked, "from the older");
  expect(payloadOf(await asking)).toMatchObject({ payload: "from the older" });
  older.wire.hangUp();
  await newer.answer(askedNewer, "from the newer");
  expect(payloadOf(await second)).toMatchObject({ payload: "from the newer" });
  expect(await nodesOf(operator)).toMatchObject([{ connected: true }]);
  const third = invoke(operator, newer.nodeId, "system.which");
  await newer.answer(await newer.asked(), "still");
  expect(payloadOf(await third)).toMatchObject({ payload: "still" });
});

test("[node:gone] nodes: what was asked over a connection ends with it, and with a name", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world, { caps: ["system", "invoke.idempotent"] });
  const asking = invoke(operator, node.nodeId, "system.run");
  await node.asked();
  node.wire.hangUp();
  const response = await asking;
  expect(errorOf(response)).toMatchObject({
    code: "UNAVAILABLE",
    message: "node disconnected (system.run)",
    detail: "NODE_DISCONNECTED",
  });
  // This node promises to run nothing twice, so the same may be asked again with the same key.
  expect(response.error?.retryable).toBe(true);
});

test("[node:idempotent] nodes: a repeat with the same key gets the first answer, from another connection too, and the node is asked once", async () => {
  await using world = await startWorld();
  const device = await newDevice();
  const operator = await joinOperator(world, ["operator.write"], { device });
  const node = await joinNode(world);
  const order = { nodeId: node.nodeId, command: "system.which", params: { bins: ["a"] }, idempotencyKey: "k" };
  const first = operator.request("node.invoke", order);
  const again = operator.request("node.invoke", order);
  for (const lost of [first, again]) lost.catch(() => undefined); // their connection ends before the answer
  const asked = await node.asked();
  operator.hangUp();
  const back = await joinOperator(world, ["operator.write"], { device });
  const third = back.request("node.invoke", order);
  await node.answer(asked, { bins: {} });
  expect(payloadOf(await third)).toMatchObject({ payload: { bins: {} } });
  const changed = await back.request("node.invoke", { ...order, params: { bins: ["b"] } });
  expect(errorOf(changed).detail).toBe("IDEMPOTENCY_KEY_REUSED");
  expect(
    node.wire.frames.filter((frame) => frame.type === "event" && frame.event === "node.invoke.request").length,
  ).toBe(1);
});

test("[node:idempotent] nodes: where nothing was done, the same key may be used again", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const device = await newDevice();
  const order = { nodeId: device.deviceId, command: "system.which", idempotencyKey: "k" };
  expect(errorOf(await operator.request("node.invoke", order)).detail).toBe("NOT_CONNECTED");
  const node = await joinNode(world, { device });
  const second = operator.request("node.invoke", order);
  await node.answer(await node.asked(), "now");
  expect(payloadOf(await second)).toMatchObject({ payload: "now" });
});

test("[node:stream] nodes: whoever wants output as it comes gets it before the answer, and nobody else does", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const watcher = await joinOperator(world);
  const node = await joinNode(world);
  const asking = operator.request("node.invoke", {
    nodeId: node.nodeId,
    command: "system.run",
    idempotencyKey: "k",
    stream: true,
  });
  const asked = await node.asked();
  expect(asked.wantsProgress).toBe(true);
  const piece = { invokeId: asked.id, nodeId: node.nodeId, seq: 0, chunk: "half way\n", stream: "stdout" };
  expect(payloadOf(await node.wire.request("node.invoke.progress", piece))).toEqual({ ok: true });
  await node.answer(asked, "done");
  await asking;
  expect((await operator.event("node.invoke.output")).payload).toEqual({
    nodeId: node.nodeId,
    idempotencyKey: "k",
    seq: 0,
    chunk: "half way\n",
    stream: "stdout",
  });
  const names = operator.frames.map((frame) => (frame.type === "event" ? frame.event : "res"));
  expect(names.indexOf("node.invoke.output")).toBeLessThan(names.lastIndexOf("res"));
  expect(payloadOf(await node.wire.request("node.invoke.progress", piece))).toEqual({ ok: true, ignored: true });
  await watcher.request("node.list", {});
  expect(watcher.frames.some((frame) => frame.type === "event" && frame.event === "node.invoke.output")).toBe(false);
});

test("[node:drain] nodes: while the gateway lets running work end, a node's answer still counts", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  const asking = invoke(operator, node.nodeId, "system.which");
  const asked = await node.asked();
  const stopping = world.gateway.stop({ drainTimeoutMs: 60_000 });
  expect(errorOf(await operator.request("node.list", {})).detail).toBe("RESTARTING");
  await node.answer(asked, "in time");
  expect(payloadOf(await asking)).toMatchObject({ payload: "in time" });
  await stopping;
});

test("[node:exec-events] nodes: what a node says about runs becomes a line for the session, without forged control characters", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  const say = (event: string, payload: object): Promise<ResponseFrame> =>
    node.wire.request("node.event", {
      event,
      payloadJSON: JSON.stringify({ sessionKey: "main", runId: "r1", ...payload }),
    });
  await say("exec.started", { command: "make" });
  await say("exec.finished", { exitCode: 2, output: "one\n\u001b[31mtwo" });
  await say("exec.denied", { command: "rm -rf /\nforged", reason: "allowlist-miss" });
  const { queuedSystemEvents } = payloadOf<{ queuedSystemEvents: string[] }>(await operator.request("status", {}));
  expect(queuedSystemEvents).toEqual([
    `Exec started (node=${node.nodeId} id=r1): make`,
    `Exec finished (node=${node.nodeId} id=r1, code 2)\none\n·[31mtwo`,
    `Exec denied (node=${node.nodeId} id=r1, allowlist-miss): rm -rf /·forged`,
  ]);
});

test("[node:rename] nodes: the name that an owner gives stays, whatever the node calls itself", async () => {
  await using world = await startWorld();
  const operator = await joinOperator(world);
  const node = await joinNode(world);
  expect(payloadOf(await operator.request("node.rename", { nodeId: node.nodeId, displayName: " Loft " }))).toEqual({
    nodeId: node.nodeId,
    displayName: "Loft",
  });
  await joinNode(world, { device: node.device, displayName: "I am root" });
  expect(await nodesOf(operator)).toMatchObject([{ displayName: "Loft" }]);
  const unknown = await operator.request("node.rename", { nodeId: "nobody", displayName: "x" });
  expect(errorOf(unknown).detail).toBe("UNKNOWN_NODE");
});

test("[node:list] nodes: clients of revision 3 get no events that came with revision 4", async () => {
  await using world = await startWorld();
  const older = await joinOperator(world, ["operator.admin"], { version: 3 });
  const newer = await joinOperator(world, ["operator.admin"]);
  await joinNode(world);
  await newer.event("node.changed");
  await older.request("node.list", {});
  expect(older.frames.some((frame) => frame.type === "event" && frame.event === "node.changed")).toBe(false);
});
