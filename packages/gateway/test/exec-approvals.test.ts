import { MemoryStore } from "@saltgate/store";
import { expect, test } from "vitest";
import { joinNode, joinOperator, planOf } from "./support/nodes.ts";
import { errorOf, newDevice, startWorld, type Wire } from "./support/world.ts";

const AGENT = ["operator.write", "operator.approvals"];
const plan = planOf(["make", "install"]);
const run = { command: ["make", "install"] };

/** Asks whether a plan may run on a node; answers with the id at once. */
async function ask(agent: Wire, nodeId: string, more: object = {}): Promise<string> {
  const params = { nodeId, systemRunPlan: plan, twoPhase: true, ...more };
  const { ok, payload, error } = await agent.request("exec.approval.request", params);
  if (!ok) throw new Error(JSON.stringify(error));
  return (payload as { id: string }).id;
}

const runOn = (agent: Wire, nodeId: string, params: object, idempotencyKey: string = crypto.randomUUID()) =>
  agent.request("node.invoke", { nodeId, command: "system.run", params, idempotencyKey });

const asked = (node: { wire: Wire }): number =>
  node.wire.frames.filter((frame) => frame.type === "event" && frame.event === "node.invoke.request").length;

test("[approvals:flow] [R-34] approvals: what was allowed runs once, and the node is told exactly what was allowed", async () => {
  await using world = await startWorld();
  const owner = await joinOperator(world, ["operator.approvals"]);
  const agent = await joinOperator(world, AGENT);
  const node = await joinNode(world);
  const id = await ask(agent, node.nodeId);
  const question = (await owner.event("exec.approval.requested")).payload as { id: string; request: object };
  expect(question).toMatchObject({
    id,
    request: {
      command: "make install",
      cwd: "/srv/app",
      host: "node",
      nodeId: node.nodeId,
      resolvedPath: "/usr/bin/make",
    },
  });
  expect((await owner.request("exec.approval.list", {})).payload).toMatchObject([{ id }]);
  expect((await owner.request("exec.approval.get", { id })).payload).toMatchObject({ id, request: question.request });
  const early = await runOn(agent, node.nodeId, { ...run, runId: id, approved: true });
  expect(errorOf(early).detail).toBe("APPROVAL_PENDING");
  expect((await owner.request("exec.approval.resolve", { id, decision: "allow-once" })).payload).toEqual({ ok: true });
  expect((await agent.request("exec.approval.waitDecision", { id })).payload).toMatchObject({ decision: "allow-once" });
  expect((await agent.event("exec.approval.resolved")).payload).toMatchObject({
    id,
    decision: "allow-once",
    resolvedBy: "gateway-client",
    reason: "answered",
  });
  const running = runOn(agent, node.nodeId, { ...run, runId: id, approved: true });
  const request = await node.asked();
  expect(JSON.parse(request.paramsJSON ?? "")).toEqual({
    command: ["make", "install"],
    runId: id,
    cwd: "/srv/app",
    approved: true,
    approvalDecision: "allow-once",
    systemRunPlan: plan,
  });
  await node.answer(request, { success: true });
  expect((await running).ok).toBe(true);
  const twice = await runOn(agent, node.nodeId, { ...run, runId: id, approved: true });
  expect(errorOf(twice).detail).toBe("APPROVAL_USED");
  expect(asked(node)).toBe(1);
});

test("[approvals:flow] approvals: in one phase the answer comes when somebody decided; nobody's answer is a no", async () => {
  await using world = await startWorld();
  const owner = await joinOperator(world, ["operator.approvals"], { version: 3 });
  const agent = await joinOperator(world, AGENT, { version: 3 });
  const asking = agent.request("exec.approval.request", {
    id: "apr-91",
    command: "git push origin main",
    cwd: "/srv/app",
    host: "node",
    security: "allowlist",
    ask: "on-miss",
    agentId: "main",
    sessionKey: "agent:main:main",
    timeoutMs: 120_000,
  });
  expect((await owner.event("exec.approval.requested")).payload).toEqual({
    id: "apr-91",
    request: {
      command: "git push origin main",
      cwd: "/srv/app",
      host: "node",
      security: "allowlist",
      ask: "on-miss",
      agentId: "main",
      resolvedPath: null,
      sessionKey: "agent:main:main",
    },
    createdAtMs: expect.any(Number),
    expiresAtMs: expect.any(Number),
  });
  await owner.request("exec.approval.resolve", { id: "apr-91", decision: "deny" });
  expect((await asking).payload).toMatchObject({ id: "apr-91", decision: "deny" });
  const silence = await agent.request("exec.approval.request", { command: "date", timeoutMs: 30 });
  expect(silence.payload).toMatchObject({ decision: null });
  const ended = await owner.event("exec.approval.resolved", ({ reason }: { reason: string }) => reason === "timeout");
  expect(ended.payload).toMatchObject({ decision: "deny" });
});

test("[approvals:once] [R-40] approvals: the first answer counts; a second, a late one, and the asker's own are refused", async () => {
  await using world = await startWorld();
  const owner = await joinOperator(world, ["operator.approvals"]);
  const other = await joinOperator(world, ["operator.admin"]);
  const device = await newDevice();
  const agent = await joinOperator(world, AGENT, { device });
  const node = await joinNode(world);
  const id = await ask(agent, node.nodeId);
  const own = await agent.request("exec.approval.resolve", { id, decision: "allow-once" });
  expect(errorOf(own)).toMatchObject({ code: "FORBIDDEN", detail: "APPROVAL_OWN_REQUEST" });
  const back = await joinOperator(world, AGENT, { device });
  const again = await back.request("exec.approval.resolve", { id, decision: "allow-once" });
  expect(errorOf(again).detail).toBe("APPROVAL_OWN_REQUEST");
  const answers = await Promise.all([
    owner.request("exec.approval.resolve", { id, decision: "allow-once" }),
    other.request("exec.approval.resolve", { id, decision: "deny" }),
  ]);
  expect(answers.filter(({ ok }) => ok).length).toBe(1);
  const loser = answers.find(({ ok }) => !ok);
  expect(loser && errorOf(loser)).toMatchObject({ code: "APPROVAL_NOT_FOUND" });
  const short = await ask(agent, node.nodeId, { timeoutMs: 20 });
  expect((await agent.request("exec.approval.waitDecision", { id: short })).payload).toMatchObject({ decision: null });
  expect(errorOf(await owner.request("exec.approval.resolve", { id: short, decision: "allow-once" })).detail).toBe(
    "APPROVAL_NOT_FOUND",
  );
  expect(errorOf(await runOn(agent, node.nodeId, { ...run, runId: short, approved: true })).detail).toBe(
    "APPROVAL_EXPIRED",
  );
  expect(asked(node)).toBe(0);
});

test("[approvals:scope] [R-39] approvals: answering needs the scope for it, whatever else somebody may do", async () => {
  await using world = await startWorld();
  const agent = await joinOperator(world, AGENT);
  const node = await joinNode(world);
  const id = await ask(agent, node.nodeId);
  for (const scopes of [["operator.write"], ["operator.pairing"], ["operator.read"]]) {
    const wire = await joinOperator(world, scopes);
    expect(errorOf(await wire.request("exec.approval.resolve", { id, decision: "allow-once" })).detail).toBe(
      "MISSING_SCOPE",
    );
    expect(errorOf(await wire.request("exec.approval.list", {})).detail).toBe("MISSING_SCOPE");
    expect(wire.frames.some((frame) => frame.type === "event" && frame.event.startsWith("exec."))).toBe(false);
  }
});

test("[approvals:stripped] [R-32] approvals: what a caller says about approvals never reaches a node", async () => {
  await using world = await startWorld();
  const agent = await joinOperator(world, ["operator.admin"]);
  const node = await joinNode(world);
  for (const said of [
    { approved: true },
    { approvalDecision: "allow-always" },
    { approved: true, approvalDecision: "allow-once", systemRunPlan: plan, runId: "" },
    { approved: false, runId: "r" },
  ]) {
    const running = runOn(agent, node.nodeId, { ...run, ...said });
    const request = await node.asked();
    const params = JSON.parse(request.paramsJSON ?? "") as object;
    for (const field of ["approved", "approvalDecision", "systemRunPlan"]) expect(params).not.toHaveProperty(field);
    await node.refuse(request, { code: "UNAVAILABLE", message: "SYSTEM_RUN_DENIED: approval required" });
    expect(errorOf(await running).message).toBe("SYSTEM_RUN_DENIED: approval required");
  }
  const forged = await runOn(agent, node.nodeId, { ...run, approved: true, runId: crypto.randomUUID() });
  expect(errorOf(forged).detail).toBe("APPROVAL_NOT_FOUND");
  const queued = {
    nodeId: node.nodeId,
    command: "system.run",
    params: { ...run, approved: true, systemRunPlan: plan },
  };
  await agent.request("node.pending.enqueue", queued);
  expect(JSON.parse((await node.asked()).paramsJSON ?? "")).toEqual(run);
});

test("[approvals:bound] [R-34] approvals: one for this run is no approval for another", async () => {
  await using world = await startWorld();
  const owner = await joinOperator(world, ["operator.approvals"]);
  const device = await newDevice();
  const agent = await joinOperator(world, AGENT, { device });
  const node = await joinNode(world);
  const cellar = await joinNode(world, { displayName: "cellar" });
  const id = await ask(agent, node.nodeId);
  await owner.request("exec.approval.resolve", { id, decision: "allow-once" });
  const field = async (params: object, nodeId = node.nodeId): Promise<unknown> => {
    const { detail, details } = errorOf(await runOn(agent, nodeId, { ...run, runId: id, approved: true, ...params }));
    return [detail, details["field"]];
  };
  expect(await field({ command: ["make", "install", "x"] })).toEqual(["APPROVAL_MISMATCH", "argv"]);
  expect(await field({ command: ["make", "install "] })).toEqual(["APPROVAL_MISMATCH", "argv"]);
  expect(await field({ cwd: "/srv" })).toEqual(["APPROVAL_MISMATCH", "cwd"]);
  expect(await field({ env: { LANG: "C" } })).toEqual(["APPROVAL_MISMATCH", "env"]);
  expect(await field({ agentId: "other" })).toEqual(["APPROVAL_MISMATCH", "agentId"]);
  expect(await field({ sessionKey: "agent:main:main" })).toEqual(["APPROVAL_MISMATCH", "sessionKey"]);
  expect(await field({}, cellar.nodeId)).toEqual(["APPROVAL_MISMATCH", "nodeId"]);
  const thief = await joinOperator(world, AGENT);
  const stolen = await runOn(thief, node.nodeId, { ...run, runId: id, approved: true });
  expect(errorOf(stolen).detail).toBe("APPROVAL_NOT_FOUND");
  expect(asked(node) + asked(cellar)).toBe(0);
  const back = await joinOperator(world, AGENT, { device });
  void runOn(back, node.nodeId, { ...run, runId: id, approved: true }).catch(() => undefined);
  expect(await node.asked()).toMatchObject({ command: "system.run" });
});

test("[approvals:shown] [R-34] approvals: the owner is shown the exact arguments, and nobody can show another text", async () => {
  await using world = await startWorld();
  const agent = await joinOperator(world, AGENT);
  const { nodeId } = await joinNode(world);
  const refused = async (params: object): Promise<unknown> => {
    const { detail, details } = errorOf(await agent.request("exec.approval.request", { twoPhase: true, ...params }));
    return [detail, details["field"]];
  };
  const forged = { ...plan, commandText: "ls" };
  expect(await refused({ nodeId })).toEqual(["INVALID_PARAMS", undefined]);
  expect(await refused({ nodeId, command: "make install" })).toEqual(["INVALID_PARAMS", undefined]);
  expect(await refused({ nodeId, systemRunPlan: forged })).toEqual(["APPROVAL_MISMATCH", "systemRunPlan.commandText"]);
  expect(await refused({ nodeId, systemRunPlan: plan, command: "ls" })).toEqual(["APPROVAL_MISMATCH", "command"]);
  expect(await refused({ nodeId, systemRunPlan: plan, commandArgv: ["ls"] })).toEqual([
    "APPROVAL_MISMATCH",
    "commandArgv",
  ]);
  expect(await refused({ nodeId, systemRunPlan: plan, cwd: "/" })).toEqual(["APPROVAL_MISMATCH", "cwd"]);
  expect(await refused({ commandArgv: ["ls"], command: "ls -l" })).toEqual(["APPROVAL_MISMATCH", "command"]);
});

test("[approvals:old-node] approvals: a node that can't tell what it runs gets no approval", async () => {
  await using world = await startWorld();
  const owner = await joinOperator(world, ["operator.approvals"]);
  const agent = await joinOperator(world, AGENT);
  const node = await joinNode(world, { commands: ["system.run"] });
  const id = await ask(agent, node.nodeId);
  await owner.request("exec.approval.resolve", { id, decision: "allow-once" });
  const response = await runOn(agent, node.nodeId, { ...run, runId: id, approved: true });
  expect(errorOf(response).detail).toBe("NODE_TOO_OLD");
  expect(asked(node)).toBe(0);
});

test("[approvals:repeat] approvals: the same run may be asked for again with its key where nothing runs twice, also after a restart", async () => {
  const store = new MemoryStore();
  const [device, nodeDevice] = [await newDevice(), await newDevice()];
  const caps = ["system", "invoke.idempotent"];
  let id = "";
  {
    await using world = await startWorld({ store });
    const owner = await joinOperator(world, ["operator.approvals"]);
    const agent = await joinOperator(world, AGENT, { device });
    const node = await joinNode(world, { device: nodeDevice, caps });
    id = await ask(agent, node.nodeId);
    await owner.request("exec.approval.resolve", { id, decision: "allow-once" });
    void runOn(agent, node.nodeId, { ...run, runId: id, approved: true }, "key").catch(() => undefined);
    await node.asked();
  }
  await using world = await startWorld({ store });
  const agent = await joinOperator(world, AGENT, { device });
  const node = await joinNode(world, { device: nodeDevice, caps });
  const repeat = runOn(agent, node.nodeId, { ...run, runId: id, approved: true }, "key");
  const request = await node.asked();
  expect(request.idempotencyKey).toBe("key");
  await node.answer(request, { success: true });
  expect((await repeat).ok).toBe(true);
  const other = await runOn(agent, node.nodeId, { ...run, runId: id, approved: true }, "another key");
  expect(errorOf(other).detail).toBe("APPROVAL_USED");
});

test("[approvals:durable] [R-40] approvals: a question survives a restart of the gateway, is shown once, and can be answered and waited for after it", async () => {
  const store = new MemoryStore();
  const device = await newDevice();
  let id = "";
  {
    await using world = await startWorld({ store });
    const agent = await joinOperator(world, AGENT, { device });
    const { nodeId } = await joinNode(world);
    id = await ask(agent, nodeId);
    const waiting = agent.request("exec.approval.waitDecision", { id });
    await agent.request("exec.approval.list", {}); // by now the other one has arrived too
    const stopping = world.gateway.stop({ drainTimeoutMs: 60_000 });
    expect(errorOf(await waiting)).toMatchObject({ detail: "RESTARTING" });
    await stopping;
  }
  await using world = await startWorld({ store });
  const owner = await joinOperator(world, ["operator.approvals"]);
  const agent = await joinOperator(world, AGENT, { device });
  expect((await owner.request("exec.approval.list", {})).payload).toMatchObject([
    { id, request: { command: "make install" } },
  ]);
  expect(owner.frames.some((frame) => frame.type === "event" && frame.event === "exec.approval.requested")).toBe(false);
  const waiting = agent.request("exec.approval.waitDecision", { id });
  await owner.request("exec.approval.resolve", { id, decision: "allow-always" });
  expect((await waiting).payload).toMatchObject({ decision: "allow-always" });
  const same = await agent.request("exec.approval.request", { id, command: "date", twoPhase: true });
  expect(errorOf(same).detail).toBe("APPROVAL_ID_IN_USE");
});

test("[approvals:file] approvals: the gateway's own approvals file is read and replaced by admins, never from an older state, and its socket's secret stays", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const { payload: missing } = await admin.request("exec.approvals.get", {});
  expect(missing).toMatchObject({ exists: false, file: { version: 1 }, policy: { security: "deny", ask: "on-miss" } });
  const file = { version: 1, socket: { path: "/s", token: "s3cret" }, defaults: { security: "allowlist" } };
  const { payload: written } = await admin.request("exec.approvals.set", { file });
  expect(written).toMatchObject({ exists: true, policy: { security: "allowlist" } });
  expect(JSON.stringify(written)).not.toContain("s3cret");
  const { hash } = written as { hash: string };
  const stale = await admin.request("exec.approvals.set", { file, baseHash: "0".repeat(64) });
  expect(errorOf(stale).message).toBe("exec approvals changed since last load; re-run exec.approvals.get and retry");
  const blind = await admin.request("exec.approvals.set", { file });
  expect(errorOf(blind).message).toBe("exec approvals base hash required; re-run exec.approvals.get and retry");
  expect((await admin.request("exec.approvals.set", { file: { version: 1 }, baseHash: hash })).ok).toBe(true);
  const reader = await joinOperator(world, AGENT);
  expect(errorOf(await reader.request("exec.approvals.get", {})).detail).toBe("MISSING_SCOPE");
});

test("[approvals:file] approvals: a node's file is read and replaced through the node, if it has one", async () => {
  await using world = await startWorld();
  const admin = await joinOperator(world, ["operator.admin"]);
  const node = await joinNode(world, { commands: ["system.execApprovals.get", "system.execApprovals.set"] });
  const other = await joinNode(world, { commands: ["system.which"], displayName: "cellar" });
  const snapshot = { path: "/p", exists: true, hash: "h", file: { version: 1 } };
  const reading = admin.request("exec.approvals.node.get", { nodeId: node.nodeId });
  await node.answer(await node.asked(), snapshot);
  expect((await reading).payload).toEqual(snapshot);
  const writing = admin.request("exec.approvals.node.set", {
    nodeId: node.nodeId,
    file: { version: 1 },
    baseHash: "h",
  });
  const request = await node.asked();
  expect([request.command, request.paramsJSON]).toEqual([
    "system.execApprovals.set",
    '{"file":{"version":1},"baseHash":"h"}',
  ]);
  await node.answer(request, snapshot);
  expect((await writing).payload).toEqual(snapshot);
  const undeclared = await admin.request("exec.approvals.node.get", { nodeId: other.nodeId });
  expect(errorOf(undeclared).detail).toBe("COMMAND_NOT_ALLOWED");
});
